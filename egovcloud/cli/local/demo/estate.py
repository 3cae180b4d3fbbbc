"""The register: the tree of departments, their projects and applications, and the groups that guard them."""

from __future__ import annotations

from datetime import datetime, timedelta

from egovcloud.cli.local.demo.city import App, City, Row
from egovcloud.cli.local.demo.data.systems import (
    ADMIN_NETWORK,
    COMMON,
    DISTRICT,
    GUARDS,
    NAMED,
    PORTS,
    PROFILES,
    System,
)
from egovcloud.cli.local.demo.data.tree import BUREAUS, CITY, DISTRICT_BUREAUS, DISTRICTS, INFORMATION


def tree(city: City, at: datetime) -> None:
    """市 → 委办局 → 处室, and 市 → 区 → 区级委办局; the chain of approval that fits it."""
    root = _department(city, at, None, *CITY, "city")
    for code, name, offices in BUREAUS:
        bureau = _department(city, at, root, code, name, "bureau")
        for office, title in (INFORMATION, *offices):
            _department(city, at, bureau, f"{code}-{office}", title, "office")
    for code, name in DISTRICTS:
        district = _department(city, at, root, code, name, "district")
        for own, title in DISTRICT_BUREAUS:
            bureau = _department(city, at, district, f"{code}-{own}", title.format(district=name), "bureau")
            _department(city, at, bureau, f"{code}-{own}-xxk", INFORMATION[1], "office")
    for position, level in enumerate(("office", "bureau", "district", "centre"), 1):
        city.add("approval_levels", {"position": position, "level": level})


def _department(city: City, at: datetime, parent: Row | None, code: str, name: str, kind: str) -> Row:
    row = city.entity(
        "departments",
        at + timedelta(seconds=len(city.departments)),
        parent_id=parent["id"] if parent else None,
        code=code,
        name=name,
        kind=kind,
        path=f"{parent['path'] if parent else '/'}{code}/",
    )
    city.departments[code] = row
    return row


def applications(city: City, at: datetime) -> None:
    """The plan's systems, then what every bureau and district runs."""
    owners = {system.owner.partition("/")[0] for system in NAMED}
    systems = list(NAMED)
    for code, owner, _ in BUREAUS:
        for name, slug, protection, recovery, weight, profile in COMMON:
            if code not in owners or slug != "yw":
                own = name.format(owner=owner)
                systems.append(
                    System(code, "部门信息化", own, f"{code}-{slug}", protection, recovery, weight, profile, "")
                )
    for code, district in DISTRICTS:
        for own, name, slug, protection, recovery, weight, profile in DISTRICT:
            owner = f"{code}-{own}"
            named = name.format(owner=district)
            systems.append(
                System(owner, "区级应用", named, f"{code}-{slug}", protection, recovery, weight, profile, "")
            )
    projects: dict[tuple[str, str], Row] = {}
    for place, system in enumerate(systems):
        born = at + timedelta(hours=place)
        code = system.owner.replace("/", "-")
        department = city.departments[code]
        key = (code, system.project)
        if key not in projects:
            projects[key] = city.entity(
                "projects", born, department_id=department["id"], name=system.project, description=""
            )
        city.apps.append(_application(city, born, system, department, projects[key]))
    for project in projects.values():
        guards = _groups(city, project)
        for app in city.apps:
            if app.project is project:
                app.groups = guards


def _application(city: City, at: datetime, system: System, department: Row, project: Row) -> App:
    bureau = system.owner.partition("/")[0]
    owner = city.draw.choice(city.members[bureau])
    row = city.entity(
        "applications",
        at,
        project_id=project["id"],
        department_id=department["id"],
        name=system.name,
        description=system.about,
        protection_level=system.protection,
        recovery_level=system.recovery,
        owner=owner["display_name"].partition("（")[0],
        contact=f"0512-6861{city.draw.randrange(1000, 9999)}",
    )
    return App(row, system, department, project, {})


def _groups(city: City, project: Row) -> dict[str, Row]:
    """One group for each kind of machine that the project's applications have, and one for administration."""
    profiles = {app.system.profile for app in city.apps if app.project is project}
    names = {GUARDS.get(role.name, "app") for profile in (*profiles, "recovery") for role in PROFILES[profile]}
    guards = {}
    for name in ("admin", *sorted(names)):
        about = {
            "admin": ("运维管理", "堡垒机登录与监控"),
            "web": ("接入层", "80/443 对外"),
            "app": ("应用层", "仅政务网段"),
            "db": ("数据库", "仅数据网段"),
            "data": ("中间件与存储", "仅数据网段"),
        }[name]
        at = project["created_at"] + timedelta(minutes=5)
        group = city.entity(
            "security_groups",
            at,
            project_id=project["id"],
            department_id=project["department_id"],
            name=about[0],
            description=about[1],
            state="active",
            deleted_at=None,
        )
        guards[name] = group
        if name == "admin":
            _rule(city, at, group, "tcp", 22, 22, ADMIN_NETWORK)
            _rule(city, at, group, "tcp", 9100, 9100, ADMIN_NETWORK)
            _rule(city, at, group, "icmp", None, None, "10.0.0.0/8")
        for protocol, port, source in PORTS.get(name, ()):
            _rule(city, at, group, protocol, port, port, source)
    return guards


def _rule(city: City, at: datetime, group: Row, protocol: str, low: int | None, high: int | None, cidr: str) -> None:
    city.add(
        "security_rules",
        {
            "id": city.draw.id(at),
            "security_group_id": group["id"],
            "direction": "ingress",
            "protocol": protocol,
            "port_min": low,
            "port_max": high,
            "cidr": cidr,
        },
    )
