"""What the API says of a cloud, against what python-openstackclient sees there: after 200 random operations, while
services fail, answers are lost and requests never arrive.

The client is a program of its own in an environment of its own, and logs in by its own way, to the project that the
cloud keeps for ours.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from egovcloud.domain.lifecycle import OPERATION
from egovcloud.drivers.base import OwnedKind
from egovcloud.drivers.openstack.marker import Marker
from tests.real.hosts import until
from tests.real.openstack.layout import COMPUTES, REGION, Layout
from tests.real.openstack.office import LONG, Office, opened
from tests.real.openstack.proxy import Rule
from tests.real.openstack.through import Way, proxied

OPERATIONS = 200
AT_ONCE = 10
SEED = 20261123
LOOKS = 5
EVERY = 20  # requests between two faults
FAULTS = ("cut", "lose", "answer")
# Of each service: what is hit.
TARGETS = [
    ("nova", "POST", "/servers"),
    ("nova", "DELETE", "/servers/"),
    ("nova", "GET", "/servers"),
    ("neutron", "POST", "/ports"),
    ("neutron", "DELETE", "/ports/"),
    ("cinder", "POST", "/volumes"),
    ("cinder", "DELETE", "/volumes/"),
    ("cinder", "GET", "/volumes"),
    ("glance", "GET", "/images"),
]
STATUS = {"active": "ACTIVE", "stopped": "SHUTOFF"}
VOLUME_STATUS = {"available": "available", "in_use": "in-use"}


@pytest.fixture
def way(layout: Layout, tmp_path: Path) -> Iterator[Way]:
    with proxied(layout, tmp_path, tenancy=True) as way:
        yield way


@pytest.fixture
def office(way: Way, layout: Layout, tmp_path: Path) -> Iterator[Office]:
    with opened(way, layout, tmp_path) as office:
        yield office


@contextmanager
def faults(way: Way, draw: random.Random) -> Iterator[list[Rule]]:
    """One fault at a time, and the next one some requests after it struck; all that were set are told."""
    over = threading.Event()
    rules: list[Rule] = []

    def disturb() -> None:
        quiet_since = 0
        while not over.wait(0.05):
            sent = len(way.traffic.seen)
            if rules and not rules[-1].struck:
                quiet_since = sent
            elif sent - quiet_since >= EVERY:
                service, method, path = draw.choice(TARGETS)
                answer = draw.choice([(503, {}, b""), (429, {"Retry-After": "1"}, b"{}"), (500, {}, b"<html>oops")])
                rules.append(Rule(service, method, path, draw.choice(FAULTS), answer=answer))
                with way.traffic.lock:
                    way.traffic.rules.append(rules[-1])

    thread = threading.Thread(target=disturb, daemon=True)
    thread.start()
    try:
        yield rules
    finally:
        over.set()
        thread.join()
        with way.traffic.lock:
            way.traffic.rules = [one for one in way.traffic.rules if one not in rules]


class Walk:
    """Asks for one thing after another as a bureau's staff might, and remembers what was accepted."""

    def __init__(self, office: Office, draw: random.Random) -> None:
        self.office, self.draw = office, draw
        self.accepted: list[str] = []
        self.kinds: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def step(self) -> None:
        """One more request; what is refused because of its state is simply not accepted."""
        method, path, body = self.draw.choice(self._ways())()
        if not path:
            return
        answer = self.office.operator.call(method, path, body)
        assert answer.status_code in (202, 404, 409, 422), answer.get_data(as_text=True)
        if answer.status_code == 202:
            self.accepted.append(str(answer.json["id"]))
            self.kinds[answer.json["kind"]] = self.kinds.get(answer.json["kind"], 0) + 1

    def _ways(self) -> list[Callable[[], tuple[str, str, Any]]]:
        machines = [one for one in self.office.every("/instances") if one["state"] in ("active", "stopped")]
        volumes = [one for one in self.office.every("/volumes") if one["state"] in ("available", "in_use")]
        ways: list[Callable[[], tuple[str, str, Any]]] = []
        if len(machines) < 16:
            ways += [self._machine] * 3
        if machines:
            ways += [lambda: self._power(self.draw.choice(machines))] * 3
            ways += [lambda: self._volume(self.draw.choice(machines))] * 2
            ways.append(lambda: self._gone("instances", self.draw.choice(machines)))
        if volumes:
            ways += [lambda: self._disk(self.draw.choice(volumes), machines)] * 3
            ways.append(lambda: self._gone("volumes", self.draw.choice(volumes)))
        return ways

    def _machine(self) -> tuple[str, str, Any]:
        return "POST", "/instances", self.office.machine(f"walk-{next(self._numbers)}")

    def _power(self, one: Any) -> tuple[str, str, Any]:
        path = f"/instances/{one['id']}"
        stopped = one["state"] == "stopped"
        ways = [(f"{path}/start", None), (f"{path}/resize", {"flavor_id": self._other_flavor(one)})]
        return "POST", *(self.draw.choice(ways) if stopped else (f"{path}/stop", {"force": True}))

    def _other_flavor(self, one: Any) -> str:
        return self.office.ids["large" if one["vcpus"] == 1 else "small"]

    def _volume(self, one: Any) -> tuple[str, str, Any]:
        body = {"name": f"disk-{next(self._numbers)}", "project_id": self.office.ids["project"], "size_gib": 1}
        return "POST", "/volumes", {**body, "instance_id": one["id"]}

    def _disk(self, one: Any, machines: list[Any]) -> tuple[str, str, Any]:
        path = f"/volumes/{one['id']}"
        if one["state"] == "in_use":
            ways = [(f"{path}/detach", None), (f"{path}/grow", {"size_gib": one["size_gib"] + 1})]
            return "POST", *self.draw.choice(ways)
        here = [m for m in machines if m["host"] and one["host"] and m["host"]["id"] == one["host"]["id"]]
        return ("POST", f"{path}/attach", {"instance_id": self.draw.choice(here)["id"]}) if here else ("", "", None)

    def _gone(self, noun: str, one: Any) -> tuple[str, str, Any]:
        return "DELETE", f"/{noun}/{one['id']}?confirm={one['name']}", None

    def open(self) -> int:
        """How many of the latest have not ended."""
        states = [self.office.see(f"/operations/{one}")["state"] for one in self.accepted[-3 * AT_ONCE :]]
        return sum(state in OPERATION.transitional for state in states)


