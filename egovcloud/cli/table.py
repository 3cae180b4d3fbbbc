"""Tables for a terminal: columns aligned by display cells, so that Chinese lines up, and cut to the window's width."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

_GAP = "  "
_LEAST = 6
_GREEN = set("active running available in_use succeeded done fulfilled approved enabled up ok success".split())
_RED = set("error failed rejected down unknown locked failure".split())
_GREY = set("deleted cancelled withdrawn void disabled retired stopped draft waiting pending".split())


def widths(rows: Sequence[Sequence[str]], limit: int | None) -> list[int]:
    """Width of each column in cells; the widest give way first when ``limit`` cells are all there is."""
    found = [max(cell_len(row[index]) for row in rows) for index in range(len(rows[0]))] if rows else []
    if limit is None or not found:
        return found
    room = max(limit - len(_GAP) * (len(found) - 1), len(found) * _LEAST)
    while sum(found) > room:
        widest = max(range(len(found)), key=found.__getitem__)
        if found[widest] <= _LEAST:
            break
        # One column goes down at once to the next widest, not a cell at a time.
        others = max((width for index, width in enumerate(found) if index != widest), default=_LEAST)
        excess = sum(found) - room
        found[widest] = max(_LEAST, min(found[widest] - 1, max(found[widest] - excess, min(others, found[widest]))))
    return found


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells; what is left out shows as an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def colour(text: str, state: str) -> str:
    """``text`` in the colour of ``state`` (ANSI X3.64)."""
    code = "32" if state in _GREEN else "31" if state in _RED else "90" if state in _GREY else "33"
    return f"\x1b[{code}m{text}\x1b[0m"


def render(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    limit: int | None = None,
    states: Sequence[bool] = (),
    coloured: bool = False,
) -> str:
    """Lines of a table. ``limit`` is the window's width in cells, None where nobody looks through a window.

    ``states`` says which columns hold a state; they are coloured when ``coloured``.
    """
    size = widths([header, *rows], limit)
    lines = []
    for number, row in enumerate([header, *rows]):
        cells = []
        for index, text in enumerate(row):
            shown = cut(text, size[index])
            space = " " * (size[index] - cell_len(shown)) if index + 1 < len(row) else ""
            if coloured and number == 0:
                shown = f"\x1b[1m{shown}\x1b[0m"
            elif coloured and index < len(states) and states[index]:
                shown = colour(shown, text)
            cells.append(shown + space)
        lines.append(_GAP.join(cells).rstrip())
    return "\n".join(lines)
