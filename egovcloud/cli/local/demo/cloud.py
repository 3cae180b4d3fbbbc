"""The simulated clouds behind the city: every machine of its rows exists there, on the same host, by the same name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from egovcloud.cli.local.demo.city import City, Machine, Row
from egovcloud.cli.local.demo.data.catalogue import POOLS, SITES, STORAGE_POOL
from egovcloud.cli.local.demo.places import VERSION
from egovcloud.drivers.base import (
    ImageSpec,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Power,
    RuleSpec,
    SecurityGroupSpec,
    VolumeSpec,
)
from egovcloud.drivers.simulator import Faults, SimHost, SimPool, create_cloud
from egovcloud.drivers.simulator.bulk import (
    GroupThere,
    ImageThere,
    InstanceThere,
    NetworkThere,
    SnapshotThere,
    There,
    VolumeThere,
    fill,
)

# Seconds that a visitor waits, mean and spread: long enough to be seen, short enough to be watched.
LATENCY = {
    "ensure_image": (0.6, 0.3),
    "create_instance": (1.2, 0.5),
    "create_volume": (0.5, 0.2),
    "attach_volume": (0.4, 0.2),
    "create_snapshot": (1.0, 0.4),
    "live_migrate": (34.0, 10.0),
}
BOOT, SHUTDOWN, DETACH = 3.0, 4.0, 1.0


def build(city: City, paths: dict[str, Path], images: dict[tuple[str, str], int], down: Iterable[str]) -> None:
    """One file a site; ``images`` are the bytes of each image by (host, image id), ``down`` the hosts that are dead."""
    models = {f"{pool.prefix}-{number:02d}": model for pool in POOLS for number, model in enumerate(pool.models, 1)}
    shapes = _Shapes(city)
    dead = frozenset(down)
    for site, _, _ in SITES:
        names = [name for name, host in city.hosts.items() if host.provider == site]
        hosts = [
            SimHost(
                name,
                models[name].vcpus,
                models[name].memory_gib * 1024,
                (SimPool(STORAGE_POOL, float(models[name].storage_gib)),),
                cpu_model=models[name].cpu,
                version=VERSION,
            )
            for name in names
        ]
        create_cloud(paths[site], hosts, boot_seconds=BOOT, shutdown_seconds=SHUTDOWN, detach_seconds=DETACH)
        here = [m for m in city.machines.values() if m.row["host_id"] and m.host.provider == site and not m.absent]
        fill(paths[site], city.installation, [*_common(city, shapes, here, images), *_machines(shapes, here)])
        faults = Faults(paths[site])
        for call, (mean, spread) in LATENCY.items():
            faults.latency(mean, spread, call=call)
        faults.grant(**_grants(hosts, len(here)))
        faults.unreachable(*(name for name in names if name in dead))


def _grants(hosts: list[SimHost], instances: int) -> dict[str, int]:
    """A quota such as a cloud's owner sets: room to grow, in round figures, and no more memory than there is."""
    return {
        "instances": -(-instances * 3 // 2 // 100) * 100,
        "vcpus": sum(host.vcpus for host in hosts) * 4,
        "memory_mib": sum(host.memory_mib for host in hosts),
        "volume_gib": int(sum(pool.capacity_gib for host in hosts for pool in host.pools)),
    }


class _Shapes:
    """Specifications as the engine would make them of the same rows."""

    def __init__(self, city: City) -> None:
        self.images = {row["id"]: _image(row) for row in city.images.values()}
        self.networks = {row["id"]: _network(row) for row in city.networks.values()}
        rules: dict[str, list[Row]] = {}
        for rule in sorted(city.tables["security_rules"], key=lambda rule: str(rule["id"])):
            rules.setdefault(rule["security_group_id"], []).append(rule)
        self.groups = {row["id"]: _group(row, rules.get(row["id"], [])) for row in city.tables["security_groups"]}

    def instance(self, machine: Machine) -> InstanceSpec:
        row, port = machine.row, machine.ports[0]
        guards = tuple(self.groups[group] for group in sorted(machine.groups))
        nic = NicSpec(self.networks[port["network_id"]], port["mac"], port["address"], guards)
        return InstanceSpec(
            id=row["id"],
            name=row["name"],
            hostname=row["hostname"],
            host=machine.host.row["name"],
            pool=STORAGE_POOL,
            vcpus=row["vcpus"],
            memory_mib=row["memory_mib"],
            disk_gib=row["disk_gib"],
            image=self.images[row["image_id"]],
            nics=(nic,),
            ssh_keys=tuple(row["ssh_keys"]),
        )


def _image(row: Row) -> ImageSpec:
    names = "id name disk sha256 format firmware kernel initrd cmdline min_disk_gib".split()
    return ImageSpec(**{name: row[name] for name in names})


def _network(row: Row) -> NetworkSpec:
    return NetworkSpec(row["id"], row["name"], row["mode"], row["cidr"], row["gateway"], row["bridge"])


def _group(row: Row, rules: list[Row]) -> SecurityGroupSpec:
    made = (RuleSpec(r["direction"], r["protocol"], r["port_min"], r["port_max"], r["cidr"]) for r in rules)
    return SecurityGroupSpec(row["id"], row["name"], tuple(made))


def _seconds(at: datetime) -> float:
    return at.timestamp()


def _common(city: City, shapes: _Shapes, here: list[Machine], images: dict[tuple[str, str], int]) -> Iterable[There]:
    """What machines need on their host: there once, since the first of them came."""
    ext = city.draw.external_id
    first: dict[tuple[str, str, str], float] = {}
    for machine in here:
        host, at = machine.host.row["name"], _seconds(machine.row["created_at"]) + 1
        keys = [("image", host, machine.row["image_id"]), ("network", host, machine.ports[0]["network_id"])]
        for key in [*keys, *(("group", host, group) for group in machine.groups)]:
            first[key] = min(at, first.get(key, at))
    for (kind, host, id_), at in first.items():
        if kind == "image":
            yield ImageThere(ext(), at, host, STORAGE_POOL, shapes.images[id_], images[host, id_])
        elif kind == "network":
            yield NetworkThere(ext(), at, host, shapes.networks[id_])
        else:
            yield GroupThere(ext(), at, host, shapes.groups[id_])


def _machines(shapes: _Shapes, here: list[Machine]) -> Iterable[There]:
    for machine in here:
        row = machine.row
        power = Power.STOPPED if row["observed_power"] == "stopped" else Power.RUNNING
        since = _seconds(row["observed_at"])
        born = _seconds(row["created_at"]) + 5
        yield InstanceThere(row["external_id"], born, shapes.instance(machine), power, since, machine.bytes)
        for disk in machine.volumes:
            spec = VolumeSpec(
                disk.row["id"], disk.row["name"], machine.host.row["name"], STORAGE_POOL, disk.row["size_gib"]
            )
            holder = (row["external_id"], disk.row["device"]) if disk.row["instance_id"] else (None, None)
            at = _seconds(disk.row["observed_at"] - timedelta(seconds=1))
            yield VolumeThere(disk.row["external_id"], at, spec, disk.bytes, *holder)
        for snapshot in machine.snapshots:
            yield SnapshotThere(
                snapshot["external_id"],
                _seconds(snapshot["created_at"]),
                snapshot["id"],
                machine.host.row["name"],
                row["external_id"],
                snapshot["external"],
                snapshot["quiesced"],
                machine.snapshot_bytes,
            )
