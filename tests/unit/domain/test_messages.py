"""Sentences: in both languages, with the same values, for every code that is raised and for no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from string import Formatter

import pytest

from egovcloud.domain.errors import KINDS, Conflict
from egovcloud.domain.messages import CATALOGUE, render

PACKAGE = Path(__file__).parents[3] / "egovcloud"
NAMES = {cls.__name__ for cls in KINDS.values()}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def raised() -> Iterator[tuple[str, str, set[str] | None]]:
    """(place, code, names of the values, or None when they can't be told) of every problem that is made."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, "func", None), "id", "")
            if not isinstance(node, ast.Call) or name not in NAMES or not node.args:
                continue
            code = node.args[0]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                given = {keyword.arg or "**" for keyword in node.keywords} - {"retry_after"}
                place = f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"
                yield place, code.value, None if "**" in given else given


RAISED = list(raised())


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_languages_say_the_same(code: str) -> None:
    english, chinese = CATALOGUE[code]
    assert {name.removeprefix("a_") for name in placeholders(english)} == placeholders(chinese)
    assert english.strip() == english != ""
    if re.search(r"[a-z]{3}", re.sub(r"\{\w+\}", "", english)):
        assert re.search(r"[\u4e00-\u9fff]", chinese), "what has words has Chinese words"


@pytest.mark.parametrize(("place", "code", "given"), RAISED, ids=[f"{place}-{code}" for place, code, _ in RAISED])
def test_what_is_raised_has_its_sentence_and_its_values(place: str, code: str, given: set[str] | None) -> None:
    assert code in CATALOGUE
    if given is not None:
        assert placeholders(CATALOGUE[code][0]) <= given


def test_no_sentence_is_left_over() -> None:
    literal: set[str] = set()
    made: set[str] = set()  # patterns of codes that are put together, f"word.{state}"
    for path in PACKAGE.rglob("*.py"):
        if "messages" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literal.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values]
                made.add("".join(parts))
    patterns = [pattern for pattern in made if re.fullmatch(r"[a-z_]+\.([a-z_.]*\*)+|\*\.[a-z_]+", pattern)]
    unused = [code for code in CATALOGUE if code not in literal and not any(fnmatchcase(code, p) for p in patterns)]
    assert unused == []


def test_values_are_text_and_never_evaluated() -> None:
    problem = Conflict("user.exists", username="{0.__class__} {username}")
    assert problem.text("en") == "There is already a user named {0.__class__} {username}."
    assert render("user.exists", {}, "zh") == "用户名 {username} 已存在。"
    assert render("no.such", {"a": 1}) == "no.such: a=1"
