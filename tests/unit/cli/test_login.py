"""Signing in: no password on any command line, a token with an end, kept for one address and one reader."""

from __future__ import annotations

import io
import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from egovcloud.cli import credentials
from egovcloud.cli.credentials import Credential
from tests.unit.cli.cloud import TOKEN, Cloud, Reply, Seen, problem, uid
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_wait import on_terminal

PERMISSIONS = ["event:read", "instance:read", "instance:start", "request:create"]


class Door:
    """The session routes of the API, with a cookie, a CSRF token and a first password."""

    def __init__(self, cloud: Cloud, *, first: bool = False) -> None:
        self.first = first
        self.password = "correct horse battery"
        self.made: list[Seen] = []
        self.ended = 0
        cloud.on("POST", "/session", self.sign_in)
        cloud.on("GET", "/session", lambda seen: Reply(200, self.session()) if self.inside(seen) else self.no())
        cloud.on("DELETE", "/session", self.sign_out)
        cloud.on("PUT", "/session/password", self.change)
        cloud.on("POST", "/tokens", self.token)

    def session(self) -> dict[str, object]:
        user = {
            "id": uid(81),
            "username": "zhang",
            "display_name": "张三",
            "department": {"id": uid(1), "name": "民政局"},
        }
        grants = [{"id": uid(91), "role": "member", "department": {"id": uid(1), "name": "民政局"}}]
        return {
            "user": user,
            "csrf_token": "csrf-1",
            "must_change_password": self.first,
            "permissions": PERMISSIONS,
            "grants": grants,
            "expires_at": "2026-11-23T12:00:00Z",
        }

    def inside(self, seen: Seen) -> bool:
        return "egov_session=cookie-1" in (seen.headers.get("Cookie") or "")

    def no(self) -> Reply:
        return problem(401, "auth.required", "Sign in first.")

    def sign_in(self, seen: Seen) -> Reply:
        if seen.body != {"username": "zhang", "password": self.password}:
            return problem(401, "auth.failed", "Username or password is wrong.")
        return Reply(200, self.session(), {"Set-Cookie": "egov_session=cookie-1; HttpOnly; SameSite=Strict; Path=/"})

    def guarded(self, seen: Seen) -> bool:
        return self.inside(seen) and seen.headers.get("X-CSRF-Token") == "csrf-1"

    def sign_out(self, seen: Seen) -> Reply:
        self.ended += self.guarded(seen)
        return Reply(204)

    def change(self, seen: Seen) -> Reply:
        if not self.guarded(seen) or seen.body["old_password"] != self.password:
            return problem(403, "auth.csrf", "No.")
        self.password, self.first = seen.body["new_password"], False
        return Reply(204)

    def token(self, seen: Seen) -> Reply:
        if self.first:
            return problem(403, "auth.password_change_required", "Change the password first.")
        if not self.guarded(seen):
            return self.no()
        self.made.append(seen)
        days = seen.body["expires_in_days"]
        until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        token = {"id": uid(85), "name": seen.body["name"], "prefix": TOKEN[:12], "expires_at": until}
        return Reply(201, {"token": token, "secret": TOKEN})


@pytest.fixture
def signed_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("EGOV_TOKEN")
    return run


def secret_file(path: Path, text: str) -> str:
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def kept(home: Path) -> Path:
    return home / "config" / "egovcloud" / "credentials.toml"


def test_a_password_file_opens_the_door_and_a_token_is_kept(signed_out: Run, cloud: Cloud, environment: Path) -> None:
    door = Door(cloud)
    given = secret_file(environment / "password", door.password)
    result = signed_out("login", "-u", "zhang", "--password-file", given, "--days", "3")
    assert result.code == 0, result.err
    path = kept(environment)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert credentials.load(path)[cloud.url].token == TOKEN
    assert door.password not in path.read_text() + result.out + result.err
    assert TOKEN not in result.out + result.err
    assert door.made[0].body["permissions"] == PERMISSIONS
    assert door.made[0].body["expires_in_days"] == 3
    assert door.ended == 1
    assert signed_out("instance", "list").code == 0


