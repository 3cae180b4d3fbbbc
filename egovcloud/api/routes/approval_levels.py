"""The chain of approvals, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body
from egovcloud.services import approval_level as service

routes = Routes("approval-levels")


class Level(Body):
    """One step: the kind of ancestor that decides."""

    position: Annotated[int, Field(ge=1, le=100)]
    level: Literal["office", "bureau", "district", "centre"]


class Levels(RootModel[Annotated[list[Level], Field(min_length=1, max_length=4)]]):
    """The whole chain, in the order of ``position``."""


class LevelView(Answer):
    """One step of the chain."""

    position: int
    level: str


@routes.get("/approval-levels", permission="chain:read")
def show_chain(call: Call) -> list[LevelView]:
    """Which kinds of ancestor decide on a request, in which order."""
    return [LevelView.of(level) for level in service.get(call.house, call.actor)]


@routes.put("/approval-levels", permission="chain:set")
def set_chain(call: Call, body: Levels) -> list[LevelView]:
    """Another chain, for requests that are submitted from now on."""
    levels = service.put(call.house, call.actor, [level.values() for level in body.root])
    return [LevelView.of(level) for level in levels]
