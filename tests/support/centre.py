"""A whole centre in one process, spoken to over HTTP: the real application on a real database."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from egovcloud.app import Installation
from egovcloud.domain.clock import Clock
from egovcloud.services import department, user
from egovcloud.services.actor import SYSTEM
from egovcloud.settings import Settings

API = "/api/v1"
PASSWORD = "correct horse battery staple"


class Time:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        """Let so much time pass, as ``timedelta`` takes it."""
        self.now += timedelta(**duration)


class Caller:
    """Somebody who speaks to the API. Methods take the path under ``/api/v1`` and return the response."""

    def __init__(self, client: FlaskClient, headers: dict[str, str] | None = None) -> None:
        self.client = client
        self.headers = headers or {}
        self.csrf = ""

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        if self.csrf and method != "GET":
            headers.setdefault("X-CSRF-Token", self.csrf)
        if json is not None:
            options["json"] = json
        return self.client.open(API + path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("PUT", path, json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("PATCH", path, json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)

    def sign_in(self, username: str, password: str = PASSWORD) -> TestResponse:
        """Sign in and keep the session's CSRF token."""
        response = self.post("/session", {"username": username, "password": password})
        if response.status_code == 200:
            self.csrf = response.json["csrf_token"]
        return response

    def ok(self, response: TestResponse, status: int = 200) -> Any:
        """The body, after a look at the status."""
        assert response.status_code == status, (response.status_code, response.get_data(as_text=True))
        return response.json if response.data else None


class Centre:
    """One installation of the tests' own: ``root`` is the city's id. Close it."""

    def __init__(self, database_url: str, directory: Path, *, clock: Clock | None = None, **settings: Any) -> None:
        self.time = Time()
        options: dict[str, Any] = {
            "state_dir": directory,
            "database_url": database_url,
            "hash_memory": 8,
            "login_rate": 1000,
            "event_poll": 0.02,
            **settings,
        }
        self.installation = Installation(Settings(**options), clock=clock or self.time)
        self.house = self.installation.house
        self.app = self.installation.web()
        self.root = self.installation.found("city", "某市")
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.installation.stopping.set()
        self.installation.database.dispose()

    def department(self, code: str, parent: str | None = None, kind: str = "bureau") -> str:
        """A new department; returns its id."""
        made = department.create(
            self.house, SYSTEM, parent_id=parent or self.root, code=code, name=f"{code} 局", kind=kind
        )
        return str(made["id"])

    def user(self, username: str, *roles: str, at: str | None = None) -> str:
        """An account that has chosen its password; ``roles`` hold at ``at``. Returns its id."""
        place = at or self.root
        shown, once = user.create(
            self.house,
            self.installation.passwords,
            SYSTEM,
            username=username,
            display_name=username.title(),
            department_id=place,
            roles=[(role, place) for role in roles],
        )
        caller = self.caller()
        caller.ok(caller.sign_in(username, once))
        change = {"old_password": once, "new_password": PASSWORD}
        caller.ok(caller.put("/session/password", change), 204)
        return shown.id

    def caller(self, **headers: str) -> Caller:
        """A browser that is not signed in."""
        return Caller(self.app.test_client(), headers)

    def signed_in(self, *roles: str, at: str | None = None, username: str | None = None) -> Caller:
        """A new account with these roles, signed in."""
        name = username or f"user{next(self._numbers)}"
        self.user(name, *roles, at=at)
        caller = self.caller()
        caller.ok(caller.sign_in(name))
        return caller
