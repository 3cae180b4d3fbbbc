"""Values of the API's answers as text: found by path, shown by style, made harmless for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from egovcloud.cli.language import first_known, known, say

# What people call a thing by, in the order of preference.
LABELS = ("name", "number", "username", "display_name", "title", "address", "detail", "code", "id")


def find(row: Any, path: str) -> Any:
    """The value at a dotted path; a list on the way is mapped; None when there is nothing."""
    value = row
    steps = path.split(".") if path else []
    for position, step in enumerate(steps):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list):
            return [find(item, ".".join(steps[position:])) for item in value]
        else:
            return None
    return value


def label(value: Any) -> str:
    """The name of a reference (``{"id", "name"}``), else its id."""
    if isinstance(value, Mapping):
        for key in LABELS:
            if value.get(key) not in (None, ""):
                return str(value[key])
        return ", ".join(f"{key}={plain(item)}" for key, item in value.items() if item not in (None, "", [], {}))
    return plain(value)


def plain(value: Any) -> str:
    """A value without a style: references by name, lists by comma."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return label(value)
    if isinstance(value, list):
        return ", ".join(label(item) for item in value)
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


def styled(value: Any, style: str) -> str:
    """A value as a person reads it in a table."""
    if value is None or value == "":
        return "-"
    if style == "time":
        return local_time(value)
    if style == "mib" and isinstance(value, (int, float)):
        return f"{plain(value / 1024)} GiB" if value >= 1024 else f"{plain(value)} MiB"
    if style == "gib" and isinstance(value, (int, float)):
        return f"{plain(value)} GiB"
    if style == "count" and isinstance(value, list):
        return str(len(value))
    if style == "progress" and isinstance(value, Mapping):
        return f"{plain(value.get('done'))}/{plain(value.get('total'))}"
    if style == "flag":
        return say("cli.yes") if value else say("cli.no")
    return plain(value)


def local_time(value: Any) -> str:
    """An RFC 3339 time in the zone of this terminal, to the second."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment.tzinfo else str(value)


def title(key: str) -> str:
    """The heading of a key in the language of this run; a key that has none is its own words."""
    code = first_known(f"cli.column.{key}", f"cli.column.{key.rpartition('.')[2]}")
    if known(code):
        return say(code)
    words = key.replace("_", " ").replace(".", " ")
    return words[:1].upper() + words[1:]


def harmless(text: str, *, lines: bool = False) -> str:
    """Text that cannot move the cursor, recolour or retitle the terminal; ``lines`` keeps line breaks and tabs.

    Names come from other people. Control, surrogate and bidirectional-override characters are shown as U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        character
        if character in kept
        else " "
        if character in "\n\t\r"
        else "\ufffd"
        if unicodedata.category(character) in ("Cc", "Cs") or character in _BIDI
        else character
        for character in text
    )


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