def test_a_pipe_is_as_good_as_a_file(
    signed_out: Run, cloud: Cloud, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(cloud)
    monkeypatch.setattr(sys, "stdin", io.StringIO(door.password + "\n"))
    assert signed_out("login", "-u", "zhang").code == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert signed_out("login", "-u", "zhang").code == 2
    assert signed_out("login", "-u", "zhang", "--password", "x").code == 2  # there is no such option


def test_a_wrong_password_keeps_nothing(signed_out: Run, cloud: Cloud, environment: Path) -> None:
    Door(cloud)
    result = signed_out("login", "-u", "zhang", "--password-file", secret_file(environment / "p", "wrong"))
    assert result.code == 5
    assert "Username or password is wrong." in result.err
    assert not kept(environment).exists()


def test_a_first_password_is_replaced_on_the_way(signed_out: Run, cloud: Cloud, environment: Path) -> None:
    door = Door(cloud, first=True)
    given = secret_file(environment / "first", door.password)
    refused = signed_out("login", "-u", "zhang", "--password-file", given)
    assert refused.code == 2
    assert "--new-password-file" in refused.err
    new = secret_file(environment / "new", "a much better one")
    assert signed_out("login", "-u", "zhang", "--password-file", given, "--new-password-file", new).code == 0
    assert door.password == "a much better one"
    assert door.ended == 2


def test_on_a_terminal_the_password_is_asked_for_without_an_echo(
    signed_out: Run, cloud: Cloud, environment: Path
) -> None:
    door = Door(cloud)
    answers = [("Username:", "zhang"), ("Password of zhang:", door.password)]
    screen, code = on_terminal(cloud, "login", answers=answers, token="")
    assert code == 0, screen
    assert door.password not in screen
    assert credentials.load(kept(environment))[cloud.url].username == "zhang"


def test_logout_revokes_and_forgets(signed_out: Run, cloud: Cloud, environment: Path) -> None:
    door = Door(cloud)
    signed_out("login", "-u", "zhang", "--password-file", secret_file(environment / "p", door.password))
    cloud.on("DELETE", "/tokens/.*", Reply(204))
    result = signed_out("logout")
    assert result.code == 0
    assert cloud.sent("DELETE", f"/tokens/{uid(85)}")[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert credentials.load(kept(environment)) == {}
    assert signed_out("instance", "list").code == 5
    assert "Nobody" in signed_out("logout").err


def test_a_token_is_never_sent_to_another_address(signed_out: Run, cloud: Cloud, environment: Path) -> None:
    door = Door(cloud)
    signed_out("login", "-u", "zhang", "--password-file", secret_file(environment / "p", door.password))
    other = Cloud()
    try:
        assert signed_out("instance", "list", "--url", other.url).code == 5
        assert other.requests == []
    finally:
        other.close()


def test_an_expired_token_says_so_before_the_server_does(signed_out: Run, cloud: Cloud, environment: Path) -> None:
    credentials.save(kept(environment), {cloud.url: Credential(TOKEN, "x", "zhang", "2020-01-01T00:00:00Z")})
    result = signed_out("instance", "list")
    assert result.code == 5
    assert "expired" in result.err
    assert cloud.requests == []


def test_credentials_that_others_can_read_are_refused(signed_out: Run, cloud: Cloud, environment: Path) -> None:
    credentials.save(kept(environment), {cloud.url: Credential(TOKEN)})
    os.chmod(kept(environment), 0o640)
    result = signed_out("instance", "list")
    assert (result.code, cloud.requests) == (6, [])
    assert "chmod 600" in result.err


def test_odd_characters_survive_the_file(environment: Path) -> None:
    path = environment / "c.toml"
    stored = {'https://x/"quoted"\\': Credential("egov_\x7f\n\t", "id", "张三\u2028", "2030-01-01T00:00:00+00:00")}
    credentials.save(path, stored)
    assert credentials.load(path) == stored


def test_a_token_for_automation_needs_the_password_again(run: Run, cloud: Cloud, environment: Path) -> None:
    door = Door(cloud)
    given = secret_file(environment / "p", door.password)
    words = ["token", "create", "--name", "inventory", "-u", "zhang", "--password-file", given]
    result = run(*words, "--permission", "*:read", "--permission", "request:create", "--expires-in-days", "30")
    assert result.code == 0, result.err
    assert door.made[0].body == {
        "name": "inventory",
        "permissions": ["event:read", "instance:read", "request:create"],
        "expires_in_days": 30,
    }
    assert TOKEN in result.out
    assert run(*words, "--permission", "nonsense:go").code == 2
    assert len(cloud.sent("POST", "/session")) == 1


def test_whoami_by_session_and_by_token(run: Run, cloud: Cloud) -> None:
    told = Door(cloud).session()
    cloud.on("GET", "/session", Reply(200, {**told, "csrf_token": None, "permissions": ["event:read"]}))
    by_token = run("whoami")
    assert by_token.code == 0
    assert "event:read" in by_token.out
    assert "张三" in by_token.out
    cloud.on("GET", "/session", Reply(200, told))
    by_session = run("whoami")
    assert "张三" in by_session.out
    assert "member" in by_session.out
