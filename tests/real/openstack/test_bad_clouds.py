"""Clouds that are wrong, full, forbidding or half there: one clear error each, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import TenantSpec
from egovcloud.drivers.openstack import CloudConfig, OpenStackDriver
from tests.real.openstack import seed
from tests.real.openstack.centre import HOST, LIMIT, Centre, new_id
from tests.real.openstack.layout import REGION, Layout, write
from tests.real.openstack.proxy import Rule
from tests.real.openstack.through import Way, proxied

HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def centre(way: Way, layout: Layout, tmp_path: Path) -> Iterator[Centre]:
    centre = Centre(way.driver(f"bad clouds {new_id()}"), layout, tmp_path)
    yield centre
    centre.clean()


def edited(way: Way, directory: Path, change: Callable[[dict[str, Any]], None], **options: Any) -> OpenStackDriver:
    """A driver by a file in which something is different."""
    document = yaml.safe_load(Path(way.config.clouds_file or "").read_text())
    secret = yaml.safe_load(Path(way.config.secure_file or "").read_text())
    cloud = document["clouds"]["bed"]
    cloud["auth"].update(secret["clouds"]["bed"]["auth"])
    change(cloud)
    path = directory / f"{new_id()}.yaml"
    write(path, yaml.safe_dump(document))
    empty = directory / "empty.yaml"
    write(empty, "clouds: {bed: {}}\n")
    config = replace(way.config, clouds_file=str(path), secure_file=str(empty), **options)
    return OpenStackDriver(f"edited {new_id()}", config)


def problem(call: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        call()
    assert caught.value.text("en")
    assert caught.value.text("zh") != caught.value.text("en")
    return caught.value


def _password(layout: Layout, password: str) -> Callable[[dict[str, Any]], None]:
    def change(cloud: dict[str, Any]) -> None:
        cloud["auth_type"] = "password"
        cloud["auth"] = {
            "auth_url": cloud["auth"]["auth_url"],
            "username": "egovcloud",
            "password": password,
            "project_name": seed.PROJECT,
            "user_domain_id": "default",
            "project_domain_id": "default",
        }

    return change


def test_password(way: Way, layout: Layout, tmp_path: Path) -> None:
    right = edited(way, tmp_path, _password(layout, layout.passwords["centre"]))
    assert right.hosts(within=LIMIT)
    wrong = edited(way, tmp_path, _password(layout, "guessed"))
    caught = problem(lambda: wrong.hosts(within=LIMIT))
    assert (caught.kind, caught.code) == ("permanent", "cloud.credentials")
    assert "guessed" not in caught.text("en")


def test_region_that_the_catalogue_does_not_have(way: Way, tmp_path: Path) -> None:
    def change(cloud: dict[str, Any]) -> None:
        for key in [key for key in cloud if key.endswith("_endpoint_override")]:
            del cloud[key]
        cloud["region_name"] = "Atlantis"

    driver = edited(way, tmp_path, change)
    caught = problem(lambda: driver.hosts(within=LIMIT))
    assert (caught.kind, caught.code) == ("permanent", "cloud.no_service")
    assert "Atlantis" in caught.text("en")


def test_catalogue_without_cinder(way: Way, centre: Centre, tmp_path: Path) -> None:
    """What needs no volumes still works."""

    def change(cloud: dict[str, Any]) -> None:
        del cloud["block_storage_endpoint_override"]
        cloud["block_storage_service_type"] = "no-such-service"

    driver = edited(way, tmp_path, change)
    assert driver.hosts(within=LIMIT)
    caught = problem(lambda: driver.create_volume(centre.volume_spec(), within=LIMIT))
    assert (caught.kind, caught.code) == ("permanent", "cloud.no_service")


def test_nobody_listens(way: Way, tmp_path: Path) -> None:
    def change(cloud: dict[str, Any]) -> None:
        cloud["compute_endpoint_override"] = "http://127.0.0.1:9/v2.1"

    driver = edited(way, tmp_path, change)
    caught = problem(lambda: driver.hosts(within=LIMIT))
    assert (caught.kind, caught.code) == ("transient", "driver.unreachable")


@pytest.mark.parametrize("status", [200, 404, 503])
def test_page_of_something_in_between(way: Way, centre: Centre, status: int) -> None:
    spec = centre.volume_spec()
    rule = Rule("cinder", "POST", "/volumes", "answer", answer=(status, HTML, b"<html>Maintenance</html>"))
    with way.traffic.failing(rule):
        caught = problem(lambda: centre.driver.create_volume(spec, within=LIMIT))
    assert (caught.kind, caught.code) == ("transient", "cloud.not_an_api")
    centre.driver.create_volume(spec, within=LIMIT)
    assert len(centre.volumes(spec.id)) == 1


def test_asked_to_slow_down(way: Way, centre: Centre) -> None:
    body = b'{"overLimit": {"code": 429, "message": "slow down"}}'
    rule = Rule("nova", "GET", "/os-hypervisors", "answer", answer=(429, {**JSON, "Retry-After": "7"}, body))
    with way.traffic.failing(rule):
        caught = problem(lambda: centre.driver.hosts(within=LIMIT))
    assert (caught.kind, caught.code, getattr(caught, "retry_after", 0)) == ("transient", "cloud.rate", 7.0)


def test_token_that_expires_in_mid_operation_is_renewed(way: Way, centre: Centre) -> None:
    """The services refuse the token at each kind of request of a creation, once."""
    spec = centre.instance_spec()
    body = b'{"error": {"code": 401, "message": "The token has expired."}}'
    answer = (401, {**JSON, "WWW-Authenticate": "Keystone"}, body)
    rules = [
        Rule(service, method, path, "answer", answer=answer)
        for service, method, path in (
            ("nova", "GET", "/servers/detail"),
            ("neutron", "POST", "/ports$"),
            ("nova", "POST", "/servers$"),
            ("nova", "GET", "/servers/[0-9a-f-]{36}$"),
        )
    ]
    with way.traffic.failing(*rules):
        centre.driver.create_instance(spec, within=LIMIT)
    assert [rule.struck for rule in rules] == [1, 1, 1, 1]
    assert len(centre.servers(spec.id)) == 1


def test_quota_that_is_full_there(layout: Layout, tmp_path: Path) -> None:
    tenant = TenantSpec(new_id(), "full", (("instances", 0), ("volume_gib", 0)))
    with proxied(layout, tmp_path, tenancy=True) as apart:
        centre = Centre(apart.driver(f"full {new_id()}"), layout, tmp_path)
        try:
            centre.driver.ensure_tenant(tenant, within=LIMIT)
            spec = replace(centre.instance_spec(), tenant=tenant.id)
            volume = replace(centre.volume_spec(), tenant=tenant.id)
            full = problem(lambda: centre.driver.create_instance(spec, within=LIMIT))
            no_volume = problem(lambda: centre.driver.create_volume(volume, within=LIMIT))
        finally:
            centre.clean()
    assert (full.kind, full.code) == ("quota_exceeded", "cloud.quota")
    assert (no_volume.kind, no_volume.code) == ("quota_exceeded", "cloud.quota")
    assert centre.servers(spec.id) == []
    assert centre.ports(spec.id) == []
    assert centre.volumes(volume.id) == []


def test_host_without_room(centre: Centre) -> None:
    spec = replace(centre.instance_spec(), memory_mib=8_000_000)
    caught = problem(lambda: centre.driver.create_instance(spec, within=LIMIT))
    assert (caught.kind, caught.code) == ("quota_exceeded", "cloud.no_room")
    assert centre.servers(spec.id) == []
    assert centre.ports(spec.id) == []


def test_flavor_that_vanished(way: Way, centre: Centre) -> None:
    """Between approval and creation: made again, or named where we may not make one."""
    spec = replace(centre.instance_spec(), vcpus=3)
    centre.driver.create_instance(spec, within=LIMIT)
    centre.sdk.compute.delete_flavor("egov-3c-256m-1g")
    again = replace(centre.instance_spec(), vcpus=3)
    centre.driver.create_instance(again, within=LIMIT)
    assert len(centre.servers(again.id)) == 1
    strict = OpenStackDriver(centre.driver.installation, replace(way.config, make_flavors=False))
    odd = replace(centre.instance_spec(), vcpus=7)
    caught = problem(lambda: strict.create_instance(odd, within=LIMIT))
    assert (caught.kind, caught.code) == ("permanent", "cloud.no_flavor")
    assert centre.ports(odd.id) == []


def test_policy_that_forbids(way: Way, centre: Centre, layout: Layout, tmp_path: Path) -> None:
    """A plain member may not see compute hosts."""
    identity = seed.admin(layout).identity
    name, project = f"member {new_id()}", centre.sdk.current_project_id
    user = identity.create_user(name=name, password=layout.passwords["service"], domain_id="default")
    try:
        identity.assign_project_role_to_user(project, user, identity.find_role("member"))

        def change(cloud: dict[str, Any]) -> None:
            _password(layout, layout.passwords["service"])(cloud)
            cloud["auth"]["username"] = name

        driver = edited(way, tmp_path, change)
        caught = problem(lambda: driver.hosts(within=LIMIT))
    finally:
        identity.delete_user(user)
    assert (caught.kind, caught.code) == ("forbidden", "cloud.policy")


def test_login_that_cannot_leave_its_project(way: Way) -> None:
    """Projects are to be kept apart, and the login is an application credential."""
    driver = OpenStackDriver("bound", replace(way.config, tenancy=True))
    caught = problem(lambda: driver.hosts(within=LIMIT))
    assert (caught.kind, caught.code) == ("permanent", "cloud.tenancy")


def test_limit_holds_while_a_service_trickles_nothing(way: Way, centre: Centre) -> None:
    centre.driver.hosts(within=LIMIT)
    with way.traffic.silent():
        caught = problem(lambda: centre.driver.list_owned(HOST, within=0.3))
        unreachable = centre.driver.hosts(within=0.3)
    assert (caught.kind, caught.code) == ("transient", "driver.timeout")
    assert {one.reachable for one in unreachable} == {False}
    assert {one.reachable for one in centre.driver.hosts(within=LIMIT)} == {True}


def test_several_regions_are_several_providers(way: Way) -> None:
    """One file, two entries: each driver keeps to its own."""
    here = OpenStackDriver("regions", replace(way.config, region=REGION))
    there = OpenStackDriver("regions", CloudConfig("nowhere", clouds_file=way.config.clouds_file))
    assert here.hosts(within=LIMIT)
    assert problem(lambda: there.hosts(within=LIMIT)).code == "cloud.config"
    assert here.hosts(within=LIMIT)