class Client:
    """``openstack``, which reads its commands from its input, with its own login to the project of ours."""

    def __init__(self, office: Office, way: Way, layout: Layout, directory: Path) -> None:
        owned = way.driver(office.centre.house.installation).list_owned(COMPUTES[0], within=LONG)
        (project,) = (one.external_id for one in owned if one.kind is OwnedKind.TENANT)
        self.project = project
        self._program = layout.bin / "openstack"
        self._directory = directory
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "OS_AUTH_URL": layout.auth_url,
            "OS_USERNAME": "egovcloud",
            "OS_PASSWORD": layout.passwords["centre"],
            "OS_USER_DOMAIN_ID": "default",
            "OS_PROJECT_ID": project,
            "OS_REGION_NAME": REGION,
            "OS_IDENTITY_API_VERSION": "3",
            "OS_COMPUTE_API_VERSION": "2.96",
        }

    def ask(self, *commands: str) -> list[Any]:
        """The answer to each command."""
        done = subprocess.run(
            [str(self._program)],
            input="".join(f"{one} -f json\n" for one in commands),
            env=self._environment,
            cwd=self._directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONG,
        )
        answers, rest = [], done.stdout
        while (start := min((at for at in (rest.find("["), rest.find("{")) if at >= 0), default=-1)) >= 0:
            answer, end = json.JSONDecoder().raw_decode(rest[start:])
            answers.append(answer)
            rest = rest[start + end :]
        assert len(answers) == len(commands), done.stdout + done.stderr
        return answers

    def every(self, noun: str, *narrow: str) -> list[Any]:
        """All things of a kind, each with its details."""
        (listed,) = self.ask(" ".join((noun, "list", *narrow)))
        ids = [str(one["ID"]) for one in listed]
        return self.ask(*(f"{noun} show {one}" for one in ids)) if ids else []


