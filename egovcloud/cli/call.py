"""One run of one command: its values, its connection, its output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egovcloud.cli import connection, resolve
from egovcloud.cli.declare import Noun, Param, Verb
from egovcloud.cli.failures import Refused, Usage
from egovcloud.cli.language import say
from egovcloud.cli.nouns import load
from egovcloud.cli.output import FORMATS, Output, to_json
from egovcloud.cli.values import label
from egovcloud.domain.errors import Invalid, Unauthenticated

if TYPE_CHECKING:
    from egovcloud.cli.client import Answer, Client


class Call:
    """What a verb's ``run`` gets. ``values`` are the options by parameter name; absent ones are None."""

    def __init__(self, noun: Noun, verb: Verb, values: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        self.noun = noun
        self.verb = verb
        self.values = dict(values)
        self.config = config
        chosen = tuple(name.strip() for name in (values.get("columns") or "").split(",") if name.strip())
        wanted = str(values.get("output") or config.get("output") or "table")
        if wanted not in FORMATS:
            raise Usage("cli.bad_choice", option="--output", value=wanted, choices=", ".join(FORMATS))
        self.output = Output(format=wanted, chosen=chosen)
        self._names: dict[tuple[str, str], str] = {}
        self._seen: dict[tuple[str, str, tuple[tuple[str, str], ...]], dict[str, Any]] = {}

    @cached_property
    def connection(self) -> connection.Connection:
        return connection.connect(self.values, self.config)

    @cached_property
    def client(self) -> Client:
        """The client of this run; without a token there is no use in asking."""
        from egovcloud.cli.client import Client

        if not self.connection.token:
            code = "cli.token_expired" if self.connection.source == "expired" else "cli.not_signed_in"
            raise Unauthenticated(code, url=self.connection.url)
        return Client(self.connection)

    @property
    def dry_run(self) -> bool:
        return bool(self.values.get("dry_run"))

    @property
    def wait(self) -> bool:
        return bool(self.values.get("wait"))

    def send(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, Any] | None = None
    ) -> Answer | None:
        """Make the write, or print it and return None under ``--dry-run``."""
        if self.dry_run:
            self._show_request(method, path, body, params or {})
            return None
        return self.client.request(method, path, params=params, body=body)

    def thing(self, noun: Noun | str, text: str, scope: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What ``text`` names; the same question is asked once."""
        target = load(noun) if isinstance(noun, str) else noun
        key = (target.name, text, tuple(sorted((scope or {}).items())))
        if key not in self._seen:
            self._seen[key] = resolve.thing(self.client, target, text, scope)
        return self._seen[key]

    def identify(self, noun: Noun | str, text: str, scope: Mapping[str, str] | None = None) -> str:
        """The id of what ``text`` names."""
        return str(self.thing(noun, text, scope)["id"])

    def name_of(self, noun: str, identifier: str) -> str:
        """What a thing is called, asked once; its id when it is gone or hidden, or the noun has no address of one."""
        key = (noun, identifier)
        if key not in self._names:
            try:
                self._names[key] = label(self.client.get(f"{load(noun).path}/{identifier}"))
            except Refused:
                self._names[key] = identifier
        return self._names[key]

    def scope(self, names: Sequence[str]) -> dict[str, str]:
        """Filters that narrow a search to what ``--department`` and ``--project`` of this command say."""
        found = {}
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value:
                found[f"{name}_id"] = self.identify(name, value)
        return found

    def targets(self) -> list[dict[str, Any]]:
        """The things that the verb acts on, all found before anything is done to one of them."""
        texts = self.values.get("target")
        texts = texts if isinstance(texts, list) else [texts]
        own = {param.name for param in self.verb.params}
        scope = self.scope([name for name in self.noun.scopes if name not in own])
        return [self.thing(self.noun, str(text), scope) for text in texts]

    def body(self, params: Sequence[Param] | None = None) -> dict[str, Any]:
        """The request's body out of what was given; what was not said is not sent."""
        body = {}
        for param in self.verb.params if params is None else params:
            if not param.body:
                continue
            value = self.convert(param)
            if value is not None:
                body[param.api_key] = value
        return body

    def convert(self, param: Param) -> Any:
        """The value of one parameter as the API wants it; None when it was not given."""
        value = self.values.get(param.name)
        if value is None or value == [] or (param.kind == "flag" and value is False):
            return None
        if param.convert is not None:
            return param.convert(self, value)
        if param.kind == "ref":
            scope = self.scope(param.within)
            if param.many:
                return [self.identify(param.noun, text, scope) for text in value]
            return self.identify(param.noun, value, scope)
        if param.kind == "file":
            return read_text(value)
        if param.kind == "json":
            return read_json(param, value)
        return value

    def _show_request(self, method: str, path: str, body: Any, params: Mapping[str, Any]) -> None:
        from urllib.parse import urlencode

        url = connection.connect(self.values, self.config).api + path
        if params:
            url += "?" + urlencode({name: value for name, value in params.items() if value is not None})
        if self.output.format in ("json", "yaml"):
            self.output.data({"method": method, "url": url, "body": body})
            return
        self.output.write(f"{method} {url}")
        if body is not None:
            self.output.write(to_json(body))


def read_text(path: str) -> str:
    """The text of a file (``-`` for standard input), UTF-8."""
    import sys

    try:
        return sys.stdin.read() if path == "-" else Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid("cli.file.unreadable", path=path, detail=error.strerror) from None
    except UnicodeDecodeError:
        raise Invalid("cli.file.unreadable", path=path, detail=say("cli.not_utf8")) from None


def read_json(param: Param, value: str) -> Any:
    """JSON given on the line or, after ``@``, in a file."""
    text = read_text(value[1:]) if value.startswith("@") else value
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Usage("cli.bad_json", option=param.flag_name, detail=error) from None
