"""The main job, once, on real input: 民政局 asks for two machines with a volume each, and gets them.

It goes through the REST API like anyone's, in the name of the three people that it takes, with tokens that are made
for it and end with it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import typer

from egovcloud.cli.client import Client
from egovcloud.cli.connection import Connection
from egovcloud.cli.local.up import centre
from egovcloud.cli.local.up.places import Places
from egovcloud.cli.local.up.report import Stop, step, wait_for
from egovcloud.services import installation, token
from egovcloud.services.house import House

TITLE = "社会救助系统上云"
BOOT_LIMIT = 180.0  # seconds to SSH; some five even without KVM, more on a machine that is busy


@dataclass(frozen=True)
class Machine:
    """One machine of the main job."""

    name: str
    address: str
    state: str
    ssh: str


def run(house: House, places: Places, origin: str) -> list[Machine]:
    """Ask, approve, wait, sign in; what was done before is only shown."""
    _key(places)
    with _people(house, origin, "mz-it", "mz-chief", "centre") as (applicant, chief, officer):
        request_id = installation.request_titled(house, TITLE)
        if request_id is None:
            with step(f"Main job: 民政局 asks for two machines for {centre.APPLICATION}") as said:
                request_id = _ask(applicant, places)
                for who in (chief, officer):
                    who.request("POST", f"/requests/{request_id}/approve", body={"comment": "同意"})
                said.append("submitted, approved by department and centre")
        with step("Main job: placed, provisioned, booted, volumes attached") as said:
            _wait(applicant, request_id)
            _start_stopped(applicant, request_id)
            machines = _machines(applicant, request_id, places)
            said.append(f"{len(machines)} machines")
    running = [machine for machine in machines if machine.state == "active"]
    with step("Main job: SSH answers on each machine") as said:
        for machine in running:
            wait_for(
                lambda machine=machine: _answers(machine), f"SSH on {machine.name} ({machine.address})", BOOT_LIMIT
            )
        said.append(f"{len(running)} of {len(machines)}")
    return machines


@contextmanager
def _people(house: House, origin: str, *usernames: str) -> Iterator[list[Client]]:
    """Clients that act for these people; their tokens are revoked at the end."""
    clients, ends = [], []
    for username in usernames:
        actor = installation.stand_in(house, username)
        made, secret = token.create(house, actor, "main job", sorted(actor.permissions()), 1)
        clients.append(Client(Connection(url=origin, token=secret)))
        ends.append((actor, made.id))
    try:
        yield clients
    finally:
        for client in clients:
            client.close()
        for actor, token_id in ends:
            token.revoke(house, actor, token_id)


def _key(places: Places) -> None:
    """A key pair for the first look at the machines."""
    if not places.ssh_key.exists():
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "egovcloud first key", "-f", str(places.ssh_key)]
        subprocess.run(words, check=True)


def _ask(client: Client, places: Places) -> str:
    def named(path: str, name: str) -> str:
        found: list[dict[str, Any]] = client.get(path, {"limit": 200})["items"]
        return next(str(item["id"]) for item in found if item["name"] == name)

    keys = client.get("/ssh-keys")["items"]
    key = next((k for k in keys if k["name"] == "first key"), None)
    if key is None:
        public = places.ssh_key.with_suffix(".pub").read_text()
        key = client.request("POST", "/ssh-keys", body={"name": "first key", "public_key": public}).data
    item = {
        "kind": "instance",
        "name": "shjz",
        "count": 2,
        "flavor_id": named("/flavors", "micro"),
        "image_id": named("/images", "Debian micro"),
        "network_ids": [named("/networks", centre.NETWORK)],
        "security_group_ids": [],
        "ssh_key_ids": [key["id"]],
        "zone_id": None,
        "anti_affinity": False,
        "user_data": None,
        "volumes": [{"name": "data", "size_gib": 1}],
    }
    body = {
        "title": TITLE,
        "purpose": "城乡居民最低生活保障审核与发放",
        "project_id": named("/projects", centre.PROJECT),
        "application_id": named("/applications", centre.APPLICATION),
        "items": [item],
    }
    request = client.request("POST", "/requests", body=body).data
    client.request("POST", f"/requests/{request['id']}/submit")
    return str(request["id"])


def _wait(client: Client, request_id: str) -> None:
    def settled() -> bool:
        return client.get(f"/requests/{request_id}")["state"] in ("fulfilled", "failed", "rejected", "returned")

    wait_for(settled, "the end of the main job", 900)
    request = client.get(f"/requests/{request_id}")
    if request["state"] != "fulfilled":
        operation = client.get(f"/operations/{request['operation_id']}") if request["operation_id"] else {}
        reason = (operation.get("error") or {}).get("detail", "see the console")
        raise Stop(f"the main job ended as {request['state']}: {reason}")


def _start_stopped(client: Client, request_id: str) -> None:
    """What an earlier `down ALL=1` powered off."""
    operations = [
        client.request("POST", f"/instances/{found['id']}/start").data["id"]
        for found in client.get("/instances", {"request_id": request_id, "state": "stopped"})["items"]
    ]
    for operation in operations:
        wait_for(partial(_ended, client, operation), "the start of a machine", 300)


def _ended(client: Client, operation_id: str) -> bool:
    return client.get(f"/operations/{operation_id}")["state"] in ("succeeded", "failed", "cancelled")


def _machines(client: Client, request_id: str, places: Places) -> list[Machine]:
    found = client.get("/instances", {"request_id": request_id, "sort": "name"})["items"]
    return [
        Machine(i["name"], i["addresses"][0], i["state"], ssh_line(places, i["login_user"], i["addresses"][0]))
        for i in found
    ]


def ssh_line(places: Places, user: str, address: str) -> str:
    """Works as printed: the host key is new with every rebuild, and a first look must not ask."""
    options = "-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=" + str(places.run / "known_hosts")
    return f"ssh -i {places.ssh_key} {options} {user}@{address}"


def _answers(machine: Machine) -> bool:
    words = [*machine.ssh.split(), "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "true"]
    host = words.pop(next(i for i, word in enumerate(words) if "@" in word))
    command = [*words[:-1], host, words[-1]]
    return subprocess.run(command, capture_output=True, check=False, env=os.environ, timeout=60).returncode == 0


def show(machines: list[Machine], origin: str, places: Places) -> None:
    """What somebody needs to go on."""
    typer.echo("")
    for machine in machines:
        typer.echo(f"  {machine.name:10} {machine.address:16} {machine.state:8} {machine.ssh}")
    typer.echo("")
    typer.echo(f"  Console          {origin}/")
    typer.echo(f"  First passwords  {places.passwords}")
