"""Problem documents (RFC 9457): every failure becomes one, in the caller's language, at one place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import Flask, Response, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from egovcloud.api.schemas import Answer
from egovcloud.domain import errors
from egovcloud.domain.messages import render
from egovcloud.services.house import away

log = structlog.get_logger("egovcloud.api")

STATUS: Mapping[str, int] = {
    "invalid": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "quota_exceeded": 409,
    "unsupported": 409,
    "transient": 503,
    "permanent": 409,
}
# Where HTTP has a finer word than the kind.
STATUS_BY_CODE: Mapping[str, int] = {
    "input.json": 400,
    "input.encoding": 400,
    "http.bad_request": 400,
    "http.method": 405,
    "precondition.failed": 412,
    "input.size": 413,
    "input.type": 415,
    "auth.rate": 429,
    "internal.error": 500,
}
TITLES: Mapping[int, tuple[str, str]] = {
    400: ("Malformed request", "请求格式错误"),
    401: ("Not signed in", "未登录"),
    403: ("Not allowed", "无权限"),
    404: ("Not found", "不存在"),
    405: ("Method not allowed", "方法不支持"),
    409: ("Conflict", "冲突"),
    412: ("Changed meanwhile", "对象已更改"),
    413: ("Too large", "内容过大"),
    415: ("Wrong content type", "内容类型错误"),
    422: ("Invalid input", "输入无效"),
    429: ("Too many requests", "请求过于频繁"),
    500: ("Internal error", "内部错误"),
    503: ("Try again later", "请稍后重试"),
}


class FieldError(Answer):
    """One rule that one field breaks."""

    field: str
    detail: str


class ProblemDocument(Answer):
    """A failure (RFC 9457). ``code`` is stable, ``kind`` says what to do; ``detail`` is in the caller's language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    kind: str
    field: str | None = None
    params: dict[str, Any] = {}
    errors: list[FieldError] = []
    trace_id: str


