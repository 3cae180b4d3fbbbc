"""What only an instance can do: screen, serial log, timeline, ssh, snapshots."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import columns
from egovcloud.cli.failures import Usage
from egovcloud.cli.language import say
from egovcloud.cli.values import harmless
from egovcloud.cli.verbs import finish
from egovcloud.domain.errors import Conflict, Invalid

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

SCREEN = columns("name state url")
TIMELINE = columns("at:time type text actor operation=operation_id")
_LOGIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}$")


def run_snapshot(call: Call) -> None:
    """A snapshot of the instance: the snapshots' own collection makes it."""
    (target,) = call.targets()
    body = {
        "instance_id": target["id"],
        "name": call.values["name"],
        "external": True if call.values.get("external") else None,
        "quiesce": bool(call.values.get("quiesce")),
    }
    finish(call, [call.send("POST", "/snapshots", body=body)])


def run_groups(call: Call) -> None:
    """Which security groups guard it; names are looked for in the instance's own project."""
    (target,) = call.targets()
    item = target if target.get("project") else call.client.get(f"/instances/{target['id']}")
    project = (item.get("project") or {}).get("id")
    scope = {"project_id": str(project)} if project else {}
    groups = [call.identify("security-group", name, scope) for name in call.values["security_group"]]
    body = {"security_group_ids": groups}
    finish(call, [call.send("POST", f"/instances/{target['id']}/security-groups", body=body)])


def run_screen(call: Call) -> None:
    """The console's page of the screen. A ticket to the screen is for a browser's session and never for a token."""
    (target,) = call.targets()
    instance = call.client.get(f"/instances/{target['id']}")
    url = f"{call.connection.url}/instances/{instance['id']}/screen"
    call.output.one({"name": instance.get("name"), "state": instance.get("state"), "url": url}, SCREEN)
    if call.values.get("open"):
        import webbrowser

        if not webbrowser.open(url):
            call.output.note(say("cli.screen.no_browser"))


def run_log(call: Call) -> None:
    """The serial log. On a terminal the guest's control characters are taken out unless ``--raw``."""
    (target,) = call.targets()
    limit = call.values.get("limit_bytes")
    log = str(call.client.get(f"/instances/{target['id']}/serial-log", {"limit": limit}) or "")
    if call.output.terminal and not call.values.get("raw"):
        log = harmless(re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\r(?=\n)", "", log), lines=True)
    call.output.write(log)


def run_timeline(call: Call) -> None:
    """What happened to it, merged."""
    (target,) = call.targets()
    answer = call.client.get(f"/instances/{target['id']}/timeline")
    call.output.rows(answer["items"] if isinstance(answer, dict) else answer, TIMELINE)


def run_ssh(call: Call) -> None:
    """Become ssh to the instance, or print the line (``--print``)."""
    (target,) = call.targets()
    line = ssh_line(call, call.client.get(f"/instances/{target['id']}"))
    if call.values.get("print"):
        call.output.write(shlex.join(line))
        return
    program = shutil.which("ssh")
    if program is None:
        raise Invalid("cli.ssh.absent", line=shlex.join(line))
    call.client.close()
    call.output.note(shlex.join(line))
    sys.stdout.flush()
    os.execv(program, line)  # noqa: S606 - no shell is wanted: every word is an argument of its own


def ssh_line(call: Call, instance: Mapping[str, Any]) -> list[str]:
    """The words of the line, out of checked parts: what the server says must never become an option of ssh."""
    addresses = [str(address) for address in instance.get("addresses") or []]
    wanted = call.values.get("address")
    if wanted and wanted not in addresses:
        raise Usage("cli.ssh.address", address=wanted, known=", ".join(addresses) or "-")
    address = wanted or next(iter(addresses), "")
    if not address:
        raise Conflict("cli.ssh.no_address", name=instance.get("name"), state=instance.get("state"))
    user = str(instance.get("login_user") or "root")
    try:
        ip_address(address)
    except ValueError:
        raise Invalid("cli.ssh.odd", value=address) from None
    if not _LOGIN.match(user):
        raise Invalid("cli.ssh.odd", value=user)
    identity = ["-i", str(call.values["identity"])] if call.values.get("identity") else []
    command = [str(word) for word in call.values.get("command") or []]
    return ["ssh", *identity, f"{user}@{address}", *(["--", *command] if command else [])]
