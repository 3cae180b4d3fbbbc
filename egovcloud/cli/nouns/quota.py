"""Quotas (配额): the tree, its limits, and what would happen if."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, Verb, columns
from egovcloud.cli.failures import Usage
from egovcloud.cli.tree import branches
from egovcloud.cli.verbs import finish, list_things
from egovcloud.domain.errors import NotFound, QuotaExceeded
from egovcloud.domain.quota import RESOURCES

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

LINES = columns("resource limit used reserved committed unmanaged own")
TREE = columns("department " + " ".join(RESOURCES) + " id=department_id")
LONG = columns("department resource limit used reserved committed unmanaged own id=department_id")
SIMULATION = columns("department resource limit used asked after ok:flag")
LEDGER = columns("at:time movement resource reserved committed subject_type subject_id key")


def run_tree(call: Call) -> None:
    """Used of limit for every department; csv has a line for each department and resource."""
    nodes = _tree(call)
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(nodes)
        return
    if call.output.format == "csv":
        call.output.rows([_long(node, line) for _, node in branches(nodes, "children") for line in _lines(node)], LONG)
        return
    rows = []
    for prefix, node in branches(nodes, "children"):
        department = node.get("department") or {}
        row: dict[str, Any] = {
            "department": prefix + str(department.get("name") or ""),
            "department_id": department.get("id"),
        }
        row |= {line["resource"]: _of_limit(line) for line in _lines(node)}
        rows.append(row)
    call.output.rows(rows, TREE)


def run_show(call: Call) -> None:
    """One department's lines."""
    department = _department(call)
    node = call.client.get(f"/quotas/{department['id']}")
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(node)
        return
    call.output.rows(_lines(node), LINES)


def run_set(call: Call) -> None:
    """Limits as ``vcpus=100``; ``none`` takes the limit away."""
    limits = amounts(call.values["limit"], may_be_none=True)
    department = _department(call)
    finish(call, [call.send("PUT", f"/quotas/{department['id']}", body={"limits": limits})])


def run_simulate(call: Call) -> None:
    """Whether so much more would fit, at the department and at every ancestor that one may see."""
    asked = amounts(call.values["amount"], may_be_none=False)
    department = _department(call)
    path = _path(_tree(call), str(department["id"]))
    if not path:
        raise NotFound("cli.no_such", noun="quota", name=department.get("name") or department["id"])
    rows = []
    for node in path:
        for line in _lines(node):
            more = asked.get(line["resource"])
            if more:
                after = line["used"] + more
                limit = line.get("limit")
                fits = limit is None or after <= limit
                rows.append({**line, "department": node.get("department"), "asked": more, "after": after, "ok": fits})
    call.output.rows(rows, SIMULATION)
    for row in rows:
        if not row["ok"]:
            raise QuotaExceeded(
                "cli.quota_exceeded",
                department=(row["department"] or {}).get("name"),
                resource=row["resource"],
                limit=row["limit"],
                after=row["after"],
            )


def run_ledger(call: Call) -> None:
    """Every movement, newest first."""
    department = _department(call)
    list_things(call, f"/quotas/{department['id']}/ledger", LEDGER)


def amounts(words: Sequence[str], *, may_be_none: bool) -> dict[str, Any]:
    """``vcpus=8 memory_mib=16384`` → numbers by resource."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = str(word).partition("=")
        name = name.replace("-", "_")
        if not equals or name not in RESOURCES:
            raise Usage("cli.bad_amount", value=word, known=", ".join(RESOURCES))
        if may_be_none and value.lower() in ("none", "null"):
            found[name] = None
        elif value.isascii() and value.isdigit():
            found[name] = int(value)
        else:
            raise Usage("cli.bad_amount", value=word, known=", ".join(RESOURCES))
    return found


def _department(call: Call) -> dict[str, Any]:
    return call.thing("department", str(call.values["target"]))


def _tree(call: Call) -> list[Any]:
    answer = call.client.get("/quotas/tree")
    return answer if isinstance(answer, list) else [answer]


def _lines(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources of a node, with what is used: reserved and committed."""
    return [
        {**line, "used": sum(int(line.get(part) or 0) for part in ("reserved", "committed", "unmanaged"))}
        for line in node.get("resources") or []
    ]


def _long(node: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    department = node.get("department") or {}
    return {**line, "department": department.get("name"), "department_id": department.get("id")}


def _of_limit(line: Mapping[str, Any]) -> str:
    limit = line.get("limit")
    return f"{line['used']}/{limit if limit is not None else '∞'}"


def _path(nodes: Sequence[Any], department_id: str) -> list[Mapping[str, Any]]:
    """From the root to the department; empty when it is not in the tree."""
    for node in nodes:
        if (node.get("department") or {}).get("id") == department_id:
            return [node]
        below = _path(node.get("children") or [], department_id)
        if below:
            return [node, *below]
    return []


_AMOUNT = "RESOURCE=N"
TARGET = Param("target", "target", noun="department", argument=True, required=True, body=False)

NOUN = Noun(
    "quota",
    "/quotas",
    columns=LINES,
    verbs=(
        Verb("tree", run_tree, columns=TREE),
        Verb("show", run_show, (TARGET,), columns=LINES),
        Verb(
            "set",
            run_set,
            (TARGET, Param("limit", many=True, argument=True, required=True, metavar=_AMOUNT)),
            writes=True,
            examples=("quota set mzj vcpus=200 memory_mib=819200 volume_gib=none",),
        ),
        Verb(
            "simulate",
            run_simulate,
            (TARGET, Param("amount", many=True, argument=True, required=True, metavar=_AMOUNT)),
            columns=SIMULATION,
            examples=("quota simulate mzj instances=2 vcpus=8 memory_mib=16384",),
        ),
        Verb("ledger", run_ledger, (TARGET,), lists=True, columns=LEDGER),
    ),
)
