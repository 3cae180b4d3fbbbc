"""The search box."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Query, Ref
from egovcloud.services import search as service

routes = Routes("search")


class SearchQuery(Query):
    q: Annotated[str, Field(min_length=1, max_length=200, description="Part of a name, number or address.")]


class SearchHit(Answer):
    """Something that was found."""

    type: str
    id: str
    name: str
    department: Ref | None


@routes.get("/search", signed_in=True)
def search(call: Call, query: SearchQuery) -> list[SearchHit]:
    """At most twenty things that I may see, of every noun."""
    return [SearchHit.of(hit) for hit in service.search(call.house, call.actor, query.q)]
