"""Lists: the same parameters everywhere, made from a service's ``Listing`` so that nothing is listed twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Generic, Protocol, Self, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, create_model

from egovcloud.api.schemas import INT64, Answer, Query
from egovcloud.services.listing import DEFAULT_LIMIT, MAX_LIMIT, ListQuery

Item = TypeVar("Item", bound=Answer)
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


def _cursor(text: str) -> str:
    """Refuse here what the database would choke on; what remains is the list's business."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        raise ValueError("not a cursor of this list") from None
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str) and ("\0" in value or not _encodable(value)):
            raise ValueError("not a cursor of this list")
        if isinstance(value, int) and not -INT64 <= value <= INT64:
            raise ValueError("not a cursor of this list")
    return text


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


Cursor = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_cursor)]


class ListParams(Query):
    """What every list takes; a list's own filters are further fields."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT
    after: Annotated[Cursor | None, Field(description="The cursor `next` of the page before.")] = None
    q: Annotated[str | None, Field(min_length=1, max_length=200, description="Text to search for.")] = None
    sort: Annotated[str | None, Field(max_length=32, description="A field, or -field for descending order.")] = None
    count: Annotated[bool, Field(description="Whether to count all matches in `total`.")] = False

    def query(self) -> ListQuery:
        """For the service; several values of a filter are separated by commas."""
        filters = {
            name: [part for part in value.split(",") if part] or [""]
            for name in type(self).model_fields
            if name not in ListParams.model_fields and isinstance(value := getattr(self, name), str)
        }
        return ListQuery(
            limit=self.limit, after=self.after, q=self.q, sort=self.sort, count=self.count, filters=filters
        )


class _Listed(Protocol):
    """The part of a service's ``Listing`` that a face needs."""

    @property
    def filters(self) -> Mapping[str, Any]: ...
    @property
    def sorts(self) -> Mapping[str, Any]: ...
    @property
    def search(self) -> Any: ...


def list_params(name: str, listing: _Listed) -> type[ListParams]:
    """The query model of a list, with one text field a filter."""
    fields: dict[str, Any] = {
        filter_: (FilterText | None, Field(default=None, description="One value, or several separated by commas."))
        for filter_ in listing.filters
    }
    sorts = ["created_at", *sorted(listing.sorts)]
    fields["sort"] = (
        Annotated[str | None, Field(max_length=32, description="One of {}; -field descends.".format(", ".join(sorts)))],
        None,
    )
    return create_model(name, __base__=ListParams, **fields)


class _PageOf(Protocol):
    """The part of a service's page that is shown."""

    @property
    def items(self) -> Sequence[Any]: ...
    @property
    def next(self) -> str | None: ...
    @property
    def total(self) -> int | None: ...


class Page(Answer, Generic[Item]):
    """One page of a list. ``next`` is null on the last one; ``total`` is there when it was asked for."""

    items: list[Item]
    next: str | None = None
    total: int | None = None

    @classmethod
    def of(cls, thing: _PageOf | Any) -> Self:
        """The page that shows a service's page."""
        return cls.model_validate(thing)

    @classmethod
    def showing(cls, items: Iterable[Any], page: _PageOf) -> Self:
        """A page whose items a service made from the rows of ``page``."""
        return cls.model_validate({"items": list(items), "next": page.next, "total": page.total})
