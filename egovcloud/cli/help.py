"""Help pages, made from the declarations: the same facts as the reference, wrapped by display cells."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence

from egovcloud.cli.declare import Noun, Verb
from egovcloud.cli.failures import EXIT_CODES
from egovcloud.cli.language import say
from egovcloud.cli.nouns import GROUPS, TOP, load
from egovcloud.cli.options import COMMON, param_help, params_of, verb_help, written

PROGRAM = "egovctl"


def width() -> int:
    """Cells of a help page: the window's, at most 110, because longer lines are hard to read."""
    return max(40, min(shutil.get_terminal_size((90, 24)).columns, 110))


def root_page() -> str:
    """What there is: nouns by group and the commands without one."""
    top = load("top")
    parts = [_usage(f"{PROGRAM} NOUN VERB [...]"), say("cli.help.root")]
    for heading, names in GROUPS:
        parts.append(_heading(say(f"cli.group.{heading}")))
        parts.append(_pairs([(name, say(f"cli.about.{name}")) for name in names]))
    parts.append(_heading(say("cli.group.session")))
    parts.append(_pairs([(name, verb_help(top, top.verb(name))) for name in TOP]))
    parts.append(_heading(say("cli.help.common")))
    pairs = [(written(top, param), param_help(top, top.verbs[0], "common", param)) for param in COMMON]
    parts.append(_pairs([*pairs, ("--version", say("cli.help.version")), ("--help", say("cli.help.help"))]))
    parts.append(_heading(say("cli.help.exit_codes")))
    parts.append(_pairs([(str(code), say(sentence)) for code, sentence in EXIT_CODES.items()]))
    return "\n".join(parts)


def noun_page(noun: Noun) -> str:
    """What can be done with a noun."""
    pairs = [(verb.name, verb_help(noun, verb)) for verb in noun.verbs]
    about = say(f"cli.about.{noun.name}")
    usage = _usage(f"{PROGRAM} {noun.name} VERB [...]")
    more = say("cli.help.more", command=f"{PROGRAM} {noun.name} VERB --help")
    return "\n".join([usage, about, _heading(say("cli.help.verbs")), _pairs(pairs), "", more])


def verb_page(noun: Noun, verb: Verb) -> str:
    """Everything about one command."""
    parts = [_usage(f"{command_of(noun, verb)} {usage_of(noun, verb)}".rstrip()), verb_help(noun, verb)]
    grouped: dict[str, list[tuple[str, str]]] = {}
    for group, param in params_of(noun, verb):
        key = "arguments" if param.argument else "own" if group == "write" else group
        grouped.setdefault(key, []).append((written(noun, param), param_help(noun, verb, group, param)))
    for key in ("arguments", "own", "filter", "scope", "list", "common"):
        if key in grouped:
            pairs = grouped[key] + ([("--help", say("cli.help.help"))] if key == "common" else [])
            parts += [_heading(say(f"cli.section.{key}")), _pairs(pairs)]
    if verb.examples:
        parts += [_heading(say("cli.help.examples")), *(f"  {PROGRAM} {example}" for example in verb.examples)]
    return "\n".join(parts)


def command_of(noun: Noun, verb: Verb) -> str:
    """``egovctl instance list``; commands without a noun have only the verb."""
    return f"{PROGRAM} {verb.name}" if noun.name == "top" else f"{PROGRAM} {noun.name} {verb.name}"


def usage_of(noun: Noun, verb: Verb) -> str:
    """Arguments and required options of the usage line."""
    words = []
    for _, param in params_of(noun, verb):
        if param.argument:
            shown = written(noun, param)
            words.append(shown if param.required or shown.startswith("[") else f"[{shown}]")
    words += [written(noun, param) for _, param in params_of(noun, verb) if param.required and not param.argument]
    return " ".join([*words, "[OPTIONS]"])


def _usage(text: str) -> str:
    return f"{say('cli.help.usage')} {text}\n"


def _heading(text: str) -> str:
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\n\x1b[1m{text}\x1b[0m"
    return f"\n{text}"


def _pairs(pairs: Sequence[tuple[str, str]], limit: int = 34) -> str:
    """Two columns; a long left side gets a line of its own."""
    left = min(max((len(name) for name, _ in pairs), default=0), limit)
    room = max(width() - left - 4, 24)
    lines = []
    for name, text in pairs:
        wrapped = wrap(text, room) or [""]
        if len(name) > left:
            lines += [f"  {name}", *(" " * (left + 4) + line for line in wrapped)]
        else:
            lines += [f"  {name:<{left}}  {wrapped[0]}".rstrip(), *(" " * (left + 4) + line for line in wrapped[1:])]
    return "\n".join(lines)


def wrap(text: str, room: int) -> list[str]:
    """Lines of at most ``room`` cells. Chinese may break after any character, Latin words stay whole."""
    lines, line, used = [], "", 0
    for piece in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+", text):
        size = cells(piece)
        if used + size > room and line.strip() and not _clings(piece):
            lines.append(line.rstrip())
            line, used = "", 0
            piece = piece.lstrip()
            size = cells(piece)
        line += piece
        used += size
    return [*lines, line.rstrip()] if line.strip() else lines


def cells(text: str) -> int:
    """Display cells: ASCII without a table, the rest by Rich's."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _clings(piece: str) -> bool:
    """Punctuation that may not begin a line (GB/T 15834)."""
    return piece[:1] in "，。；：、？！）》」”"
