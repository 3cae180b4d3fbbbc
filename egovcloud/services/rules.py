"""Rules that several nouns share: names, texts, and names that are taken."""

from __future__ import annotations

from unicodedata import category

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.store.base import Model

NAME_LENGTH = 120
TEXT_LENGTH = 4000
# Control characters, halves of surrogates, line breaks by other names, and what turns the writing direction around.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def seen(value: str) -> bool:
    """Whether every character of ``value`` stands on its line and shows as what it is."""
    return not any(category(char) in UNSEEN or _never(ord(char)) for char in value)


def _never(code: int) -> bool:
    """Noncharacters (Unicode 15, 23.7): no text holds them, and XML has no way to say some of them."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def name(value: str, field: str = "name", maximum: int = NAME_LENGTH) -> str:
    """``value`` trimmed; it is shown on one line, so that it has something to see and no control characters."""
    value = value.strip()
    if not 1 <= len(value) <= maximum or not seen(value):
        raise Invalid("input.name", field=field, name=field, maximum=maximum)
    return value


def text(value: str, field: str = "description", maximum: int = TEXT_LENGTH) -> str:
    """``value``; lines may break, other control characters have no business in a text."""
    if len(value) > maximum or not all(char in "\n\r\t" or seen(char) for char in value):
        raise Invalid("input.text", field=field, name=field, maximum=maximum)
    return value


def within(value: int, field: str, low: int, high: int) -> int:
    """``value`` when it lies in [low, high]."""
    if not low <= value <= high:
        raise Invalid("input.range", field=field, name=field, value=value, low=low, high=high)
    return value


def free(session: Session, *taken: ColumnElement[bool], name: str, field: str = "name") -> None:
    """``Conflict`` when a row satisfies all of ``taken``."""
    if session.scalar(select(exists().where(*taken))):
        raise Conflict("name.taken", field=field, name=name)


def count(session: Session, model: type[Model], *where: ColumnElement[bool]) -> int:
    """How many rows of ``model`` satisfy all of ``where``."""
    return session.scalar(select(func.count()).select_from(model).where(*where)) or 0
