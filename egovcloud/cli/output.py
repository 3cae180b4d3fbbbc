"""Answers written as table, json, yaml or csv. Data goes to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from egovcloud.cli.declare import Column
from egovcloud.cli.failures import Usage
from egovcloud.cli.values import find, harmless, label, plain, styled, title

FORMATS = ("table", "json", "yaml", "csv")


@dataclass
class Output:
    """Where and how answers are written. ``chosen`` are the columns that the user asked for, if any."""

    format: str = "table"
    chosen: tuple[str, ...] = ()
    out: IO[str] | None = None

    @property
    def stream(self) -> IO[str]:
        return self.out or sys.stdout

    @property
    def terminal(self) -> bool:
        return self.stream.isatty()

    @property
    def width(self) -> int | None:
        """Cells of the window; None when output goes to a file or pipe, where nothing is cut."""
        if not self.terminal:
            return None
        return shutil.get_terminal_size((100, 24)).columns

    @property
    def coloured(self) -> bool:
        return self.terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def write(self, text: str) -> None:
        self.stream.write(text if text.endswith("\n") else text + "\n")

    def note(self, text: str) -> None:
        """A remark for the person, never part of the data."""
        sys.stdout.flush()
        sys.stderr.write(harmless(text, lines=True) + "\n")
        sys.stderr.flush()

    def rows(self, items: Sequence[Any], columns: Sequence[Column]) -> None:
        """A list of things."""
        columns = self.pick(items, columns)
        if self.format == "table":
            self._table(items, columns)
        elif self.format == "csv":
            self.write(to_csv([column.key for column in columns], self._raw(items, columns)))
        elif self.chosen:
            self.data([{column.key: find(item, column.path) for column in columns} for item in items])
        else:
            self.data(list(items))

    def one(self, item: Any, columns: Sequence[Column], sections: Mapping[str, Sequence[Column]] | None = None) -> None:
        """One thing: every part of it in a table of key and value, lists of parts as tables below."""
        if self.format == "table" and not self.chosen and isinstance(item, Mapping):
            self._details(item, columns, sections or {})
        elif self.format == "csv" or self.format == "table":
            self.rows([item], columns or _guess([item]))
        elif self.chosen:
            self.data({column.key: find(item, column.path) for column in self.pick([item], columns)})
        else:
            self.data(item)

    def data(self, value: Any) -> None:
        """JSON or YAML as it is; a table of it is its JSON too."""
        if self.format == "yaml":
            import yaml

            self.write(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=120))
        else:
            self.write(to_json(value))

    def line(self, value: Mapping[str, Any], text: str) -> None:
        """One event of a stream without end: a line of text, or one JSON or YAML document each."""
        if self.format == "table":
            self.write(harmless(text))
        elif self.format == "yaml":
            self.write("---")
            self.data(value)
        else:
            self.write(to_json(value, None))
        self.stream.flush()

    def pick(self, items: Sequence[Any], columns: Sequence[Column]) -> list[Column]:
        """The columns to show: the chosen ones, found among the declared ones or in the answers themselves."""
        known = {column.key: column for column in columns} or {column.key: column for column in _guess(items)}
        if not self.chosen:
            return list(known.values())
        picked = []
        for key in self.chosen:
            if key in known:
                picked.append(known[key])
            elif not items or any(_has(item, key) for item in items):
                picked.append(Column(key, key))
            else:
                every = sorted({*known, *(name for item in items if isinstance(item, Mapping) for name in item)})
                raise Usage("cli.no_column", column=key, known=", ".join(every))
        return picked

    def _raw(self, items: Sequence[Any], columns: Sequence[Column]) -> list[list[str]]:
        return [[plain(find(item, column.path)) for column in columns] for item in items]

    def _table(self, items: Sequence[Any], columns: Sequence[Column], indent: str = "") -> None:
        from egovcloud.cli.table import render

        header = [harmless(title(column.key)).upper() for column in columns]
        rows = [[harmless(styled(find(item, column.path), column.style)) for column in columns] for item in items]
        states = [column.style == "state" for column in columns]
        width = self.width - len(indent) if self.width is not None else None
        text = render(header, rows, limit=width, states=states, coloured=self.coloured)
        self.write("\n".join(indent + line for line in text.splitlines()))

    def _details(
        self, item: Mapping[str, Any], columns: Sequence[Column], sections: Mapping[str, Sequence[Column]]
    ) -> None:
        from rich.cells import cell_len

        from egovcloud.cli.table import colour

        declared = {column.path: column for column in columns}
        pairs: list[tuple[str, str, bool]] = []
        later: list[tuple[str, list[Any]]] = []
        for key, value in item.items():
            if isinstance(value, list) and value and (key in sections or _wide(value)):
                later.append((key, value))
                continue
            column = declared.get(key) or Column(key, key, _style(key))
            pairs.append((harmless(title(column.key)), harmless(_detail(value, column.style)), column.style == "state"))
        size = max((cell_len(name) for name, _, _ in pairs), default=0)
        for name, value, state in pairs:
            shown = colour(value, value) if state and self.coloured else value
            self.write(f"{name}{' ' * (size - cell_len(name))}  {shown}")
        for key, value in later:
            self.write(f"\n{harmless(title(key))}:")
            self._table(value, sections.get(key) or _guess(value), indent="  ")


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """RFC 4180 with plain line feeds. Cells that a spreadsheet would run as a formula get a leading apostrophe."""
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in [header, *rows]:
        writer.writerow([neutral(cell) for cell in row])
    return buffer.getvalue()


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection); plain numbers stay numbers."""
    cell = harmless(cell, lines=True)
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠") and not _number(cell):
        return "'" + cell
    return cell


def _number(cell: str) -> bool:
    return cell[:1] == "-" and cell[1:].replace(".", "", 1).isdigit() and cell.isascii()


def to_json(value: Any, indent: int | None = 2) -> str:
    """JSON that is safe to look at: C1 controls are escaped as well."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if any("\x7f" <= character <= "\x9f" for character in text):
        text = "".join(f"\\u{ord(c):04x}" if "\x7f" <= c <= "\x9f" else c for c in text)
    return text


def _has(item: Any, path: str) -> bool:
    head, _, _ = path.partition(".")
    return isinstance(item, Mapping) and head in item


def _wide(value: list[Any]) -> bool:
    """A list of things with more to say than a name."""
    return any(isinstance(entry, Mapping) and not set(entry) <= {"id", "name", "number", "kind"} for entry in value)


def _style(key: str) -> str:
    if key.endswith("_at") or key in ("at", "not_before"):
        return "time"
    if key == "state":
        return "state"
    return {"memory_mib": "mib", "size_gib": "gib", "disk_gib": "gib", "min_disk_gib": "gib"}.get(key, "text")


def _detail(value: Any, style: str) -> str:
    """A value among the details of one thing: a reference shows its id too, because the next command may need it."""
    if isinstance(value, Mapping) and style == "text":
        name = label(value)
        identifier = str(value.get("id") or "")
        return f"{name} ({identifier})" if identifier and identifier != name else name or "-"
    if value == [] or value == {}:
        return "-"
    return plain(value) if style == "count" else styled(value, style)


def _guess(items: Sequence[Any]) -> list[Column]:
    """Columns for answers that nobody declared: the keys, in the order in which they first appear."""
    keys: dict[str, None] = {}
    for item in items:
        for key in item if isinstance(item, Mapping) else ("value",):
            keys[str(key)] = None
    if items and not isinstance(items[0], Mapping):
        return [Column("value", "")]
    return [Column(key, key, _style(key)) for key in keys]
