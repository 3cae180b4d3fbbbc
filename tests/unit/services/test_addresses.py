"""Addresses are lowest first, never given twice, and never the network's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, QuotaExceeded
from egovcloud.domain.ids import derived_id, mac_address, new_id
from egovcloud.services.addresses import add_ports, allocate, total_addresses
from egovcloud.store.database import Database
from egovcloud.store.models import Department, Flavor, Image, Instance, Network, Port, Project

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def world(session: Session, cidr: str = "10.0.0.0/29", gateway: str = "10.0.0.1") -> tuple[Network, Project]:
    stamps = {"created_at": NOW, "updated_at": NOW}
    root = Department(id=new_id(), code="city", name="市", kind="city", path="/city/", **stamps)
    session.add(root)
    session.flush()
    project = Project(id=new_id(), department_id=root.id, name="p", **stamps)
    network = Network(id=new_id(), name="n", mode="nat", cidr=cidr, gateway=gateway, state="active", **stamps)
    flavor = Flavor(id="f", name="s", vcpus=1, memory_mib=512, disk_gib=1, **stamps)
    image = Image(id="i", name="debian", disk="/d", sha256="0" * 64, **stamps)
    session.add_all([project, network, flavor, image])
    session.flush()
    return network, project


def machine(session: Session, project: Project, name: str) -> Instance:
    row = Instance(
        id=new_id(), name=name, hostname=name, department_id=project.department_id, project_id=project.id,
        flavor_id="f", image_id="i", vcpus=1, memory_mib=512, disk_gib=1, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    session.add(row)
    return row


def test_lowest_free_addresses_skip_network_gateway_and_broadcast(database: Database) -> None:
    with database.unit() as session:
        network, _ = world(session, gateway="10.0.0.3")
        assert total_addresses(network.cidr) == 5
        assert allocate(session, network, 3) == ["10.0.0.1", "10.0.0.2", "10.0.0.4"]
        assert allocate(session, network, 2) == ["10.0.0.5", "10.0.0.6"]
        with pytest.raises(QuotaExceeded) as refusal:
            allocate(session, network, 1)
        assert refusal.value.params == {"network": "n", "total": 5}


def test_what_is_rolled_back_is_free_again(database: Database) -> None:
    with database.unit() as session:
        network, _ = world(session)
    with database.read() as session:
        assert allocate(session, session.get_one(Network, network.id), 2) == ["10.0.0.2", "10.0.0.3"]
    with database.unit() as session:
        assert allocate(session, session.get_one(Network, network.id), 1) == ["10.0.0.2"]


def test_ports_follow_one_another_and_a_gap_is_filled(database: Database) -> None:
    with database.unit() as session:
        network, project = world(session)
        first, second = machine(session, project, "Web-1"), machine(session, project, "web-2")
        (port,) = add_ports(session, [first], [network], NOW)
        assert (port.id, port.address) == (derived_id(first.id, network.id), "10.0.0.2")
        assert first.search == "web-1 web-1 10.0.0.2"
        assert add_ports(session, [second], [network], NOW)[0].address == "10.0.0.3"
        network_id, second_id = network.id, second.id
    with database.unit() as session:
        session.delete(session.get_one(Port, port.id))
        session.flush()
        third = machine(session, session.get_one(Project, project.id), "web-3")
        assert add_ports(session, [third], [session.get_one(Network, network_id)], NOW)[0].address == "10.0.0.2"
        assert session.scalars(select(Port.address).where(Port.instance_id == second_id)).all() == ["10.0.0.3"]


def test_two_ports_whose_ids_give_the_same_mac_get_different_ones(database: Database) -> None:
    with database.unit() as session:
        network, project = world(session)
        first, second = machine(session, project, "a"), machine(session, project, "b")
        (port,) = add_ports(session, [first], [network], NOW)
        port.mac = mac_address(derived_id(second.id, network.id))
        session.flush()
        (other,) = add_ports(session, [second], [network], NOW)
        assert other.mac != port.mac
        assert other.mac.startswith("52:54:00:")


def test_many_ports_at_once_are_each_in_its_place(database: Database) -> None:
    with database.unit() as session:
        network, project = world(session)
        other = Network(
            id=new_id(), name="o", mode="nat", cidr="10.1.0.0/29", gateway="10.1.0.1", state="active",
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(other)
        first, second = machine(session, project, "a"), machine(session, project, "b")
        ports = add_ports(session, [first, second], [other, network], NOW)
        seen = [(port.instance_id, port.network_id, port.position, port.address) for port in ports]
        assert seen == [
            (first.id, other.id, 0, "10.1.0.2"),
            (first.id, network.id, 1, "10.0.0.2"),
            (second.id, other.id, 0, "10.1.0.3"),
            (second.id, network.id, 1, "10.0.0.3"),
        ]
        assert first.search == "a a 10.1.0.2 10.0.0.2"
        assert len({port.mac for port in ports}) == 4
        with pytest.raises(QuotaExceeded):
            add_ports(session, [machine(session, project, f"c{n}") for n in range(4)], [network], NOW)


def test_an_address_that_slipped_in_is_found_by_the_unique_key(database: Database) -> None:
    with database.unit() as session:
        network, project = world(session)
        first, second = machine(session, project, "a"), machine(session, project, "b")
        allocate(session, network, 0)  # the transaction now believes that every address is free
        slip = Port(id=new_id(), instance_id=first.id, network_id=network.id, position=0, mac="x", address="10.0.0.2")
        session.add(slip)
        session.flush()
        assert add_ports(session, [second], [network], NOW)[0].address == "10.0.0.3"


def test_a_network_on_its_way_out_gives_no_address(database: Database) -> None:
    with database.unit() as session:
        network, _ = world(session)
        network.state = "deleting"
        session.flush()
        with pytest.raises(Conflict, match="deleting"):
            allocate(session, network, 1)


def test_many_at_once_get_different_addresses(database: Database) -> None:
    with database.unit() as session:
        network, project = world(session, cidr="10.0.0.0/27")

    def take(number: int) -> str:
        with database.unit() as session:
            row = machine(session, session.get_one(Project, project.id), f"m-{number}")
            return add_ports(session, [row], [session.get_one(Network, network.id)], NOW)[0].address

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(24)))
    assert sorted(taken, key=lambda text: int(text.rpartition(".")[2])) == [f"10.0.0.{n}" for n in range(2, 26)]
