"""Signing in and out: the password is asked for without an echo and never kept; a token with an end is."""

from __future__ import annotations

import getpass
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from egovcloud.cli import credentials
from egovcloud.cli.connection import Connection, read_secret
from egovcloud.cli.credentials import Credential
from egovcloud.cli.failures import Refused, Usage
from egovcloud.cli.language import say
from egovcloud.cli.values import local_time
from egovcloud.domain.errors import Transient

if TYPE_CHECKING:
    from pathlib import Path

    from egovcloud.cli.call import Call
    from egovcloud.cli.client import Client


@dataclass
class Opened:
    """A browser-like session: its client keeps the cookie, every write shows its token as well (CSRF)."""

    client: Client
    username: str
    data: Mapping[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        return {"X-CSRF-Token": str(self.data.get("csrf_token") or "")}

    @property
    def permissions(self) -> list[str]:
        return sorted(self.data.get("permissions") or [])

    def create_token(self, name: str, permissions: list[str], days: int) -> Mapping[str, Any]:
        """{"token", "secret"}: only a person who has just shown the password gets one."""
        body = {"name": name, "permissions": permissions, "expires_in_days": days}
        made = self.client.request("POST", "/tokens", body=body, headers=self.headers).data
        assert isinstance(made, Mapping)
        return made


@contextmanager
def password_session(call: Call) -> Iterator[Opened]:
    """Sign in by password, and out again at the end; a first password is changed on the way."""
    from egovcloud.cli.client import Client

    username = str(call.values.get("username") or stored_username(call) or _ask(say("cli.login.username")))
    password = _secret(call, "password_file", say("cli.login.password", username=username))
    client = Client(Connection(url=call.connection.url, ca=call.connection.ca))
    try:
        data = client.request("POST", "/session", body={"username": username, "password": password}).data
        opened = Opened(client, username, data)
        try:
            if opened.data.get("must_change_password"):
                _change_password(call, opened, password)
            yield opened
        finally:
            _end(opened)
    finally:
        client.close()


def run_login(call: Call) -> None:
    """Username and password → a token of this machine's name, kept for the commands that follow."""
    with password_session(call) as opened:
        name = f"egovctl@{platform.node() or 'unknown'}"[:120]
        made = opened.create_token(name, opened.permissions, int(call.values["days"]))
    token: Mapping[str, Any] = made.get("token") or {}
    path = _path()
    known = credentials.load(path)
    known[call.connection.url] = Credential(
        token=str(made["secret"]),
        token_id=str(token.get("id") or ""),
        username=opened.username,
        expires_at=str(token.get("expires_at") or ""),
    )
    credentials.save(path, known)
    until = local_time(token.get("expires_at") or "-")
    call.output.note(say("cli.login.done", username=opened.username, url=call.connection.url, path=path, until=until))


def run_logout(call: Call) -> None:
    """Revoke the stored token and forget it; a server that is away does not keep it alive here."""
    from egovcloud.cli.client import Client

    url = call.connection.url
    path = _path()
    known = credentials.load(path)
    credential = known.pop(url, None)
    if credential is None:
        call.output.note(say("cli.logout.nobody", url=url))
        return
    credentials.save(path, known)
    if credential.token_id and not credential.expired():
        client = Client(Connection(url=url, ca=call.connection.ca, token=credential.token))
        try:
            client.request("DELETE", f"/tokens/{credential.token_id}")
        except (Refused, Transient) as error:
            sentence = error.sentence if isinstance(error, Refused) else error.text()
            call.output.note(say("cli.logout.not_revoked", id=credential.token_id, detail=sentence))
            return
        finally:
            client.close()
    call.output.note(say("cli.logout.done", url=url))


def stored_username(call: Call) -> str:
    """Whose token is kept for this address; empty when there is none."""
    entry = credentials.load(_path()).get(call.connection.url)
    return entry.username if entry is not None else ""


def _change_password(call: Call, opened: Opened, old: str) -> None:
    """The first password is good for one thing: being replaced."""
    if call.values.get("new_password_file"):
        new = read_secret(str(call.values["new_password_file"]))
    elif sys.stdin.isatty():
        sys.stderr.write(say("cli.login.must_change") + "\n")
        new = getpass.getpass(say("cli.login.new_password") + " ", stream=sys.stderr)
        if getpass.getpass(say("cli.login.again") + " ", stream=sys.stderr) != new:
            raise Usage("cli.login.differs")
    else:
        raise Usage("cli.login.needs_new")
    body = {"old_password": old, "new_password": new}
    opened.client.request("PUT", "/session/password", body=body, headers=opened.headers)
    opened.data = opened.client.get("/session")


def _end(opened: Opened) -> None:
    """The session was only the way to a token; when it cannot be ended it ends by itself."""
    try:
        opened.client.request("DELETE", "/session", headers=opened.headers)
    except (Refused, Transient):
        return


def _secret(call: Call, option: str, question: str) -> str:
    if call.values.get(option):
        return read_secret(str(call.values[option]))
    if not sys.stdin.isatty():
        # A pipe is as good as a file, and like it leaves no trace in the list of processes.
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise Usage("cli.login.needs_password")
        return line
    return getpass.getpass(question + " ", stream=sys.stderr)


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise Usage("cli.login.needs_username")
    sys.stderr.write(question + " ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _path() -> Path:
    return credentials.config_directory() / "credentials.toml"