class InvalidInput(errors.Invalid):
    """Several rules broken at once: (field, code, values) each."""

    def __init__(self, found: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        self.found = found
        field, code, params = found[0]
        first = f"{field}: {render(code, params, 'en')}" if field else render(code, params, "en")
        super().__init__("input.invalid", field=field or None, count=len(found), first=first)

    def text(self, language: str = "en") -> str:
        field, code, params = self.found[0]
        sentence = render(code, params, language)
        first = f"{field}: {sentence}" if field else sentence
        return render(self.code, {"count": len(self.found), "first": first}, language)


# pydantic's error types → our sentences, which exist in both languages.
_RULES = {
    "missing": "input.missing",
    "extra_forbidden": "input.extra",
    "string_too_long": "input.too_long",
    "too_long": "input.too_long",
    "string_too_short": "input.too_short",
    "too_short": "input.too_short",
    "greater_than_equal": "input.at_least",
    "less_than_equal": "input.at_most",
    "literal_error": "input.one_of",
    "enum": "input.one_of",
    "union_tag_invalid": "input.one_of",
    "string_pattern_mismatch": "input.pattern",
}
_TYPES = {
    "string": "text",
    "int": "integer",
    "float": "number",
    "bool": "true/false",
    "list": "array",
    "dict": "object",
    "model": "object",
    "datetime": "time (RFC 3339)",
}


def from_validation(error: ValidationError, data: bytes = b"null") -> errors.Problem:
    """The problem that tells what pydantic found in the JSON ``data``; malformed JSON is a 400 of its own."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    body: Any = None
    for item in error.errors(include_url=False, include_input=False):
        kind, context = item["type"], dict(item.get("ctx") or {})
        if kind == "json_invalid":
            return errors.Invalid("input.json", detail=str(context.get("error", "")))
        body = body or json.loads(data)
        code = _RULES.get(kind)
        if code == "input.one_of":
            context.setdefault("expected", context.get("expected_tags", ""))
        elif code is None:
            expected = _TYPES.get(kind.partition("_")[0])
            code = "input.wrong_type" if expected and ("type" in kind or "parsing" in kind) else "input.other"
            context = {"expected": expected, "detail": item["msg"]}
        found.append((field_path(_untagged(item["loc"], body)), code, {k: str(v) for k, v in context.items()}))
    return InvalidInput(found)


def _untagged(parts: Sequence[int | str], body: Any) -> list[int | str]:
    """``parts`` without the kinds by which pydantic chose among several models: the caller sent no such field."""
    kept: list[int | str] = []
    here = body
    for part in parts:
        if isinstance(here, dict) and part not in here and here.get("kind") == part:
            continue
        kept.append(part)
        known = isinstance(here, dict) and part in here
        known = known or (isinstance(here, list) and isinstance(part, int) and part < len(here))
        here = here[part] if known else None
    return kept


def field_path(parts: Sequence[int | str]) -> str:
    """``("items", 0, "count")`` as ``items[0].count``."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def language() -> str:
    """``zh`` or ``en``: what the request asks for, else what the account is set to, else Chinese."""
    if request.headers.get("Accept-Language"):
        best = request.accept_languages.best_match(["zh", "zh-CN", "en"])
        if best:
            return best[:2]
    actor = g.get("actor")
    return actor.language if actor is not None and actor.language in ("zh", "en") else "zh"


def answer(problem: errors.Problem) -> Response:
    """The problem document of ``problem``."""
    status = STATUS_BY_CODE.get(problem.code, STATUS.get(problem.kind, 500))
    in_language = language()
    title = TITLES.get(status, TITLES[500])
    document: dict[str, Any] = {
        "type": f"https://egovcloud.dev/problems/{problem.code}",
        "title": title[1 if in_language == "zh" else 0],
        "status": status,
        "detail": problem.text(in_language),
        "code": problem.code,
        "kind": problem.kind,
        "field": problem.field,
        "params": {key: _plain(value) for key, value in problem.params.items()},
        "errors": [],
        "trace_id": g.get("trace_id", ""),
    }
    if isinstance(problem, InvalidInput):
        document["errors"] = [
            {"field": field, "detail": render(code, params, in_language)} for field, code, params in problem.found
        ]
    elif status == 422 and problem.field:
        document["errors"] = [{"field": problem.field, "detail": document["detail"]}]
    response = Response(json.dumps(document, ensure_ascii=False), status, content_type="application/problem+json")
    response.headers["Content-Language"] = in_language
    if isinstance(problem, errors.Transient):
        response.headers["Retry-After"] = str(max(1, round(problem.retry_after)))
    if status == 429:
        response.headers["Retry-After"] = str(problem.params.get("seconds", 60))
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="egovcloud"'
    return response


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def install(app: Flask) -> None:
    """Make every failure of ``app`` a problem document, those that Flask raises included."""

    @app.errorhandler(errors.Problem)
    def _(problem: errors.Problem) -> Response:
        if problem.kind == "permanent":
            log.error("request.failed", code=problem.code, params=problem.params)
        return answer(problem)

    @app.errorhandler(HTTPException)
    def _(error: HTTPException) -> Response | HTTPException:
        if isinstance(error, RequestRedirect):
            return answer(errors.NotFound("http.not_found"))
        if isinstance(error, MethodNotAllowed):
            allowed = ", ".join(sorted(error.valid_methods or ()))
            response = answer(errors.Permanent("http.method", method=request.method, allowed=allowed))
            response.headers["Allow"] = allowed
            return response
        if isinstance(error, NotFound):
            return answer(errors.NotFound("http.not_found"))
        if isinstance(error, RequestEntityTooLarge):
            return answer(errors.Invalid("input.size", limit=request.max_content_length))
        return answer(errors.Invalid("http.bad_request"))

    @app.errorhandler(Exception)
    def _(error: Exception) -> Response:
        if (problem := away(error)) is not None:
            log.warning("request.database", error=type(error).__name__)
            return answer(problem)
        log.exception("request.crashed", error=type(error).__name__)
        return answer(errors.Permanent("internal.error"))
