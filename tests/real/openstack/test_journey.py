"""The first journey on a real cloud: a bureau's request becomes servers, volumes and addresses, and they go again.

What became of it is looked up by openstacksdk alone, past the driver and the proxies.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.hosts import until
from tests.real.openstack import seed
from tests.real.openstack.layout import Layout
from tests.real.openstack.office import LONG, Office, opened
from tests.real.openstack.through import Way


@pytest.fixture
def office(way: Way, layout: Layout, tmp_path: Path) -> Iterator[Office]:
    with opened(way, layout, tmp_path) as office:
        yield office


def _asked(office: Office) -> list[Any]:
    """Two machines with a volume each, asked for by the bureau and approved by both levels; as they are shown then."""
    ids, member = office.ids, office.member
    item = {
        "kind": "instance",
        "name": "shjz",
        "count": 2,
        "flavor_id": ids["small"],
        "image_id": ids["image"],
        "network_ids": [ids["network"]],
        "security_group_ids": [ids["group"]],
        "ssh_key_ids": [],
        "zone_id": ids["zone"],
        "anti_affinity": True,
        "user_data": "#cloud-config\npackages: [nginx]\n",
        "volumes": [{"name": "data", "size_gib": 1}],
    }
    body = {"title": "社会救助系统上云", "purpose": "低保", "project_id": ids["project"], "items": [item]}
    request = office.make(member, "/requests", **body)
    path = f"/requests/{request['id']}"
    member.ok(member.post(f"{path}/submit"))
    for who in (office.chief, office.officer):
        who.ok(who.post(f"{path}/approve", {"comment": "同意"}))
    until("the end of the request", lambda: office.see(path)["state"] in ("fulfilled", "failed"), limit=LONG, every=0.2)
    assert office.see(path)["state"] == "fulfilled"
    return office.every("/instances", f"request_id={request['id']}")


def test_a_bureaus_request_on_a_real_cloud(office: Office, layout: Layout) -> None:
    cloud = seed.centre(layout)

    def server_of(instance: Any) -> Any:
        (found,) = [one for one in cloud.compute.servers() if dict(one.metadata).get("egov_id") == instance["id"]]
        return cloud.compute.get_server(found.id)

    def disks(instance: Any) -> list[Any]:
        """Volumes of the server's that bear our mark: a root disk may be another one."""
        held = [cloud.block_storage.get_volume(one.id) for one in server_of(instance).attached_volumes]
        return [one for one in held if "egov_id" in dict(one.metadata)]

    machines = _asked(office)
    assert [one["state"] for one in machines] == ["active", "active"]
    # Asked to be apart, so that one host can fail.
    assert len({one["host"]["name"] for one in machines}) == 2
    for one in machines:
        server = server_of(one)
        assert server.status == "ACTIVE"
        assert server.hypervisor_hostname == one["host"]["name"]
        addresses = {port["addr"] for ports in server.addresses.values() for port in ports}
        assert addresses == set(one["addresses"])
        (held,) = disks(one)
        assert held.status == "in-use"

    first, second = machines
    path = f"/instances/{first['id']}"
    (volume,) = office.every("/volumes", f"instance_id={first['id']}")
    office.run(f"{path}/stop", {"force": True})
    assert server_of(first).status == "SHUTOFF"
    office.run(f"{path}/resize", {"flavor_id": office.ids["large"]})
    flavor = server_of(first).flavor
    assert (flavor.vcpus, flavor.ram) == (2, 512)
    office.run(f"{path}/start")
    assert server_of(first).status == "ACTIVE"
    office.run(f"/volumes/{volume['id']}/grow", {"size_gib": 2})
    office.run(f"/volumes/{volume['id']}/detach")
    assert not disks(first)
    office.run(f"/volumes/{volume['id']}/attach", {"instance_id": second["id"]})
    assert len(disks(second)) == 2
    office.run(f"/instances/{second['id']}/reboot", {"force": False})

    for machine in machines:
        office.run(f"/instances/{machine['id']}?confirm={machine['name']}", method="DELETE")
    for one in office.every("/volumes"):
        office.run(f"/volumes/{one['id']}?confirm={one['name']}", method="DELETE")
    known = {one["id"] for one in machines}
    assert not [one for one in cloud.compute.servers() if dict(one.metadata).get("egov_id") in known]
    assert not [one for one in cloud.block_storage.volumes() if dict(one.metadata).get("egov_id") == volume["id"]]
    assert not [one for one in cloud.network.ports() if str(one.description).rpartition("/")[2] in known]
    used = office.see(f"/quotas/{office.ids['bureau']}")["resources"]
    assert all((resource["reserved"], resource["committed"]) == (0, 0) for resource in used), used


def test_what_changes_behind_our_back_is_seen(office: Office, layout: Layout) -> None:
    cloud = seed.centre(layout)
    machine = office.run("/instances", office.machine("watched"))["subject"]["id"]
    (server,) = [one for one in cloud.compute.servers() if dict(one.metadata).get("egov_id") == machine]
    stray = cloud.network.create_network(name=f"stray-{machine}")
    try:
        cloud.compute.stop_server(server.id)
        state = lambda: office.see(f"/instances/{machine}")["state"]  # noqa: E731
        until("the stop is seen", lambda: state() == "stopped", limit=LONG, every=0.2)
        cloud.compute.delete_server(server.id)
        until("the loss is seen", lambda: state() == "error", limit=LONG, every=0.2)
        assert office.see(f"/instances/{machine}")["error"]["code"] == "instance.gone"
        assert cloud.network.find_network(stray.id) is not None
    finally:
        cloud.network.delete_network(stray.id)
