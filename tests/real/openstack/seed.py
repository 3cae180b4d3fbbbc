"""What an installed cloud has: service users, a catalogue, a centre's project, a volume type, a way outside."""

from __future__ import annotations

from typing import Any

import openstack
import yaml
from openstack.connection import Connection

from tests.real.openstack.layout import REGION, Layout, write

PROJECT = "centre"
VOLUME_TYPE = "standard"
OUTSIDE = "outside"
# Service → type in the catalogue and path of its interface.
CATALOGUE = {
    "placement": ("placement", ""),
    "glance": ("image", ""),
    "neutron": ("network", ""),
    "nova": ("compute", "/v2.1"),
    "cinder": ("block-storage", "/v3"),
    "swift": ("object-store", "/v1/AUTH_%(project_id)s"),
}


def admin(layout: Layout) -> Connection:
    """The cloud's administrator, in a project of its own."""
    return _connect(layout, "admin", "admin", layout.passwords["admin"])


def centre(layout: Layout) -> Connection:
    """The administrator of the centre's project, by password."""
    return _connect(layout, PROJECT, "egovcloud", layout.passwords["centre"])


def _connect(layout: Layout, project: str, user: str, password: str) -> Connection:
    made: Connection = openstack.connect(
        load_envvars=False,
        load_yaml_config=False,
        auth_url=layout.auth_url,
        region_name=REGION,
        project_name=project,
        username=user,
        password=password,
        user_domain_id="default",
        project_domain_id="default",
        compute_api_version="2.96",
    )
    return made


def identity(layout: Layout) -> None:
    """Users and catalogue; services cannot start to talk before."""
    cloud = admin(layout).identity
    roles = {role.name: role for role in cloud.roles()}
    for name in ("service", "ResellerAdmin", "swiftoperator"):
        roles.setdefault(name, None)
        roles[name] = roles[name] or cloud.create_role(name=name)
    project = cloud.find_project("service") or cloud.create_project(name="service", domain_id="default")
    users = {user.name: user for user in cloud.users()}
    known = {service.name for service in cloud.services()}
    for name, (kind, path) in CATALOGUE.items():
        user = users.get(name) or _user(cloud, name, layout.passwords["service"], project.id)
        granted = ["admin", "service"] + (["ResellerAdmin"] if name in ("cinder", "nova") else [])
        for role in granted:
            cloud.assign_project_role_to_user(project, user, roles[role])
        if name not in known:
            service = cloud.create_service(name=name, type=kind)
            for interface in ("public", "internal"):
                url = layout.url(name, path)
                cloud.create_endpoint(service_id=service.id, interface=interface, url=url, region_id=REGION)
    ours = cloud.find_project(PROJECT) or cloud.create_project(name=PROJECT, domain_id="default")
    user = users.get("egovcloud") or _user(cloud, "egovcloud", layout.passwords["centre"], ours.id)
    for role in ("admin", "member"):
        cloud.assign_project_role_to_user(ours, user, roles[role])


def _user(cloud: Any, name: str, password: str, project_id: str) -> Any:
    return cloud.create_user(name=name, password=password, domain_id="default", default_project_id=project_id)


def resources(layout: Layout) -> None:
    """Limits out of the way, a volume type, an external network, and the file by which the driver logs in."""
    cloud, ours = admin(layout), centre(layout)
    project_id = ours.current_project_id
    cloud.set_compute_quotas(project_id, cores=-1, instances=-1, ram=-1)
    cloud.set_volume_quotas(project_id, volumes=-1, gigabytes=-1, snapshots=-1)
    unbound = ("security_group", "security_group_rule", "network", "subnet", "port", "router", "floatingip")
    cloud.set_network_quotas(project_id, **dict.fromkeys(unbound, -1))
    if cloud.block_storage.find_type(VOLUME_TYPE) is None:
        cloud.block_storage.create_type(name=VOLUME_TYPE, extra_specs={"volume_backend_name": "nfs1"})
    if cloud.network.find_network(OUTSIDE) is None:
        outside = cloud.network.create_network(
            name=OUTSIDE,
            is_router_external=True,
            provider_network_type="vlan",
            provider_physical_network="physnet1",
        )
        cloud.network.create_subnet(network_id=outside.id, ip_version=4, cidr="203.0.113.0/24", is_dhcp_enabled=False)
    _clouds(layout, ours)


def _clouds(layout: Layout, ours: Connection) -> None:
    """An application credential, whose secret is kept apart from the rest."""
    name = "egovcloud"
    user = ours.current_user_id
    for one in list(ours.identity.application_credentials(user)):
        if one.name == name:
            ours.identity.delete_application_credential(user, one)
    made = ours.identity.create_application_credential(user, name=name)
    public = {
        "auth_type": "v3applicationcredential",
        "auth": {"auth_url": layout.auth_url, "application_credential_id": made.id},
        "region_name": REGION,
    }
    write(layout.clouds, yaml.safe_dump({"clouds": {"bed": public}}))
    hidden = {"auth": {"application_credential_secret": made.secret}}
    write(layout.secure, yaml.safe_dump({"clouds": {"bed": hidden}}))
