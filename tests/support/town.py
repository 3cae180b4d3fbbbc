"""A small city for tests: two bureaus that must not see one another, the centre, its host, and people everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from egovcloud.api import factory
from egovcloud.api.call import Parts
from egovcloud.domain.ids import new_id
from egovcloud.domain.permissions import PERMISSIONS
from egovcloud.domain.quota import bucket_amount, instance_amount, volume_amount
from egovcloud.drivers.simulator import SimulatorDriver, SimulatorStore
from egovcloud.engine.providers import Providers
from egovcloud.services import department, flavor, host_pool, installation, network, project, provider, site, zone
from egovcloud.services.access import actor_of
from egovcloud.services.actor import SYSTEM, Actor
from egovcloud.services.addresses import add_ports, search_text
from egovcloud.services.house import House
from egovcloud.services.session import digest
from egovcloud.settings import Settings
from egovcloud.store import ledger
from egovcloud.store.base import Model
from egovcloud.store.database import Database
from egovcloud.store.models import (
    Bucket,
    Flavor,
    Grant,
    Host,
    Image,
    Instance,
    Network,
    Project,
    StoragePool,
    Token,
    User,
    Volume,
)
from egovcloud.store.secrets import Cipher

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PEOPLE = {
    "root": ("system_admin", "city"),
    "operator": ("operator", "city"),
    "centre": ("centre_approver", "city"),
    "auditor": ("audit_admin", "city"),
    "civil_admin": ("department_admin", "civil"),
    "civil_member": ("member", "civil"),
    "civil_office": ("member", "civil-it"),
    "market_admin": ("department_admin", "market"),
    "market_member": ("member", "market"),
}


@dataclass
class Person:
    """Somebody with a token: ``call`` goes over HTTP, ``actor`` straight to a use case."""

    actor: Actor
    secret: str
    client: FlaskClient
    language: str = "en"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request under ``/api/v1``; a header's underscores become dashes."""
        sent = {"Authorization": f"Bearer {self.secret}", "Accept-Language": self.language}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        options: dict[str, Any] = {} if body is None else {"json": body}
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, **options)

    def get(self, path: str) -> Any:
        """The JSON of a GET that succeeds."""
        response = self.call("GET", path)
        assert response.status_code == 200, (path, response.status_code, response.get_data(as_text=True))
        return response.get_json()

    def names(self, path: str) -> set[str]:
        """Names in one page of a list."""
        return {item["name"] for item in self.get(path)["items"]}

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        """(status, code, sentence) of a call that is refused."""
        response = self.call(method, path, body, **headers)
        assert response.status_code >= 400, (path, response.status_code, response.get_data(as_text=True))
        problem = response.get_json()
        return response.status_code, problem["code"], problem["detail"]


@dataclass
class Town:
    """The city; ids by short name."""

    house: House
    settings: Settings
    client: FlaskClient
    image_dir: Path
    ids: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    now: datetime = START

    def __getattr__(self, name: str) -> Person:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def machine(self, name: str, project_name: str = "civil", **columns: Any) -> str:
        """The id of an instance that runs, with its address and its quota."""
        with self.house.database.unit() as session:
            home = session.get_one(Project, self.ids[f"project:{project_name}"])
            size = session.get_one(Flavor, self.ids["flavor"])
            values: dict[str, Any] = {
                "host_id": self.ids["host"],
                "storage_pool_id": self.ids["pool"],
                "zone_id": self.ids["zone"],
                "state": "active",
                **columns,
            }
            row = Instance(
                id=new_id(),
                created_at=self.now,
                updated_at=self.now,
                name=name,
                hostname=name.lower(),
                department_id=home.department_id,
                project_id=home.id,
                flavor_id=size.id,
                image_id=self.ids["image"],
                vcpus=size.vcpus,
                memory_mib=size.memory_mib,
                disk_gib=size.disk_gib,
                **values,
            )
            session.add(row)
            session.flush()
            add_ports(session, [row], [session.get_one(Network, self.ids["network"])], self.now)
            amount = instance_amount(row.vcpus, row.memory_mib, row.disk_gib, 1)
            subject = ("instance", row.id)
            ledger.reserve(session, row.department_id, amount, key=row.id, subject=subject, now=self.now)
            ledger.commit(session, row.department_id, amount, key=row.id, subject=subject, now=self.now)
            return row.id

    def volume(self, name: str, instance_id: str, size_gib: int = 10) -> str:
        """The id of a volume that is attached to an instance."""
        with self.house.database.unit() as session:
            owner = session.get_one(Instance, instance_id)
            row = Volume(
                id=new_id(),
                created_at=self.now,
                updated_at=self.now,
                name=name,
                department_id=owner.department_id,
                project_id=owner.project_id,
                instance_id=owner.id,
                host_id=owner.host_id,
                storage_pool_id=owner.storage_pool_id,
                size_gib=size_gib,
                state="in_use",
                device="vdb",
                search=search_text(name),
            )
            session.add(row)
            session.flush()
            amount, subject = volume_amount(size_gib), ("volume", row.id)
            ledger.reserve(session, row.department_id, amount, key=row.id, subject=subject, now=self.now)
            ledger.commit(session, row.department_id, amount, key=row.id, subject=subject, now=self.now)
            return row.id

    def bucket(self, name: str, quota_gib: int = 10) -> str:
        """The id of a bucket at the cloud that does not answer."""
        with self.house.database.unit() as session:
            home = session.get_one(Project, self.ids["project:civil"])
            row = Bucket(
                id=new_id(),
                created_at=self.now,
                updated_at=self.now,
                name=name,
                department_id=home.department_id,
                project_id=home.id,
                provider_id=self.ids["provider"],
                quota_gib=quota_gib,
                state="available",
                external_id=f"egov-{name}",
                search=search_text(name),
            )
            session.add(row)
            session.flush()
            amount, subject = bucket_amount(quota_gib), ("bucket", row.id)
            ledger.reserve(session, row.department_id, amount, key=row.id, subject=subject, now=self.now)
            ledger.commit(session, row.department_id, amount, key=row.id, subject=subject, now=self.now)
            return row.id

    def add(self, *rows: Model) -> None:
        """Rows straight into the database."""
        with self.house.database.unit() as session:
            session.add_all(rows)


