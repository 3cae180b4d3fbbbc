"""From what people type to ids: an id stays itself, a name must mean exactly one thing within its scope."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli.failures import Usage
from egovcloud.cli.language import say
from egovcloud.cli.values import find, label
from egovcloud.domain.errors import NotFound

if TYPE_CHECKING:
    from egovcloud.cli.client import Client
    from egovcloud.cli.declare import Noun

_ID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_SHOWN = 8


def is_id(text: str) -> bool:
    """Whether ``text`` is an id and needs no search."""
    return bool(_ID.match(text))


def thing(client: Client, noun: Noun, text: str, scope: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The thing as the list shows it; for an id only ``{"id"}``, because the server will look at it anyway.

    Raises ``NotFound`` (with what comes near) or ``Usage`` (with every candidate).
    """
    if is_id(text):
        return {"id": text.lower()}
    near: list[dict[str, Any]] = []
    exact: list[dict[str, Any]] = []
    search = {"q": text} if noun.searchable else {}
    for page in client.pages(noun.path, {**search, "limit": 200, **(scope or {})}):
        for item in page["items"]:
            matches = any(str(item.get(name) or "") == text for name in noun.names)
            (exact if matches else near).append(item)
        if len(exact) > _SHOWN:
            break
    # What is deleted is still listed in some places, but nobody means it while a living one bears the name.
    exact = [item for item in exact if item.get("state") != "deleted"] or exact
    if len(exact) == 1:
        return exact[0]
    word = say(f"cli.noun.{noun.name}")
    if not exact:
        code = "cli.no_such_near" if near else "cli.no_such"
        raise NotFound(code, noun=word, name=text, near=", ".join(label(item) for item in near[:_SHOWN]))
    shown = "; ".join(_candidate(item) for item in exact[:_SHOWN])
    raise Usage("cli.ambiguous", noun=word, name=text, candidates=shown + ("; …" if len(exact) > _SHOWN else ""))


def _candidate(item: Mapping[str, Any]) -> str:
    places = [label(find(item, part)) for part in ("department", "project", "instance") if item.get(part)]
    return f"{item.get('id')} ({', '.join([label(item), *places])})"
