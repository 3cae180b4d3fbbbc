"""Only the journal writes a state: every other way to do it is looked for in the whole package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import egovcloud
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.store.journal import NOUNS

PACKAGE = Path(egovcloud.__file__).parent
JOURNAL = PACKAGE / "store" / "journal.py"
MODELS = {model.__name__: noun for model, noun in NOUNS.items()}


def offences(tree: ast.AST) -> Iterator[int]:
    """Lines that write a state: an assignment, a ``values(state=…)``, a ``setattr``, or a state given at birth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in _flat(targets)):
                yield node.lineno
        elif isinstance(node, ast.Call):
            yield from _call(node)


def _flat(targets: list[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List):
            yield from _flat(target.elts)
        else:
            yield target


def _call(node: ast.Call) -> Iterator[int]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    keywords = {keyword.arg for keyword in node.keywords}
    literals = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    if name == "values":
        keys = [
            key.value for a in node.args if isinstance(a, ast.Dict) for key in a.keys if isinstance(key, ast.Constant)
        ]
        if "state" in keywords or "state" in keys:
            yield node.lineno
    elif "state" in (literals if name in ("setattr", "set_committed_value") else keywords if name == "touch" else ()):
        yield node.lineno


def test_the_search_finds_what_it_looks_for() -> None:
    ways = [
        "row.state = 'active'",
        "a, row.state = 1, 2",
        "row.state: str = 'x'",
        "update(Instance).values(state='active')",
        "update(Instance).values({'state': 'active'})",
        "setattr(row, 'state', 'active')",
        "touch(session, row, now=now, state='active')",
    ]
    for way in ways:
        assert list(offences(ast.parse(way))) == [1], way
    assert list(offences(ast.parse("state = row.state\nif row.state == 'active': pass"))) == []


def test_only_the_journal_writes_a_state() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != JOURNAL
        for line in offences(ast.parse(path.read_text()))
        if not _back_to_the_journal(path, line)
    ]
    assert found == []


def _back_to_the_journal(path: Path, line: int) -> bool:
    """The runner takes an object back to what the journal holds when its transaction failed; nothing is written."""
    return path.name == "runner.py" and "set_committed_value(row, " in path.read_text().splitlines()[line - 1]


def test_rows_are_born_in_their_first_state() -> None:
    """``Model(state=…)`` would start a row somewhere else; the demo's history is written in the past on purpose."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "demo" in path.parts or path.name.startswith("demo"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (name := getattr(node.func, "id", "")) in MODELS:
                found += [
                    f"{path.name}:{node.lineno}" for k in node.keywords if k.arg == "state" and not _first(name, k)
                ]
    assert found == []


def _first(model: str, keyword: ast.keyword) -> bool:
    """The table's own word for a start, or that word spelled out."""
    if isinstance(keyword.value, ast.Attribute):
        return keyword.value.attr == "initial"
    return isinstance(keyword.value, ast.Constant) and keyword.value.value == LIFECYCLES[MODELS[model]].initial