def build(database: Database, directory: Path) -> Town:
    """The city in an empty database at the head revision."""
    settings = Settings(state_dir=directory, image_dir=directory / "images")
    (directory / "images").mkdir(parents=True)
    town: list[Town] = []
    house = House(
        database=database,
        cipher=Cipher(b"k" * 32),
        installation="test",
        clock=lambda: town[0].now if town else START,
    )
    app = factory.create(Parts.of(house, settings, drivers=_drivers(house)), "test")
    made = Town(house, settings, app.test_client(), directory / "images")
    town.append(made)
    _departments(made)
    _places(made)
    _catalogue(made)
    for name, (role, code) in PEOPLE.items():
        made.people[name] = _person(made, name, role, code)
    return made


def _drivers(house: House) -> Providers:
    """The simulator's driver on a cloud that is not there: it answers as one that cannot be reached."""
    factories = {
        "simulator": lambda installation_id, _, config: SimulatorDriver(
            installation_id, config["file"], tenancy=config.get("tenancy", False)
        )
    }
    stores = {"simulator": lambda installation_id, _, config: SimulatorStore(installation_id, config["file"])}
    return Providers(house.database, house.installation, factories, stores)


def _departments(town: Town) -> None:
    town.ids["city"] = installation.found(town.house, code="city", name="临江市")
    tree = (
        ("civil", "city", "民政局", "bureau"),
        ("civil-it", "civil", "民政局信息科", "office"),
        ("market", "city", "市监局", "bureau"),
    )
    for code, parent, name, kind in tree:
        made = department.create(town.house, SYSTEM, parent_id=town.ids[parent], code=code, name=name, kind=kind)
        town.ids[code] = made["id"]
    for code, name in (("civil", "社会救助"), ("market", "企业登记")):
        made = project.create(town.house, SYSTEM, department_id=town.ids[code], name=name)
        town.ids[f"project:{code}"] = made["id"]


def _places(town: Town) -> None:
    house, ids = town.house, town.ids
    ids["site"] = site.create(house, SYSTEM, name="主机房")["id"]
    ids["zone"] = zone.create(house, SYSTEM, site_id=ids["site"], name="政务外网区")["id"]
    ids["host_pool"] = host_pool.create(house, SYSTEM, zone_id=ids["zone"], name="通用池")["id"]
    ids["provider"] = provider.create(
        house, SYSTEM, name="sim", driver="simulator", config={"file": "cloud.sqlite"}, site_id=ids["site"]
    )["id"]
    ids["host"], ids["pool"] = new_id(), new_id()
    stamps = {"created_at": town.now, "updated_at": town.now}
    host = Host(
        id=ids["host"],
        name="hv-secret-01",
        provider_id=ids["provider"],
        host_pool_id=ids["host_pool"],
        health="up",
        vcpus=32,
        memory_mib=65536,
        **stamps,
    )
    pool = StoragePool(
        id=ids["pool"], host_id=host.id, name="default", kind="dir", capacity_gib=1000.0, used_gib=100.0, **stamps
    )
    town.add(host)
    town.add(pool)


def _catalogue(town: Town) -> None:
    house, ids = town.house, town.ids
    ids["flavor"] = flavor.create(house, SYSTEM, name="s1", vcpus=1, memory_mib=1024, disk_gib=10)["id"]
    ids["network"] = network.create(house, SYSTEM, name="shared", mode="nat", cidr="10.0.0.0/22")["id"]
    ids["image"] = new_id()
    stamps = {"created_at": town.now, "updated_at": town.now}
    town.add(Image(id=ids["image"], name="Debian 12", disk="/images/d.qcow2", sha256="0" * 64, **stamps))


def _person(town: Town, name: str, role: str, code: str) -> Person:
    home, secret = town.ids[code], f"egov_{name}"
    stamps = {"created_at": town.now, "updated_at": town.now}
    user = User(
        id=new_id(),
        username=name,
        display_name=name,
        department_id=home,
        password_hash="-",
        must_change_password=False,
        **stamps,
    )
    town.add(user)
    token = Token(
        user_id=user.id,
        name="test",
        prefix=secret[:12],
        digest=digest(secret),
        permissions=sorted(PERMISSIONS),
        expires_at=town.now + timedelta(days=300),
        **stamps,
    )
    town.add(Grant(user_id=user.id, role=role, department_id=home, **stamps), token)
    town.ids[f"user:{name}"] = user.id
    with town.house.read() as session:
        actor = actor_of(session, session.get_one(User, user.id), address="127.0.0.1", trace_id="t")
    return Person(actor, secret, town.client)
