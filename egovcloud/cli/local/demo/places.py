"""Sites, zones, hosts and what is offered on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Network

from egovcloud.cli.local.demo.city import City, HostRoom
from egovcloud.cli.local.demo.data.catalogue import (
    FLAVORS,
    IMAGES,
    NETWORKS,
    POOLS,
    RESERVED_MEMORY_MIB,
    SITES,
    STORAGE_POOL,
    ZONES,
    Model,
    Pool,
)
from egovcloud.drivers.base import Capability
from egovcloud.drivers.simulator import SimulatorStore

VERSION = "1"  # of the simulated hypervisor
DISK_RATIO = 1.5


def build(city: City, at: datetime, clouds: dict[str, str]) -> None:
    """Everything that stands in the two machine rooms; ``clouds`` are the files of the simulated clouds by site."""
    sites = {}
    for key, name, about in SITES:
        sites[key] = city.entity("sites", at, name=name, description=about)
    for key, site, name in ZONES:
        city.zones[key] = city.entity("zones", at, site_id=sites[site]["id"], name=name)
    site_of = {key: site for key, site, _ in ZONES}
    pools = {}
    for pool in POOLS:
        pools[pool.key] = city.entity(
            "host_pools",
            at,
            zone_id=city.zones[pool.zone]["id"],
            name=pool.name,
            vcpu_ratio=pool.vcpu_ratio,
            memory_ratio=1.0,
            disk_ratio=DISK_RATIO,
        )
    for key, name, _ in SITES:
        first = next(pool for pool in POOLS if site_of[pool.zone] == key)
        city.providers[key] = city.entity(
            "providers",
            at,
            name=f"sim-{key}",
            driver="simulator",
            config={
                "path": clouds[key],
                "host_pool_id": pools[first.key]["id"],
                "reserved_memory_mib": RESERVED_MEMORY_MIB,
            },
            site_id=sites[key]["id"],
            enabled=True,
            capabilities=sorted(
                str(one) for one in (*Capability, *SimulatorStore.capabilities) if one is not Capability.TENANCY
            ),
            checked_at=city.now,
            detail="",
            latency_ms=12,
            allowances=[],
            strays={},
            problem=None,
        )
        del name
    for pool in POOLS:
        for number, model in enumerate(pool.models, 1):
            _host(city, at, pool, pools[pool.key]["id"], site_of[pool.zone], number, model)


def _host(city: City, at: datetime, pool: Pool, pool_id: str, site: str, number: int, model: Model) -> None:
    born = at + timedelta(days=number, minutes=len(city.hosts))
    name = f"{pool.prefix}-{number:02d}"
    host = city.entity(
        "hosts",
        born,
        name=name,
        provider_id=city.providers[site]["id"],
        host_pool_id=pool_id,
        state="enabled",
        health="up",
        hypervisor=f"simulator {VERSION}",
        vcpus=model.vcpus,
        memory_mib=model.memory_gib * 1024,
        vcpus_allocated=0,
        memory_allocated_mib=0,
        reserved_memory_mib=RESERVED_MEMORY_MIB,
        seen_at=city.now,
        detail="",
    )
    storage = city.entity(
        "storage_pools",
        born,
        host_id=host["id"],
        name=STORAGE_POOL,
        kind="simulated",
        tier=pool.tier,
        shared=False,
        capacity_gib=float(model.storage_gib),
        used_gib=0.0,
        allocated_gib=0,
    )
    likes = city.draw.uniform(1.0, 3.2)
    city.hosts[name] = HostRoom(host, storage, pool.zone, pool.key, site, pool.vcpu_ratio, likes)


def offer(city: City, at: datetime) -> None:
    """Networks, flavors and images."""
    for key, name, zone, cidr, bridge in NETWORKS:
        net = IPv4Network(cidr)
        network = city.entity(
            "networks",
            at,
            name=name,
            state="active",
            mode="bridged",
            cidr=cidr,
            gateway=str(net.network_address + 1),
            bridge=bridge,
            zone_id=city.zones[zone]["id"],
            department_id=None,
            deleted_at=None,
        )
        city.networks[key] = {**network, "zone": zone}
        first, last = int(net.network_address) + 2, int(net.broadcast_address) - 1
        city.addresses[network["id"]] = list(range(first, last + 1))  # sorted is a heap
    for key, name, vcpus, memory_gib, disk_gib, enabled in FLAVORS:
        city.flavors[key] = city.entity(
            "flavors", at, name=name, vcpus=vcpus, memory_mib=memory_gib * 1024, disk_gib=disk_gib, enabled=enabled
        )
    for picture in IMAGES:
        city.images[picture.key] = city.entity(
            "images",
            at,
            name=picture.name,
            state="retired" if picture.retired else "active",
            visibility="department" if picture.owner else "public",
            department_id=city.departments[picture.owner]["id"] if picture.owner else None,
            format="qcow2",
            firmware=picture.firmware,
            disk=f"sim:{picture.key}",
            kernel=None,
            initrd=None,
            cmdline=None,
            sha256=city.draw.hex(64),
            size_bytes=int(picture.size_gib * 1024**3),
            min_disk_gib=picture.min_disk_gib,
            source=picture.source,
            login_user=picture.login,
            deleted_at=None,
        )
