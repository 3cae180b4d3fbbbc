"""Adoption (纳管): what others made, listed, tried out and taken under management."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Verb, choice, columns, ref, text
from egovcloud.cli.failures import Usage
from egovcloud.cli.language import say
from egovcloud.cli.verbs import finish

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

THINGS = columns("name kind host provider project vcpus memory=memory_mib:mib size=size_gib external_id")
PLANNED = columns("name kind host power vcpus memory=memory_mib:mib size=size_gib:gib volumes networks obstacles")
QUOTA = columns("department resource limit used asked after ok:flag")
_WHERE = (ref("provider"), ref("host"), choice("kind", "instance", "volume", "bucket"))
_WHAT = (
    text("thing", argument=True, many=True, required=True, body=False, metavar="THING..."),
    _WHERE[1],
    choice("kind", "instance", "volume"),
    ref("project", required=True),
    ref("application", within=("project",)),
)


def _listed(call: Call, **more: Any) -> dict[str, Any]:
    """What is there, as far as the options narrow it; hosts that do not answer are named."""
    asked = {f"{name}_id" if name != "kind" else name: call.values.get(name) for name in ("provider", "host", "kind")}
    for name in ("provider", "host"):
        if asked[f"{name}_id"]:
            asked[f"{name}_id"] = call.identify(name, str(asked[f"{name}_id"]))
    found: dict[str, Any] = call.client.get("/unmanaged", {k: v for k, v in {**asked, **more}.items() if v})
    for host in found["hosts"]:
        if host["problem"]:
            call.output.note(say("cli.adopt.silent", host=host["host"]["name"], reason=host["problem"]["detail"]))
    for store in found["stores"]:
        if store["problem"]:
            name, reason = store["provider"]["name"], store["problem"]["detail"]
            call.output.note(say("cli.adopt.silent", host=name, reason=reason))
    return found


def run_list(call: Call) -> None:
    """Machines, volumes and buckets that nobody asked us for."""
    found = _listed(call, q=call.values.get("search"))
    call.output.rows(found["items"], THINGS)
    if found["total"] > len(found["items"]):
        call.output.note(say("cli.part", shown=len(found["items"]), total=found["total"]))


def _body(call: Call) -> dict[str, Any]:
    """Things by name or by the cloud's id, each of which has to mean exactly one."""
    listed = [item for item in _listed(call)["items"] if item["host"]]  # a bucket is on none, and is not adopted
    items = []
    for word in call.values["thing"]:
        named = [item for item in listed if word in (item["external_id"], item["name"])]
        exact = [item for item in named if item["external_id"] == word] or named
        if len(exact) != 1:
            raise Usage("cli.adopt.which", word=word, count=len(exact))
        (item,) = exact
        items.append({"kind": item["kind"], "host_id": item["host"]["id"], "external_id": item["external_id"]})
    project = call.identify("project", str(call.values["project"]))
    body: dict[str, Any] = {"project_id": project, "items": items}
    if call.values.get("application"):
        name = str(call.values["application"])
        body["application_id"] = call.identify("application", name, {"project_id": project})
    return body


def run_plan(call: Call) -> None:
    """What would be counted where, and what stands in the way; nothing is changed."""
    answer = call.client.request("POST", "/adoptions/plan", body=_body(call)).data
    assert isinstance(answer, Mapping)
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(answer)
        return
    call.output.rows([_shown(item) for item in answer["items"]], PLANNED)
    call.output.rows(answer["quota"], QUOTA)
    call.output.note(say("cli.adopt.ready" if answer["ok"] else "cli.adopt.refused"))


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    problems = [*item["obstacles"], *(one for volume in item["volumes"] for one in volume["obstacles"])]
    return {
        **item,
        "volumes": [volume["name"] for volume in item["volumes"]],
        "networks": [f"{card['network_name']} {card['address'] or ''}".strip() for card in item["cards"]],
        "obstacles": " ".join(str(problem["detail"]) for problem in problems),
    }


def run_run(call: Call) -> None:
    """All of it, or nothing and the reason."""
    finish(call, [call.send("POST", "/adoptions", body=_body(call))])


NOUN = Noun(
    "adopt",
    "/unmanaged",
    columns=THINGS,
    verbs=(
        Verb(
            "list",
            run_list,
            (*_WHERE, text("search", short="-q", metavar="TEXT")),
            columns=THINGS,
            examples=("adopt list --host hv-01 --kind instance", "adopt list -q legacy"),
        ),
        Verb(
            "plan",
            run_plan,
            _WHAT,
            columns=PLANNED,
            examples=("adopt plan legacy-web legacy-db --project 社会救助",),
        ),
        Verb(
            "run",
            run_run,
            _WHAT,
            writes=True,
            slow=True,
            examples=("adopt run legacy-web legacy-db --project 社会救助 --application 社会救助系统 --wait",),
        ),
    ),
)
