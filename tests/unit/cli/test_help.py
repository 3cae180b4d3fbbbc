"""Help: both languages say everything, the reference is current, and no start loads what it does not need."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from egovcloud.cli import language, reference
from egovcloud.cli.declare import Noun, Param, Verb
from egovcloud.cli.help import wrap
from egovcloud.cli.nouns import NAMES, TOP, load
from egovcloud.cli.options import help_code, params_of
from egovcloud.domain.messages import CATALOGUE
from tests.unit.cli.conftest import Run

ROOT = Path(__file__).parents[3]
CLI = ROOT / "egovcloud" / "cli"
CHINESE = re.compile("[\u4e00-\u9fff]")


def commands() -> Iterator[tuple[Noun, Verb]]:
    for name in (*NAMES, "top"):
        noun = load(name)
        for verb in noun.verbs:
            yield noun, verb


def parameters() -> Iterator[tuple[Noun, Verb, str, Param]]:
    for noun, verb in commands():
        for group, param in params_of(noun, verb):
            yield noun, verb, group, param


def test_every_help_text_exists_in_both_languages() -> None:
    needed = {f"cli.noun.{name}" for name in (*NAMES, "top")} | {f"cli.about.{name}" for name in NAMES}
    for noun, verb in commands():
        own = f"cli.verb.{noun.name}.{verb.name}"
        needed.add(own if own in CATALOGUE else f"cli.verb.{verb.name}")
        for column in (*noun.columns, *verb.columns, *(c for section in noun.sections.values() for c in section)):
            needed.add(f"cli.column.{column.key}")
    needed |= {help_code(*found) for found in parameters()}
    assert sorted(code for code in needed if code not in CATALOGUE) == []
    for code, (english, chinese) in CATALOGUE.items():
        if code.startswith("cli."):
            assert english, code
            assert not CHINESE.search(english.replace("等保", "").replace("容灾", "")), code
            same_in_both = code.startswith("cli.column.")
            assert CHINESE.search(chinese) or same_in_both, code
            # A sentence in one language fills in nothing that the other does not.
            allowed = {"nouns", "a_noun", "noun"}
            places = [set(re.findall(r"{(\w+)}", text)) - allowed for text in (english, chinese)]
            assert places[0] == places[1], code


def test_no_sentence_of_the_command_line_is_left_over() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in CLI.rglob("*.py"))
    used = set(re.findall(r"[\"'](cli\.[a-z0-9_.-]+)[\"']", source))
    used |= {help_code(*found) for found in parameters()}
    for noun, verb in commands():
        used |= {f"cli.verb.{verb.name}", f"cli.verb.{noun.name}.{verb.name}"}
    made_up = ("cli.noun.", "cli.about.", "cli.group.", "cli.column.", "cli.section.")
    left = [code for code in CATALOGUE if code.startswith("cli.") and code not in used and not code.startswith(made_up)]
    assert left == []


@pytest.mark.parametrize("chosen", ["en", "zh"])
def test_every_page_can_be_read(run: Run, chosen: str) -> None:
    pages = [["--help"], *([name, "--help"] for name in NAMES)]
    pages += [([] if noun.name == "top" else [noun.name]) + [verb.name, "--help"] for noun, verb in commands()]
    for words in pages:
        result = run(*words, "--lang", chosen)
        assert (result.code, result.err) == (0, ""), words
        assert result.out.startswith("Usage:" if chosen == "en" else "用法："), words
        assert "cli." not in result.out, words
        assert "{" not in result.out.replace("${", ""), words


def test_lines_are_wrapped_by_cells() -> None:
    text = "只列出此委办局及其下级的，via --department 或 EGOV_URL。" * 4
    lines = wrap(text, 30)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(cell_len(line) for line in lines) <= 32  # punctuation may hang
    assert not any(line[0] in "，。；：" for line in lines)


def test_names_of_commands_and_options_are_told_apart() -> None:
    for noun, verb in commands():
        flags = [flag for _, p in params_of(noun, verb) if not p.argument for flag in (p.flag_name, p.short) if flag]
        assert len(flags) == len(set(flags)), (noun.name, verb.name)
    assert not set(NAMES) & set(TOP)


def test_every_example_is_a_command_line_that_parses(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import shlex

    from egovcloud.cli import main

    seen: list[str] = []

    class Parsed:
        """In the place of a call: the example got as far as running."""

        def __init__(self, noun: Noun, verb: Verb, values: object, config: object) -> None:
            seen.append(f"{noun.name} {verb.name}")
            raise KeyboardInterrupt

    monkeypatch.setattr("egovcloud.cli.call.Call", Parsed)
    examples = [example for _, verb in commands() for example in verb.examples]
    for example in examples:
        words = shlex.split(re.split(r" [|>] ", example)[0])
        assert main.main(words) == 130, example
    assert len(seen) == len(examples)


def test_the_reference_is_current() -> None:
    made = reference.page()
    language.use("en")
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == made, (
        "run: python -m egovcloud.cli.reference > docs/cli.md"
    )


def test_the_command_line_is_a_client_and_knows_nothing_of_the_inside() -> None:
    for path in CLI.rglob("*.py"):
        if "local" in path.relative_to(CLI).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                inside = name.startswith("egovcloud") and not name.startswith(("egovcloud.cli", "egovcloud.domain"))
                assert not inside, f"{path.name} imports {name}"
                assert not name.startswith("egovcloud.cli.local"), path.name


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (["--help"], {"httpx", "pydantic", "rich.console", "rich.table", "yaml", "sqlalchemy", "flask", "ssl"}),
        (["instance", "list", "--help"], {"httpx", "pydantic", "rich.console", "yaml", "egovcloud.cli.nouns.volume"}),
        (["instance", "list"], {"pydantic", "rich.console", "rich.table", "yaml", "sqlalchemy", "click", "pygments"}),
    ],
)
def test_a_start_loads_only_what_it_needs(run: Run, words: list[str], forbidden: set[str]) -> None:
    script = (
        "import sys\nfrom egovcloud.cli.main import main\nmain(sys.argv[1:])\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=180)
    loaded = set(done.stderr.split())
    assert "egovcloud.cli.build" in loaded
    assert loaded & forbidden == set()
