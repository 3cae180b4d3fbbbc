"""Texts that would do harm where somebody pastes them into markup, a template, a path or a command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Way = tuple[str | int, ...]
BEYOND = 10 * 1024 * 1024  # characters of a text that nobody types

TEXTS: dict[str, str] = {
    "jinja": "{{ 7*7 }} {% raw %}",
    "jinja-lookup": "{{ lookup('pipe', 'id') }}",
    "jinja-header": "## template: jinja\n#cloud-config\nruncmd: [reboot]",
    "shell-variable": "${x} $HOME",
    "shell-substitution": "$(id)",
    "shell-backquotes": "`id`",
    "shell-chain": "x; rm -rf / && true | cat > /dev/null",
    "format": "%s %n %(x)s {0} {x!r}",
    "nwfilter-variable": "$IP $MAC",
    "sql": "'; DROP TABLE instances; --",
    "single-quote": "it's",
    "double-quote": 'say "hi"',
    "quotes": "'\"\\'\\\"",
    "newline": "first\nsecond",
    "windows-newline": "first\r\nsecond\rthird",
    "tab": "first\tsecond",
    "cdata-end": "]]>",
    "comment": "<!-- -->",
    "entity": '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;',
    "references": "&lt;&#0;&#x41;&nbsp;",
    "markup": "</name></domain><script>alert(1)</script>",
    "attribute": '" onload="x" b="',
    "yaml-mapping": "a: b\n- c\n--- \n...",
    "yaml-tag": "!!python/object/apply:os.system ['id']",
    "yaml-boolean": "yes",
    "yaml-null": "~",
    "yaml-number": "0x1F",
    "cloud-config": "#cloud-config\nusers: [{name: evil, sudo: ALL}]",
    "mime": "--===============1==\nContent-Type: text/x-shellscript\n\n#!/bin/sh\nid",
    "nul": "a\0b",
    "controls": "bell\a escape\x1b[31m backspace\b",
    "delete": "a\x7fb",
    "c1-control": "a\x85b\x9bc",
    "surrogate": "a\ud800b",
    "not-a-character": "a\ufffeb",
    "right-to-left": "a\u202egpj.exe",
    "byte-order-mark": "\ufeffa",
    "line-separator": "a\u2028b",
    "joined": "👩\u200d💻",
    "wide": "社会救助 🏛️𠮷𝕏",
    "dash": "-rf",
    "option": "--backing-file=/etc/shadow",
    "option-list": "x,file.driver=host_device,file.filename=/dev/sda",
    "protocol": 'json:{"driver": "nbd"}',
    "parents": "../../../etc/passwd",
    "absolute": "/etc/shadow",
    "dot": ".",
    "spaces": "  a  ",
    "blank": "   ",
    "empty": "",
}


def leaves(value: Any, path: Way = ()) -> Iterator[tuple[Way, str]]:
    """Every text in a JSON value, with the way to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from leaves(part, (*path, position))


def replaced(value: Any, path: Way, text: str) -> Any:
    """A copy of a JSON value with ``text`` at ``path``."""
    if not path:
        return text
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        return [replaced(part, rest, text) if position == head else part for position, part in enumerate(value)]
    return {key: replaced(part, rest, text) if key == head else part for key, part in value.items()}


def named(path: Way) -> str:
    """``("items", 0, "name")`` as problem documents write it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
