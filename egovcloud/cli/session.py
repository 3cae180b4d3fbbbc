"""Signing in and out: the password is asked for without an echo and never kept; a token with an end is."""

from __future__ import annotations

import getpass
import platform
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli import credentials
from egovcloud.cli.connection import Connection, read_secret
from egovcloud.cli.credentials import Credential
from egovcloud.cli.failures import Refused, Usage
from egovcloud.cli.language import say
from egovcloud.domain.errors import Transient

if TYPE_CHECKING:
    from pathlib import Path

    from egovcloud.cli.call import Call


def run_login(call: Call) -> None:
    """Username and password → a token of this machine's name; a first password is changed on the way."""
    from egovcloud.cli.client import Client

    connection = call.connection
    username = call.values.get("username") or _ask(say("cli.login.username"))
    password = _secret(call, "password_file", say("cli.login.password", username=username))
    client = Client(Connection(url=connection.url, ca=connection.ca))
    try:
        # The client keeps the session's cookie; every write shows the session's token as well (CSRF).
        session = client.request("POST", "/session", body={"username": username, "password": password}).data
        csrf = {"X-CSRF-Token": str(session.get("csrf_token") or "")}
        try:
            if session.get("must_change_password"):
                session = _change_password(call, client, session, password, csrf)
                csrf = {"X-CSRF-Token": str(session.get("csrf_token") or csrf["X-CSRF-Token"])}
            body = {
                "name": f"egovctl@{platform.node() or 'unknown'}"[:120],
                "permissions": sorted(session.get("permissions") or []),
                "expires_in_days": call.values["days"],
            }
            made = client.request("POST", "/tokens", body=body, headers=csrf).data
        finally:
            _end_session(client, csrf)
    finally:
        client.close()
    token: Mapping[str, Any] = made.get("token") or {}
    path = _path()
    known = credentials.load(path)
    known[connection.url] = Credential(
        token=str(made["secret"]),
        token_id=str(token.get("id") or ""),
        username=str(username),
        expires_at=str(token.get("expires_at") or ""),
    )
    credentials.save(path, known)
    call.output.note(say("cli.login.done", username=username, url=connection.url, path=path, until=_until(token)))


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
            sentence = error.sentence if isinstance(error, Refused) else str(error)
            call.output.note(say("cli.logout.not_revoked", id=credential.token_id, detail=sentence))
            return
        finally:
            client.close()
    call.output.note(say("cli.logout.done", url=url))


def _change_password(
    call: Call, client: Any, session: Mapping[str, Any], old: str, csrf: Mapping[str, str]
) -> Mapping[str, Any]:
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
    client.request("PUT", "/session/password", body={"old_password": old, "new_password": new}, headers=csrf)
    changed = client.get("/session")
    return changed if isinstance(changed, Mapping) else session


def _end_session(client: Any, csrf: Mapping[str, str]) -> None:
    """The browser-like session was only the way to the token."""
    try:
        client.request("DELETE", "/session", headers=csrf)
    except (Refused, Transient):
        # It ends by itself; the login has succeeded or failed already.
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


def _until(token: Mapping[str, Any]) -> str:
    from egovcloud.cli.values import local_time

    return local_time(token.get("expires_at") or "-")


def _path() -> Path:
    return credentials.config_directory() / "credentials.toml"