def test_the_client_sees_what_the_api_says(office: Office, way: Way, layout: Layout, tmp_path: Path) -> None:
    draw = random.Random(SEED)
    walk = Walk(office, draw)
    with faults(way, random.Random(SEED + 1)) as rules:
        while len(walk.accepted) < OPERATIONS:
            until("an operation has ended", lambda: walk.open() < AT_ONCE, limit=LONG, every=0.5)
            walk.step()
    ended = [office.see(f"/operations/{one}") for one in walk.accepted]
    for one in ended:
        if one["state"] in OPERATION.transitional:
            until("all have ended", lambda one=one: _state(office, one) not in OPERATION.transitional, limit=LONG)
    struck = sum(rule.struck for rule in rules)
    assert struck > 20, f"only {struck} requests failed: the run proves nothing"
    for _ in range(2):  # a leftover is removed when it was seen twice
        office.look()
    client = Client(office, way, layout, tmp_path)
    differ = _agree(office, client)
    for _ in range(LOOKS):  # what is on its way out may take a few looks of the sweep
        if not differ:
            break
        office.look()
        differ = _agree(office, client)
    assert not differ, "\n".join(differ)
    print(f"{len(walk.accepted)} operations ({walk.kinds}), {struck} requests failed on purpose; both sides agree")


def _state(office: Office, operation: Any) -> str:
    return str(office.see(f"/operations/{operation['id']}")["state"])


def _agree(office: Office, client: Client) -> list[str]:
    """What differs, in words; empty when both say the same."""
    return [*_servers(office, client), *_volumes(office, client), *_networks(office, client)]


def _servers(office: Office, client: Client) -> list[str]:
    listed = client.every("server")
    # Those with our mark: a root disk may be a volume too, which the cloud made.
    marked = [disk for disk in client.every("volume") if "egov_id" in disk["properties"]]
    held = Counter(each["server_id"] for disk in marked for each in disk["attachments"])
    seen = {
        one["properties"].get("egov_id"): {
            "status": one["status"],
            "host": one["OS-EXT-SRV-ATTR:host"],
            "size": (one["flavor"]["vcpus"], one["flavor"]["ram"]),
            "addresses": sorted(itertools.chain.from_iterable(one["addresses"].values())),
            "volumes": held[one["id"]],
        }
        for one in listed
    }
    volumes = office.every("/volumes")
    said = {
        one["id"]: {
            "status": STATUS.get(one["state"], one["state"]),
            "host": one["host"] and one["host"]["name"],
            "size": (one["vcpus"], one["memory_mib"]),
            "addresses": sorted(one["addresses"]),
            "volumes": sum(1 for disk in volumes if disk["instance"] and disk["instance"]["id"] == one["id"]),
        }
        for one in office.every("/instances")
        if not (one["state"] == "error" and one["host"] is None)
    }
    return [*_differences("server", said, seen), *_doubled("server", listed)]


def _volumes(office: Office, client: Client) -> list[str]:
    listed = client.every("volume")
    seen = {
        one["properties"].get("egov_id"): {"status": one["status"], "size": one["size"]}
        for one in listed
        if "egov_id" in one["properties"]
    }
    said = {
        one["id"]: {"status": VOLUME_STATUS.get(one["state"], one["state"]), "size": one["size_gib"]}
        for one in office.every("/volumes")
        if not (one["state"] == "error" and one["host"] is None)
    }
    return [*_differences("volume", said, seen), *_doubled("volume", listed)]


def _networks(office: Office, client: Client) -> list[str]:
    """What several projects share lies beside theirs: as far as it bears our mark."""
    mark = f"egovcloud/{Marker(office.centre.house.installation).digest}/network/"
    named = [one for one in client.every("network", "--internal") if str(one["description"]).startswith(mark)]
    seen = {one["description"].removeprefix(mark): one["status"] for one in named}
    said = {one["id"]: "ACTIVE" for one in office.every("/networks") if one["state"] == "active"}
    (ports,) = client.ask(f"port list --device-owner compute:nova --project {client.project}")
    addresses = sum(len(one["addresses"]) for one in office.every("/instances") if one["host"])
    problems = [f"{len(ports)} ports of servers, {addresses} addresses"] if len(ports) != addresses else []
    return [*_differences("network", said, seen), *problems]


def _differences(noun: str, said: dict[Any, Any], seen: dict[Any, Any]) -> list[str]:
    return [
        f"{noun} {id_}: the API says {said.get(id_)}, the client {seen.get(id_)}"
        for id_ in sorted(said.keys() | seen.keys(), key=str)
        if said.get(id_) != seen.get(id_)
    ]


def _doubled(noun: str, listed: list[Any]) -> list[str]:
    ids = [one["properties"].get("egov_id") for one in listed if "egov_id" in one["properties"]]
    return [f"{noun} {id_} is there twice" for id_ in sorted({one for one in ids if ids.count(one) > 1})]
