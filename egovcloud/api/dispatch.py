"""From request to answer, in one order for every route: who, what, may they, once, do, render."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from flask import Response, g, request
from pydantic import ValidationError

from egovcloud.api import auth
from egovcloud.api.call import Call, Parts
from egovcloud.api.incoming import receive
from egovcloud.api.problems import field_path, from_validation
from egovcloud.api.routing import Route
from egovcloud.api.schemas import ID
from egovcloud.domain.errors import Conflict, Forbidden, Invalid, NotFound
from egovcloud.services.actor import Actor
from egovcloud.services.intent import Answer, Intent, Once, Repeated, intend, recall

KEY = re.compile(r"^[\x21-\x7e]{1,128}$")
ETAG = re.compile(r'^(?:W/)?"(\d{1,18})"$')
KEPT_HEADERS = ("Location", "ETag")


def view(route: Route, parts: Parts) -> Callable[..., Response]:
    """The Flask view of ``route``."""

    def run(**path: str) -> Response:
        try:
            actor = auth.identify(route, parts)
            for name, value in path.items():
                if not re.fullmatch(route.paths[name], value):
                    raise NotFound("thing.absent", noun=route.tag, id=value[:64].replace("\0", ""))
            if route.permission is not None and not actor.may_anywhere(route.permission):
                raise Forbidden("auth.forbidden", permission=route.permission)
        except Forbidden as problem:
            _audit(route, parts, path, problem)
            raise
        arguments: dict[str, Any] = dict(path)
        if route.query is not None:
            arguments["query"] = _query(route)
        elif request.args:
            raise Invalid("input.extra", field=next(iter(request.args))[:64])
        if route.binary:
            return _sent(route, parts, actor, arguments)
        if route.body is not None:
            arguments["body"] = _body(route)
        elif request.get_data(cache=True) not in (b"", b"{}"):
            raise Invalid("input.body", field="body")
        once = _once(route, actor.user_id)
        if once is not None and (answered := recall(parts.house, once)) is not None:
            return _again(answered, route)
        intent = Intent(parts.house, once=once, if_match=_if_match(route))
        try:
            with intend(intent):
                result = route.handler(Call(parts, actor), **arguments)
                if isinstance(result, Response):
                    return result
                response = _render(route, result, path)
                kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
                intent.settle(Answer(response.status_code, kept, response.get_data(as_text=True)))
                return response
        except Repeated:
            assert once is not None
            answered = recall(parts.house, once)
            if answered is None:
                raise Conflict("idempotency.busy", field="Idempotency-Key", key=once.key) from None
            return _again(answered, route)

    run.__name__ = route.name
    return run


def _sent(route: Route, parts: Parts, actor: Actor, arguments: dict[str, Any]) -> Response:
    """A route whose body is bytes: they lie in a file before the handler is called, whatever the client's pace."""
    if (request.content_length or 0) > route.binary:
        raise Invalid("input.size", limit=route.binary)
    # One more than is taken: a body of just that size ends without having touched the wall.
    request.max_content_length = route.binary + 1
    with receive(request.stream, route.binary) as data:
        result = route.handler(Call(parts, actor), **arguments, data=data)
        return _render(route, result, {})


def _audit(route: Route, parts: Parts, path: dict[str, str], problem: Forbidden) -> None:
    """Who tries to change something without the right to is on record, whatever it was."""
    actor = g.get("actor")
    if route.method == "GET" or actor is None:
        return
    action = route.permission.replace(":", ".") if route.permission else route.name.replace("-", "_")
    named = [value for value in path.values() if re.fullmatch(ID, value)]
    parts.house.refused(actor, action, named[-1] if named else None, problem)


def _query(route: Route) -> Any:
    assert route.query is not None
    values: dict[str, str] = {}
    for name in request.args:
        found = request.args.getlist(name)
        if len(found) > 1:
            raise Invalid("input.repeated", field=name[:64], name=name[:64])
        if "\0" in found[0] or "\0" in name:
            raise Invalid("input.nul", field=name[:64].replace("\0", "") or "query")
        values[name] = found[0]
    try:
        return route.query.model_validate(values)
    except ValidationError as error:
        raise from_validation(error) from None


def _body(route: Route) -> Any:
    assert route.body is not None
    data = request.get_data(cache=True)
    if not data and not any(item.is_required() for item in route.body.model_fields.values()):
        data = b"{}"
    elif request.mimetype != "application/json":
        raise Invalid("input.type", field="Content-Type")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise Invalid("input.encoding") from None
    try:
        body = route.body.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise from_validation(error, data) from None
    # JSON can carry NUL only as an escape; PostgreSQL can store it nowhere.
    if b"\\u0000" in data and (where := _nul(json.loads(data), ())) is not None:
        raise Invalid("input.nul", field=field_path(where).replace("\0", ""))
    return body


def _nul(value: Any, path: tuple[int | str, ...]) -> tuple[int | str, ...] | None:
    if isinstance(value, str):
        return path if "\0" in value else None
    children: Any = ()
    if isinstance(value, dict):
        if any("\0" in key for key in value):
            return path
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    return next((found for key, child in children if (found := _nul(child, (*path, key))) is not None), None)


def _once(route: Route, actor_id: str | None) -> Once | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or not route.once or actor_id is None:
        return None
    if not KEY.match(key):
        raise Invalid("input.header", field="Idempotency-Key", name="Idempotency-Key")
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.path.encode(), request.query_string, request.get_data(cache=True)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Once(actor_id, key, digest.hexdigest())


def _if_match(route: Route) -> frozenset[int] | None:
    header = request.headers.get("If-Match")
    if header is None or not route.conditional or header.strip() == "*":
        return None
    found = [ETAG.match(part.strip()) for part in header.split(",")]
    if not all(found):
        raise Invalid("input.header", field="If-Match", name="If-Match")
    return frozenset(int(match.group(1)) for match in found if match)


def _render(route: Route, result: Any, path: dict[str, str]) -> Response:
    if route.answer is None:
        response = Response(status=route.status)
        del response.headers["Content-Type"]
        return response
    if route.media_type.startswith("text/"):
        return Response(str(result), route.status, content_type=route.media_type)
    response = Response(route.adapter.dump_json(result), route.status, content_type="application/json")
    generation = getattr(result, "generation", None)
    if isinstance(generation, int):
        response.headers["ETag"] = f'"{generation}"'
    if route.status == 202:
        response.headers["Location"] = f"{_root()}/operations/{result.id}"
    elif route.status == 201:
        id_ = getattr(result, "id", None) or next((value.id for _, value in result if hasattr(value, "id")), "")
        location = _root() + route.location.format(id=id_, **path) if route.location else f"{request.path}/{id_}"
        response.headers["Location"] = location
    return response


def _root() -> str:
    return str(g.api_root)


def _again(answered: Answer, route: Route) -> Response:
    response = Response(answered.body, answered.status, content_type=route.media_type)
    response.headers.update(answered.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response
