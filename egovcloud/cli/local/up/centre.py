"""What a new centre starts with: its tree, its first people, this machine as its first host, and a catalogue."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

from egovcloud.cli.local.guest.image import GuestImage
from egovcloud.cli.local.main import Local
from egovcloud.cli.local.up import hypervisor
from egovcloud.cli.local.up.places import POOL, Places
from egovcloud.cli.local.up.report import step, wait_for
from egovcloud.domain.quota import RESOURCES
from egovcloud.services import application as applications
from egovcloud.services import (
    department,
    flavor,
    host_pool,
    installation,
    network,
    project,
    quota,
    site,
    zone,
)
from egovcloud.services import image as images
from egovcloud.services import provider as providers
from egovcloud.services.actor import SYSTEM
from egovcloud.services.house import House
from egovcloud.services.listing import ListQuery

ROOT = ("city", "市政务计算中心")
# (code, name, kind, parent)
DEPARTMENTS = (
    ("mzj", "民政局", "bureau", "city"),
    ("mzj-xxk", "民政局信息科", "office", "mzj"),
    ("mzj-jzc", "民政局社会救助处", "office", "mzj"),
    ("rsj", "人力资源和社会保障局", "bureau", "city"),
    ("wjw", "卫生健康委员会", "bureau", "city"),
    ("jyj", "教育局", "bureau", "city"),
)
# (username, name, department, roles as (role, department))
PEOPLE = (
    ("admin", "系统管理员", "city", (("system_admin", "city"), ("operator", "city"))),
    ("security", "安全管理员", "city", (("security_admin", "city"),)),
    ("auditor", "审计管理员", "city", (("audit_admin", "city"),)),
    ("centre", "中心审批人", "city", (("centre_approver", "city"),)),
    ("mz-chief", "民政局审批人", "mzj", (("department_approver", "mzj"),)),
    ("mz-it", "民政局信息科", "mzj-xxk", (("member", "mzj"), ("viewer", "mzj"))),
)
LIMITS = {
    "instances": 20,
    "vcpus": 40,
    "memory_mib": 32768,
    "volume_gib": 500,
    "addresses": 40,
    "object_gib": 500,
    "buckets": 20,
}
FLAVORS = (("micro", 1, 192, 1), ("small", 1, 1024, 10), ("medium", 2, 4096, 40), ("large", 4, 8192, 80))
PROJECT = "社会救助"
APPLICATION = "社会救助系统"
NETWORK = "政务外网"
PROVIDER = "local"


def establish(here: Local, places: Places, built: GuestImage, virt: str) -> None:
    """Everything that is missing; nothing that is there is changed."""
    house: House = here.house
    with step("Centre: departments, people, catalogue") as said:
        if installation.configured(house, "libvirt"):
            said.append("already there")
            return
        root = here.found(*ROOT)
        codes = _departments(house, root)
        _people(here, places)
        _catalogue(house, places, built)
        zone_id = _place(house, places, virt)
        network.create(
            house,
            SYSTEM,
            name=NETWORK,
            mode="nat",
            cidr=hypervisor.network_range(),
            gateway=None,
            bridge=None,
            zone_id=zone_id,
            department_id=None,
        )
        _project(house, codes["mzj"])
        said.append(f"{len(codes)} departments, {len(PEOPLE)} people")


def await_look(house: House, *, since: datetime) -> None:
    """Until the reconcile loop has looked at this machine: what it holds may have changed while nobody looked."""

    with step("Inventory: hosts, pools, what runs there"):
        wait_for(lambda: installation.looked_at(house, since=since), "the first look at this machine", 60)


def _departments(house: House, root: str) -> dict[str, str]:
    codes = {**installation.departments(house), ROOT[0]: root}
    for code, name, kind, parent in DEPARTMENTS:
        if code not in codes:
            made = department.create(house, SYSTEM, parent_id=codes[parent], code=code, name=name, kind=kind)
            codes[code] = made["id"]
    for code, _, kind, _ in DEPARTMENTS:
        if kind == "bureau":
            quota.set_limits(house, SYSTEM, codes[code], {resource: LIMITS[resource] for resource in RESOURCES})
    return codes


def _people(here: Local, places: Places) -> None:
    """One-time passwords go to a file that only its owner reads, each as soon as it exists."""
    known = installation.usernames(here.house)
    handle = os.open(places.passwords, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for username, name, home, roles in PEOPLE:
            if username not in known:
                password = here.create_user(username, name, home, list(roles), "zh")
                file.write(f"{username}\t{password}\t{name}\n")
                file.flush()


def _catalogue(house: House, places: Places, built: GuestImage) -> None:
    for name, vcpus, memory, disk in FLAVORS:
        flavor.create(house, SYSTEM, name=name, vcpus=vcpus, memory_mib=memory, disk_gib=disk)
    directory = Path(built.directory)
    for variant in built.variants:
        direct = variant.boot == "direct"
        images.create(
            house,
            SYSTEM,
            [places.images],
            name=f"Debian {variant.name}",
            disk=str(directory / variant.disk),
            format="qcow2",
            firmware=variant.boot,
            kernel=str(directory / variant.kernel) if direct else None,
            initrd=str(directory / variant.initrd) if direct else None,
            cmdline=variant.cmdline if direct else None,
            sha256=built.files[variant.disk].sha256,
            visibility="public",
            department_id=None,
            min_disk_gib=1,
            login_user="root",
            source="built from Debian packages by egovcloud image build",
        )


def _place(house: House, places: Places, virt: str) -> str:
    """Site, zone, host pool, and this machine as the first host; returns the zone."""
    site_id = site.create(house, SYSTEM, name="主中心", description="")["id"]
    zone_id: str = zone.create(house, SYSTEM, site_id=site_id, name="政务外网区")["id"]
    pool = host_pool.create(
        house, SYSTEM, zone_id=zone_id, name="通用", vcpu_ratio=4.0, memory_ratio=1.0, disk_ratio=1.5
    )
    config = provider_config(places, pool["id"], virt)
    providers.create(house, SYSTEM, name=PROVIDER, driver="libvirt", config=config, site_id=site_id)
    return zone_id


def provider_config(places: Places, host_pool_id: str, virt: str) -> dict[str, Any]:
    """This machine as a libvirt provider; a gigabyte of its memory is kept for itself."""
    host = {
        "uri": hypervisor.uri(places),
        "virt": virt,
        "state_dir": str(places.libvirt),
        "pools": {POOL: {"kind": "dir", "target": str(places.pool)}},
    }
    return {"host_pool_id": host_pool_id, "reserved_memory_mib": 1024, "hosts": {socket.gethostname(): host}}


def _project(house: House, department_id: str) -> None:
    known = [row for row in project.page(house, SYSTEM, ListQuery(limit=200)).items if row["name"] == PROJECT]
    if not known:
        made = project.create(house, SYSTEM, department_id=department_id, name=PROJECT, description="城乡居民社会救助")
        applications.create(
            house,
            SYSTEM,
            project_id=made["id"],
            name=APPLICATION,
            description="",
            protection_level=3,
            recovery_level=3,
            owner="民政局社会救助处",
            contact="",
        )
