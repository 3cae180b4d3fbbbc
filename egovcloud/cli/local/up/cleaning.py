"""Takes away what ``up`` made, by its marker alone: a machine or file that is somebody else's stays."""

from __future__ import annotations

import subprocess
from typing import Any

from egovcloud.cli.local.up import hypervisor
from egovcloud.cli.local.up.places import Places
from egovcloud.cli.local.up.report import step
from egovcloud.drivers.base import Driver, OwnedKind, Power
from egovcloud.services import installation
from egovcloud.services.house import House

LIMIT = 60.0
# A machine holds its disks and networks, so that it goes first.
ORDER = (
    OwnedKind.INSTANCE,
    OwnedKind.SNAPSHOT,
    OwnedKind.VOLUME_SNAPSHOT,
    OwnedKind.VOLUME,
    OwnedKind.NETWORK,
    OwnedKind.SECURITY_GROUP,
    OwnedKind.IMAGE,
)


def driver_of(house: House, drivers: Any) -> tuple[Driver, str] | None:
    """The driver of this machine and its name there."""
    provider = installation.configured(house, "libvirt")
    if provider is None:
        return None
    return drivers.driver(provider), next(iter(provider.config["hosts"]))


def power_off(driver: Driver, host: str) -> None:
    """Every machine of ours, at once."""
    with step("Machines") as said:
        count = 0
        for owned in driver.list_owned(host, within=LIMIT):
            if owned.kind is OwnedKind.INSTANCE and owned.power is Power.RUNNING:
                driver.stop_instance(host, owned.id, force=True, within=LIMIT)
                count += 1
        said.append(f"{count} powered off")


def remove(places: Places, driver: Driver, host: str) -> None:
    """Machines, volumes, networks, filters and images of ours; then the pool, which only we made."""
    with step("Machines, volumes, networks, images") as said:
        owned = sorted(driver.list_owned(host, within=LIMIT), key=lambda one: ORDER.index(one.kind))
        for one in owned:
            driver.delete_owned(one, within=600.0)
        said.append(f"{len(owned)} removed")
    virsh = ["virsh", "--quiet", "--connect", hypervisor.uri(places)]
    with step("Storage pools"):
        for name in _pools(virsh, str(places.state)):
            subprocess.run([*virsh, "pool-destroy", name], capture_output=True, check=False)
            subprocess.run([*virsh, "pool-undefine", name], capture_output=True, check=False)


def _pools(virsh: list[str], state: str) -> list[str]:
    """Pools whose directory lies below ours."""
    listed = subprocess.run([*virsh, "pool-list", "--all", "--name"], capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split() if name]
    return [
        name
        for name in names
        if f"<path>{state}/"
        in subprocess.run([*virsh, "pool-dumpxml", name], capture_output=True, text=True, check=False).stdout
    ]
