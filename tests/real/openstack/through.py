"""A driver whose every request passes the proxies, and the cloud's file by which it finds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import yaml

from egovcloud.drivers.openstack import CloudConfig, OpenStackDriver, PoolConfig, SwiftConfig
from tests.real.openstack import seed
from tests.real.openstack.layout import Layout, write
from tests.real.openstack.proxy import Proxy, Traffic

# Service → key of its address in clouds.yaml, and the version in that address.
_ADDRESSES = {
    "nova": ("compute_endpoint_override", "/v2.1"),
    "neutron": ("network_endpoint_override", "/v2.0"),
    "glance": ("image_endpoint_override", "/v2"),
    "cinder": ("block_storage_endpoint_override", "/v3"),
}
POOLS = {
    "local": PoolConfig(seed.VOLUME_TYPE, root="hypervisor"),
    "shared": PoolConfig(seed.VOLUME_TYPE, root="volume"),
}


class Way:
    """Where the driver's requests go through: ``traffic`` has the switches, ``config`` is the driver's."""

    def __init__(self, layout: Layout, directory: Path, *, tenancy: bool = False) -> None:
        self.traffic = Traffic()
        self._layout, self._directory = layout, directory
        self._proxies = {
            name: Proxy(name, layout.ports[name], self.traffic) for name in (*_ADDRESSES, "keystone", "swift")
        }
        document = yaml.safe_load(layout.clouds.read_text())
        cloud = document["clouds"]["bed"]
        secure = layout.secure
        if tenancy:  # no application credential gets out of its project
            secure = directory / "secure.yaml"
            write(secure, yaml.safe_dump({"clouds": {"bed": {"auth": {"password": layout.passwords["centre"]}}}}))
            cloud["auth_type"] = "password"
            cloud["auth"] = {"username": "egovcloud", "project_name": seed.PROJECT}
            cloud["auth"] |= {"user_domain_id": "default", "project_domain_id": "default"}
        cloud["auth"]["auth_url"] = f"http://127.0.0.1:{self._proxies['keystone'].port}/v3"
        cloud["identity_endpoint_override"] = cloud["auth"]["auth_url"]
        for name, (key, version) in _ADDRESSES.items():
            cloud[key] = f"http://127.0.0.1:{self._proxies[name].port}{version}"
        clouds = directory / "clouds.yaml"
        write(clouds, yaml.safe_dump(document))
        self.config = CloudConfig(
            "bed",
            clouds_file=str(clouds),
            secure_file=str(secure),
            pools=POOLS,
            external_network=seed.OUTSIDE,
            visibility=5.0,
            tenancy=tenancy,
        )

    def driver(self, installation: str) -> OpenStackDriver:
        return OpenStackDriver(installation, self.config)

    @cached_property
    def buckets(self) -> SwiftConfig:
        """The same cloud's object storage; an account's address in the catalogue ends with the project's id."""
        document = yaml.safe_load(Path(str(self.config.clouds_file)).read_text())
        account = (
            f"http://127.0.0.1:{self._proxies['swift'].port}/v1/AUTH_{seed.centre(self._layout).current_project_id}"
        )
        document["clouds"]["bed"]["object_store_endpoint_override"] = account
        clouds = self._directory / "swift.yaml"
        write(clouds, yaml.safe_dump(document))
        return SwiftConfig(replace(self.config, clouds_file=str(clouds)))

    def close(self) -> None:
        for proxy in self._proxies.values():
            proxy.close()


@contextmanager
def proxied(layout: Layout, directory: Path, *, tenancy: bool = False) -> Iterator[Way]:
    """``tenancy``: our projects are kept apart, each in a project of the cloud's own."""
    way = Way(layout, directory, tenancy=tenancy)
    try:
        yield way
    finally:
        way.close()
