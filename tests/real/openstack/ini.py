"""Configuration files of services, and the sections that many of them share."""

from __future__ import annotations

from collections.abc import Mapping

from tests.real.openstack.layout import REGION, Layout, write

Section = Mapping[str, object]
Sections = dict[str, Section]

MESSAGING: Section = {"heartbeat_in_pthread": "false", "rabbit_quorum_queue": "false"}
SILENT: Section = {"driver": "noop"}


def save(layout: Layout, path: str, sections: Mapping[str, Section]) -> None:
    """Write ``sections`` below the bed's ``etc``."""
    lines: list[str] = []
    for name, values in sections.items():
        lines += [f"[{name}]", *(f"{key} = {value}" for key, value in values.items()), ""]
    write(layout.etc / path, "\n".join(lines))


def database(layout: Layout, name: str) -> Section:
    secret, port = layout.passwords["database"], layout.ports["mariadb"]
    url = f"mysql+pymysql://openstack:{secret}@127.0.0.1:{port}/{name}?charset=utf8"
    return {"connection": url, "max_pool_size": 20, "max_overflow": 40}


def transport(layout: Layout) -> str:
    return f"rabbit://openstack:{layout.passwords['rabbitmq']}@127.0.0.1:{layout.ports['rabbitmq']}/"


def login(layout: Layout, user: str) -> dict[str, object]:
    """The credentials of a service's own user."""
    return {
        "auth_type": "password",
        "auth_url": layout.auth_url,
        "username": user,
        "password": layout.passwords["service"],
        "project_name": "service",
        "user_domain_id": "default",
        "project_domain_id": "default",
        "region_name": REGION,
    }


def token_check(layout: Layout, user: str) -> Section:
    return {
        **login(layout, user),
        "www_authenticate_uri": layout.url("keystone"),
        "memcached_servers": f"127.0.0.1:{layout.ports['memcached']}",
        "service_token_roles": "service",
        "service_token_roles_required": "true",
    }


def service_user(layout: Layout, user: str) -> Section:
    return {"send_service_user_token": "true", **login(layout, user)}


def locks(layout: Layout, service: str) -> Section:
    folder = layout.data / "lock" / service
    folder.mkdir(parents=True, exist_ok=True)
    return {"lock_path": folder}
