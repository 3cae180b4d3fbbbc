"""Requests (服务申请): asked for, checked, decided, followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, flag, integer, ref, text
from egovcloud.cli.nouns.placement import why
from egovcloud.cli.nouns.request_items import request_body
from egovcloud.cli.verbs import TARGET, action, finish, lists, shows
from egovcloud.domain.errors import QuotaExceeded
from egovcloud.domain.lifecycle import REQUEST

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

QUOTA = columns("department resource limit used asked after ok:flag")
CHAIN = columns("position level department")
PLACES = columns("item index host why")


def run_create(call: Call) -> None:
    """A draft out of a file and flags; ``--submit`` hands it in at once."""
    answer = call.send("POST", "/requests", body=request_body(call))
    if answer is not None and call.values.get("submit"):
        answer = call.send("POST", f"/requests/{answer.data['id']}/submit")
    finish(call, [answer])


def run_update(call: Call) -> None:
    """Change a draft or a returned request; only what is said changes."""
    (target,) = call.targets()
    finish(call, [call.send("PATCH", f"/requests/{target['id']}", body=request_body(call, partial=True))])


def run_check(call: Call) -> None:
    """What it would cost and who would decide; nothing is stored. Too much is exit code 7."""
    body = request_body(call)
    answer = call.client.request(
        "POST", "/requests/check", body={key: body[key] for key in ("project_id", "items")}
    ).data
    if call.output.format != "table":
        call.output.data(answer)
    else:
        call.output.one(answer, (), {"quota": QUOTA, "chain": CHAIN})
    refused = [line for line in answer.get("quota") or [] if line.get("ok") is False]
    if refused or answer.get("ok") is False:
        line: Mapping[str, Any] = refused[0] if refused else {}
        raise QuotaExceeded(
            "cli.quota_exceeded",
            department=(line.get("department") or {}).get("name", "-"),
            resource=line.get("resource", "-"),
            limit=line.get("limit"),
            after=line.get("after"),
        )


def run_placement(call: Call) -> None:
    """Where each machine of the request would go, and why not elsewhere."""
    (target,) = call.targets()
    answer = call.client.get(f"/requests/{target['id']}/placement")
    places = answer["items"] if isinstance(answer, Mapping) else answer
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(places)
        return
    rows = []
    for place in places:
        refused = [host for host in place.get("reasons") or [] if not host.get("accepted")]
        text = "; ".join(f"{(host.get('host') or {}).get('name')}: {why(host)}" for host in refused)
        rows.append({**place, "why": text})
    call.output.rows(rows, PLACES)


CONTENT = (
    Param("file", "text", short="-f", metavar="FILE", body=False),
    text("title"),
    text("purpose"),
    ref("project"),
    ref("application", within=("project",)),
    text("name"),
    integer("count"),
    ref("flavor"),
    ref("image"),
    ref("network", many=True),
    ref("security_group", many=True, within=("project",)),
    ref("ssh_key", many=True),
    ref("zone"),
    flag("anti_affinity"),
    Param("user_data", "file", metavar="FILE"),
    Param("volume", many=True, metavar="NAME:GIB"),
    Param("add_volume", many=True, metavar="NAME:GIB@INSTANCE"),
    Param("grow", many=True, metavar="VOLUME:GIB"),
    Param("resize", many=True, metavar="INSTANCE:FLAVOR"),
)

NOUN = Noun(
    "request",
    "/requests",
    names=("number",),
    columns=columns("number title state department project requester submitted=submitted_at:time id"),
    filters=(
        ref("department"),
        ref("project", within=("department",)),
        choice("state", *REQUEST.states),
        ref("application", within=("project",)),
        ref("requester", "user"),
        text("pending_level", metavar="LEVEL"),
    ),
    sections={
        "approvals": columns("position level department state decided_by decided=decided_at:time comment"),
        "quota": QUOTA,
        "instances": columns("name state id"),
        "volumes": columns("name state id"),
    },
    verbs=(
        Verb(
            "create",
            run_create,
            (*CONTENT, flag("submit")),
            writes=True,
            examples=(
                "request create -f request.yaml --submit",
                "request create --title 扩容 --project 社会救助 --name web --count 2 --flavor small"
                " --image debian-12 --network office --volume data:200 --submit",
            ),
        ),
        Verb("check", run_check, CONTENT),
        action("submit"),
        lists(examples=("request list --state submitted",)),
        shows(),
        Verb("update", run_update, (TARGET, *CONTENT), writes=True),
        action("approve", text("comment", default=""), slow=True),
        action("reject", text("comment", required=True)),
        action("return", text("comment", required=True)),
        action("withdraw"),
        Verb("placement", run_placement, (TARGET,), columns=PLACES),
    ),
)
