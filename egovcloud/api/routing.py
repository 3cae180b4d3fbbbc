"""The one way to declare a route: who may call it, what goes in and what comes out, read from the function itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter

from egovcloud.api.paging import ListParams, list_params
from egovcloud.api.schemas import ID, Body, Query, TextAnswer
from egovcloud.domain.permissions import PERMISSIONS

Handler = TypeVar("Handler", bound=Callable[..., Any])
_PARAMETER = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Route:
    """One route. ``permission`` is None only when ``signed_in`` or ``public`` says that none is needed."""

    method: str
    path: str
    handler: Callable[..., Any]
    summary: str
    tag: str
    permission: str | None
    public: bool
    during_password_change: bool
    body: type[Body] | None
    query: type[Query] | None
    answer: Any  # None: no content
    status: int
    once: bool
    location: str | None
    media_type: str
    binary: int = 0  # bytes that a body which is no JSON may have
    paths: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Unique: the endpoint's name and the document's operationId."""
        return f"{self.tag}.{self.handler.__name__}"

    @property
    def parameters(self) -> list[str]:
        """Names in the path, in order."""
        return _PARAMETER.findall(self.path)

    @property
    def conditional(self) -> bool:
        """Whether If-Match applies: the address names a thing that the call changes."""
        return self.method in ("PATCH", "PUT", "DELETE") and bool(self.parameters)

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """What serialises the answer."""
        return _adapter(self.answer)


_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    # A page of fifty rows must not pay for building its serialiser again.
    found = _ADAPTERS.get(repr(annotation))
    if found is None:
        found = _ADAPTERS[repr(annotation)] = TypeAdapter(annotation)
    return found


class Routes:
    """The routes of one noun; ``tag`` groups them in the document."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.table: list[Route] = []

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("DELETE", path, **options)

    def _add(
        self,
        method: str,
        path: str,
        *,
        permission: str | None = None,
        signed_in: bool = False,
        public: bool = False,
        during_password_change: bool = False,
        listing: Any = None,
        status: int | None = None,
        once: bool = True,
        location: str | None = None,
        media_type: str | None = None,
        paths: Mapping[str, str] | None = None,
        binary: int = 0,
    ) -> Callable[[Handler], Handler]:
        if sum((permission is not None, signed_in, public)) != 1:
            raise ValueError(f"{method} {path}: say exactly one of permission, signed_in and public")
        if permission is not None and permission not in PERMISSIONS:
            raise ValueError(f"{method} {path}: no role holds {permission}")

        def declare(handler: Handler) -> Handler:
            hints = get_type_hints(handler, include_extras=True)
            names = list(inspect.signature(handler).parameters)
            answer = hints.get("return")
            summary = (inspect.getdoc(handler) or "").partition("\n")[0]
            parameters = _PARAMETER.findall(path)
            if names[:1] != ["call"] or not summary or "return" not in hints:
                raise ValueError(f"{method} {path}: needs call, a docstring and a return annotation")
            if set(names[1:]) - {"body", "query", "data"} != set(parameters) or ("data" in names) != bool(binary):
                raise ValueError(f"{method} {path}: the arguments are {names}, the path names {parameters}")
            query = hints.get("query")
            if listing is not None and query is ListParams:
                # Named after the noun, so that the document's readers know it again.
                query = list_params("".join(word.title() for word in re.findall("[a-z]+", self.tag)) + "Query", listing)
            empty = answer is type(None)
            self.table.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    summary=summary,
                    tag=self.tag,
                    permission=permission,
                    public=public,
                    during_password_change=during_password_change,
                    body=hints.get("body"),
                    query=query,
                    answer=None if empty else answer,
                    status=status or (204 if empty else 200),
                    once=once and method == "POST" and not public,
                    location=location,
                    media_type=media_type or _media_type(answer),
                    binary=binary,
                    paths={name: (paths or {}).get(name, ID) for name in parameters},
                )
            )
            return handler

        return declare


def _media_type(answer: Any) -> str:
    return "text/plain; charset=utf-8" if answer is TextAnswer else "application/json"
