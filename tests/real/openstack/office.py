"""A centre whose only cloud is the bed: the real application with a worker, spoken to over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from egovcloud.domain.clock import system_clock
from egovcloud.domain.lifecycle import OPERATION
from egovcloud.store import schema
from egovcloud.store.database import Database
from tests.real.hosts import until
from tests.real.openstack.centre import Centre as Bedside
from tests.real.openstack.layout import COMPUTES, Layout
from tests.real.openstack.through import Way
from tests.support.centre import Caller, Centre

LONG = 300.0  # seconds that one operation may take on a busy machine
RECONCILE = 5.0  # seconds between two looks at the cloud
FLAVORS = {"small": (1, 256, 1), "large": (2, 512, 1)}
QUOTA = {"instances": 100, "vcpus": 200, "memory_mib": 102_400, "volume_gib": 500, "addresses": 200}
RULES = [
    {"direction": "ingress", "protocol": "tcp", "port_min": 22, "port_max": 22, "cidr": "0.0.0.0/0"},
    {"direction": "ingress", "protocol": "icmp", "port_min": None, "port_max": None, "cidr": "0.0.0.0/0"},
]


class Office:
    """``operator`` runs the centre, ``member`` asks for its bureau, ``chief`` and ``officer`` approve.

    ``ids`` are of what the centre offers, by short names.
    """

    def __init__(self, centre: Centre, way: Way, directory: Path) -> None:
        self.centre = centre
        bureau = centre.department("mzj")
        self.operator = centre.signed_in("operator", "department_admin", username="operator")
        self.system = centre.signed_in("system_admin", username="system")
        self.member = centre.signed_in("member", at=bureau, username="member")
        self.chief = centre.signed_in("department_approver", at=bureau, username="chief")
        self.officer = centre.signed_in("centre_approver", username="officer")
        self.ids = {"bureau": bureau}
        self._furnish(way, directory)

    def make(self, caller: Caller, path: str, **body: Any) -> Any:
        """What was made at once."""
        return caller.ok(caller.post(path, body), 201)

    def start(self, caller: Caller, path: str, body: Any = None, *, method: str = "POST") -> str:
        """An operation that was accepted: its id."""
        return str(caller.ok(caller.call(method, path, body), 202)["id"])

    def run(self, path: str, body: Any = None, *, method: str = "POST", state: str = "succeeded") -> Any:
        """An operation of the operator's from its start to this end."""
        return self.ended(self.start(self.operator, path, body, method=method), state)

    def ended(self, operation_id: str, state: str = "succeeded") -> Any:
        """The operation when it has ended in ``state``."""
        until(f"the end of {operation_id}", lambda: self._terminal(operation_id), limit=LONG, every=0.2)
        operation = self.see(f"/operations/{operation_id}")
        assert operation["state"] == state, operation
        return operation

    def _terminal(self, operation_id: str) -> bool:
        return self.see(f"/operations/{operation_id}")["state"] not in OPERATION.transitional

    def see(self, path: str) -> Any:
        """What the operator is shown."""
        return self.operator.ok(self.operator.get(path))

    def every(self, path: str, query: str = "limit=200") -> list[Any]:
        """All items of a list, whatever its length."""
        found, cursor = [], ""
        while True:
            page = self.see(f"{path}?{query}{cursor}")
            found += page["items"]
            if not page["next"]:
                return found
            cursor = f"&after={page['next']}"

    def look(self) -> None:
        """Let the provider be looked at now."""
        answer = self.operator.post(f"/providers/{self.ids['provider']}/check")
        if answer.status_code == 202:
            self.ended(str(answer.json["id"]))

    def _furnish(self, way: Way, directory: Path) -> None:
        system, operator = self.system, self.operator
        disk = directory / "images/disk.raw"
        disk.parent.mkdir(exist_ok=True)
        disk.write_bytes(b"a disk without a system" * 4096)
        site = self.make(system, "/sites", name="主中心", description="")["id"]
        zone = self.make(system, "/zones", site_id=site, name="政务外网区")["id"]
        pool = self.make(system, "/host-pools", zone_id=zone, name="通用", vcpu_ratio=16.0)["id"]
        config = {**asdict(way.config), "host_pool_id": pool}
        made = self.make(system, "/providers", name="bed", driver="openstack", config=config, site_id=site)
        for name, (vcpus, memory, size) in FLAVORS.items():
            body = {"name": name, "vcpus": vcpus, "memory_mib": memory, "disk_gib": size}
            self.ids[name] = self.make(operator, "/flavors", **body)["id"]
        digest = hashlib.sha256(disk.read_bytes()).hexdigest()
        image = self.make(operator, "/images", name="bed", disk=str(disk), sha256=digest, format="raw")
        network = self.make(operator, "/networks", name="政务外网", mode="nat", cidr="10.88.0.0/24")
        project = self.make(operator, "/projects", department_id=self.ids["bureau"], name="社会救助")
        group = self.make(operator, "/security-groups", project_id=project["id"], name="web", rules=RULES)
        self.ids |= {"provider": made["id"], "image": image["id"], "network": network["id"], "zone": zone}
        self.ids |= {"project": project["id"], "group": group["id"]}
        quota = {"limits": QUOTA}
        system.ok(system.put(f"/quotas/{self.ids['bureau']}", quota))
        self.look()
        until("the hosts of the cloud are known", self._hosts_known, limit=LONG, every=0.2)

    def _hosts_known(self) -> bool:
        return set(COMPUTES) <= {one["name"] for one in self.see("/hosts")["items"] if one["health"] == "up"}

    def machine(self, name: str, flavor: str = "small") -> dict[str, Any]:
        """The body of one instance that is asked for without a request."""
        return {
            "name": name,
            "project_id": self.ids["project"],
            "flavor_id": self.ids[flavor],
            "image_id": self.ids["image"],
            "network_ids": [self.ids["network"]],
            "security_group_ids": [self.ids["group"]],
        }


@contextmanager
def opened(
    way: Way, layout: Layout, directory: Path, *, reconcile: float = RECONCILE, threads: int = 8
) -> Iterator[Office]:
    """The centre at work; what it made is removed from the cloud afterwards.

    ``reconcile`` are the seconds between two looks, ``threads`` the operations that go on at a time.
    """
    url = f"sqlite:///{directory / 'centre.sqlite'}"
    database = Database(url)
    schema.upgrade(database)
    database.dispose()
    pace = {"reconcile_interval": reconcile, "worker_threads": threads}
    with Centre(url, directory, clock=system_clock, **pace) as centre:
        worker, ticks = centre.installation.worker(), centre.installation.ticks()
        worker.start()
        ticks.start()
        try:
            yield Office(centre, way, directory)
        finally:
            ticks.stop()
            worker.stop()
            Bedside(way.driver(centre.house.installation), layout, directory).clean()
