"""Requests (服务申请): asked for, checked, decided, followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, flag, integer, ref, text
from egovcloud.cli.nouns.placement import refusals
from egovcloud.cli.nouns.request_items import request_body, with_names
from egovcloud.cli.verbs import TARGET, action, finish, lists
from egovcloud.domain.errors import QuotaExceeded
from egovcloud.domain.lifecycle import REQUEST

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

QUOTA = columns("department resource limit used asked after ok:flag")
CHAIN = columns("position level department")
PLACES = columns("item index host refused=why")


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
    """Where each machine would go, and how many hosts each filter refused; json and yaml tell it host by host."""
    (target,) = call.targets()
    answer = call.client.get(f"/requests/{target['id']}/placement")
    places = answer["items"] if isinstance(answer, Mapping) else answer
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(places)
        return
    rows = []
    for place in places:
        refused = Counter(
            str(reason.get("filter")) for host in place.get("reasons") or [] for reason in refusals(host)[:1]
        )
        rows.append({**place, "why": ", ".join(f"{name} {count}" for name, count in refused.most_common())})
    call.output.rows(rows, PLACES)


def run_show(call: Call) -> None:
    """One request; for people its items name what they want, which the request itself knows by id."""
    (target,) = call.targets()
    item = call.client.get(f"/requests/{target['id']}")
    if call.output.format == "table" and not call.output.chosen:
        item = {**item, "items": [with_names(call, part) for part in item.get("items") or []]}
    call.output.one(item, NOUN.columns, NOUN.sections)


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
    Param("bucket", many=True, metavar="NAME:GIB"),
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
        "items": columns(
            "kind name count flavor image networks volumes instance size=size_gib:gib quota=quota_gib:gib"
        ),
        "approvals": columns("position level department state decided_by decided=decided_at:time comment"),
        "quota": QUOTA,
        "instances": columns("name state id"),
        "volumes": columns("name state id"),
        "buckets": columns("name state id"),
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
        Verb("show", run_show, (TARGET,)),
        Verb("update", run_update, (TARGET, *CONTENT), writes=True),
        action("approve", text("comment", default=""), slow=True),
        action("reject", text("comment", required=True)),
        action("return", text("comment", required=True)),
        action("withdraw"),
        Verb("placement", run_placement, (TARGET,), columns=PLACES),
    ),
)
