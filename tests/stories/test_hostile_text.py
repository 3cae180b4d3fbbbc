"""What a user typed is data: every text of every body of the API comes back as it was, or is refused by name.

The bodies are made from the routes' own schemas with every field filled, and every text in them takes its turn: a
field that is added tomorrow is tried, or the test says that it has no sample for it.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from egovcloud.api.factory import all_routes
from egovcloud.api.routing import Route
from egovcloud.api.schemas import ID, ONE_LINE
from egovcloud.domain.ids import new_id
from egovcloud.drivers.objects import BucketSpec
from egovcloud.drivers.simulator import SimulatorStore, create_cloud
from egovcloud.engine.specs import USER_DATA
from egovcloud.store.base import Model
from egovcloud.store.database import Database
from egovcloud.store.models import Bucket, Host, Image, Instance, Operation, Volume
from tests.support import town as towns
from tests.support.centre import PASSWORD, Centre
from tests.support.everyone import holder_of_everything
from tests.support.hostile import BEYOND, TEXTS, Way, leaves, named, replaced
from tests.support.town import Town

KEY = Ed25519PublicKey.from_public_bytes(b"k" * 32).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
# These want a session; tests of their own follow below.
SESSION = {"session.sign_in", "session.change_password", "tokens.create_token"}
# The simulator has no address to give: the story of buckets on a real endpoint tries them there. Nothing waits to be
# adopted here: the dry run takes the same body, and stories of adoption run it. Floating addresses are asked for by ids
# alone, on a network that leads outside: their own stories tell of them.
ELSEWHERE = {
    "bucket-objects.create_url",
    "adoptions.run_adoption",
    "floating_addresses.create_floating_address",
    "floating_addresses.associate_floating_address",
}
ROUTES = [route for route in all_routes() if route.body is not None and route.name not in SESSION | ELSEWHERE]
# These answer a question and keep nothing of it.
QUESTIONS = {"placement.preview", "requests.check_request"}
# Where databases may differ, so that it is tried on both; with EGOV_THOROUGH every text is tried on SQLite.
DATABASE = "format sql quotes newline nul controls surrogate not-a-character wide references".split()
# The answer to a hostile text is a sentence, not the text.
LONGEST = 4000
# What one field asks of the others.
TOGETHER: dict[str, dict[str, Any]] = {
    "ImageCreate": {"visibility": "department", "firmware": "direct"},
    "NetworkCreate": {"mode": "bridged", "department_id": None},
    "FlavorCreate": {"memory_mib": 1024},
    "Level": {"level": "centre"},
    "GrowItem": {"size_gib": 20},
    "Grow": {"size_gib": 20},
    "PlacementAsk": {"disk_gib": 20},
    "VolumeCreate": {"source": None},  # ids alone, of a volume that nobody has
}


class Bench:
    """A town, an account with every role in it, and a sample for every field of the API."""

    def __init__(self, town: Town, texts: dict[str, str]) -> None:
        self.town = town
        self.texts = texts
        self.token = holder_of_everything(town)
        self.numbers = itertools.count(1)
        self.settled: dict[str, str] = {}
        with town.house.read() as session:
            here = session.get_one(Host, town.ids["host"])
            values = {column.key: getattr(here, column.key) for column in Host.__table__.columns}
        town.ids["other_host"] = new_id()
        town.add(Host(**{**values, "id": town.ids["other_host"], "name": "hv-secret-02"}))
        # Buckets lie at an endpoint that answers.
        path = town.image_dir / "objects.sqlite"
        create_cloud(path, [])
        body = {"name": "objects", "driver": "simulator", "config": {"file": str(path)}, "site_id": town.ids["site"]}
        self.endpoint = str(self.made("POST", "/providers", body)["id"])
        self.store = SimulatorStore(town.house.installation, path)

    def call(self, method: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.town.client.open(f"/api/v1{path}", method=method, headers=headers, **sent)

    def made(self, method: str, path: str, body: Any = None) -> Any:
        response = self.call(method, path, body)
        assert response.status_code < 300, (path, response.get_data(as_text=True))
        return response.get_json()

    def once(self, name: str, make: Callable[[], str]) -> str:
        """What may be used again and again is made once."""
        if name not in self.settled:
            self.settled[name] = make()
        return self.settled[name]

    def bucket(self, name: str) -> str:
        """The id of an empty bucket that is really there."""
        id_ = self.town.bucket(name)
        with self.town.house.database.unit() as session:
            session.execute(update(Bucket).where(Bucket.id == id_).values(provider_id=self.endpoint))
        self.store.create_bucket(BucketSpec(id_, name), within=5.0)
        return id_

    # -- things that bodies and addresses name ---------------------------------------------------------------------
    def thing(self, name: str, route: Route) -> str:
        """The id of a fresh thing for ``<name>`` in an address or ``name`` in a body."""
        town, number = self.town, next(self.numbers)
        home = {"project_id": town.ids["project:civil"]}
        shared = f"<{name}>" not in route.path and route.name != "snapshots.create_snapshot"
        if name in ("instance_id", "volume_id") and shared:
            guest = self.once("guest", lambda: town.machine("guest", host_id=town.ids["host"]))
            return guest if name == "instance_id" else self.once("disk", lambda: town.volume("disk", guest))
        if name in ("instance_id", "volume_id"):
            instance = town.machine(f"m{number}", host_id=town.ids["host"])
            if name == "instance_id":
                return instance
            volume = town.volume(f"v{number}", instance)
            if route.name == "volumes.attach_volume":
                with town.house.database.unit() as session:
                    session.execute(
                        update(Volume).where(Volume.id == volume).values(state="available", instance_id=None)
                    )
            return volume
        if name == "bucket_id":
            return self.bucket(f"b{number}")
        if name == "image_id" and "<image_id>" in route.path:
            born = {"created_at": town.now, "updated_at": town.now}
            row = Image(id=new_id(), name=f"i{number}", disk="/images/d.qcow2", sha256="0" * 64, **born)
            town.add(row)
            return row.id
        if name == "request_id":
            guest = self.once("guest", lambda: town.machine("guest", host_id=town.ids["host"]))
            item = {"kind": "volume", "name": "v", "size_gib": 1, "instance_id": guest}
            made = town.civil_member.call("POST", "/requests", {"title": f"r{number}", **home, "items": [item]})
            request_id = made.get_json()["id"]
            if route.permission == "request:approve":
                assert town.civil_member.call("POST", f"/requests/{request_id}/submit").status_code == 200
            elif route.method == "PATCH":
                return str(self.made("POST", "/requests", {"title": f"r{number}", **home, "items": [item]})["id"])
            return str(request_id)
        makers: dict[str, tuple[str, dict[str, Any]]] = {
            "application_id": ("/applications", {**home, "name": f"a{number}"}),
            "network_id": ("/networks", {"name": f"n{number}", "mode": "bridged", "cidr": self.cidr(), "bridge": "b"}),
            "security_group_id": ("/security-groups", {**home, "name": f"g{number}"}),
            "provider_id": ("/providers", {"name": f"p{number}", "driver": "simulator", "site_id": town.ids["site"]}),
            "host_pool_id": ("/host-pools", {"name": f"p{number}", "zone_id": town.ids["zone"]}),
            "flavor_id": ("/flavors", {"name": f"f{number}", "vcpus": 1, "memory_mib": 2048, "disk_gib": 20}),
            "ssh_key_id": ("/ssh-keys", {"name": f"k{number}", "public_key": KEY}),
        }
        if name == "user_id":
            body = {"username": f"u{number}", "display_name": "u", "department_id": town.ids["civil"]}
            return str(self.made("POST", "/users", body)["user"]["id"])
        if name == "host_id":
            return town.ids["other_host"]
        if route.name == "drifts.set_drift_policy":
            return "instance.vcpus"
        if route.name == "quotas.set_quota":
            return town.ids["market"]
        if name in makers:
            path, body = makers[name]
            return self.once(name, lambda: self.make(path, body)) if shared else self.make(path, body)
        known = {"parent_id": "city", "department_id": "city", "project_id": "project:civil", "image_id": "image"}
        return town.ids[known.get(name, name.removesuffix("_id").replace("storage_", ""))]

    def make(self, path: str, body: dict[str, Any]) -> str:
        return str(self.made("POST", path, body)["id"])

    def cidr(self) -> str:
        number = next(self.numbers)
        return f"10.{100 + number // 256}.{number % 256}.0/24"

    # -- bodies ----------------------------------------------------------------------------------------------------
    def body(self, route: Route) -> Any:
        """A body that is accepted, with every field of the schema in it."""
        assert route.body is not None
        schema = route.body.model_json_schema()
        return self.sample(schema, schema.get("$defs", {}), "", route)

    def sample(self, schema: dict[str, Any], defs: dict[str, Any], name: str, route: Route) -> Any:
        if "$ref" in schema:
            schema = defs[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema["type"]
        if kind == "object" and "properties" in schema:
            together = TOGETHER.get(schema["title"], {})
            return {
                key: together[key] if key in together else self.sample(part, defs, key, route)
                for key, part in schema["properties"].items()
            }
        if kind == "array":
            one = schema["items"]
            return [self.sample(part, defs, name, route) for part in one.get("oneOf", [one])]
        if kind in ("integer", "number"):
            return max(1, schema.get("minimum", 1))
        if kind == "boolean":
            return False
        if kind == "string" and schema.get("pattern") == ID:
            return self.thing(name.replace("_ids", "_id"), route)
        return self.text(name, schema, route)

    def text(self, name: str, schema: dict[str, Any], route: Route) -> Any:
        number = next(self.numbers)
        images = self.town.image_dir
        samples: dict[str, Any] = {
            "disk": f"{images}/d{number}.qcow2",
            "kernel": f"{images}/k",
            "initrd": f"{images}/i",
            "cmdline": "console=ttyS0",
            "sha256": "0" * 64,
            "login_user": "root",
            "cidr": self.cidr() if route.name.startswith("networks") else "10.0.0.0/8",
            "bridge": "br0",
            "public_key": KEY,
            "permissions": "instance:read",
            "role": "viewer",
            "username": f"user{number}",
            "code": f"code{number}",
            "tier": "fast",
            "config": {"file": "cloud.sqlite", "hosts": {"h": {"uri": "test:///default", "pools": {"p": {}}}}},
        }
        if name == "gateway":
            return None  # it has to lie in the network; the one test below gives both
        if route.name == "providers.create_provider" and name == "name":
            return f"p{number}"
        if name in samples:
            return samples[name]
        free = schema.get("pattern") in (None, ONE_LINE) and schema["type"] == "string"
        assert free, f"{route.name}: no sample for {name} {schema}"
        return f"{name}-{number}"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One town for the whole table, on either database."""
    directory = tmp_path_factory.mktemp("hostile")
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), directory / 'egovcloud.sqlite')}"
    else:
        cluster = request.getfixturevalue("postgresql")
        url = cluster.url(cluster.create(request.getfixturevalue("postgresql_template")))
    database = Database(url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EGOV_HASH_MEMORY", "8")
        every = request.param == "sqlite" and "EGOV_THOROUGH" in os.environ
        texts = TEXTS if every else {kind: TEXTS[kind] for kind in DATABASE}
        yield Bench(towns.build(database, directory / "town"), texts)
    database.dispose()


def fresh(bench: Bench, route: Route) -> tuple[str, Any]:
    """An address of a thing that nobody has touched, and a body that the route accepts."""
    path = route.path
    for name in route.parameters:
        path = path.replace(f"<{name}>", bench.thing(name, route))
    if route.name == "instances.rebuild_instance":
        path += f"?confirm={bench.made('GET', path.removesuffix('/rebuild'))['name']}"
    return path, bench.body(route)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_text_of_a_body_comes_back_or_is_refused_by_name(bench: Bench, route: Route) -> None:
    path, body = fresh(bench, route)
    response = bench.call(route.method, path, body)
    assert response.status_code < 300, (body, response.get_data(as_text=True))
    troubles = []
    for where, _ in leaves(body):
        for kind, text in bench.texts.items():
            # What was refused has changed nothing, and a change can be changed again.
            if response.status_code < 300 and (route.method != "PATCH" or route.status == 202):
                path, body = fresh(bench, route)
            response = bench.call(route.method, path, replaced(body, where, text))
            complaint = _complaint(bench, route, response, where, text)
            if complaint:
                troubles.append(f"{named(where)} {kind}: {complaint}")
    assert not troubles, "\n".join(troubles)


def _complaint(bench: Bench, route: Route, response: TestResponse, where: Way, text: str) -> str:
    """What is wrong with the answer; empty when it is right."""
    said = response.get_data(as_text=True)
    if response.status_code < 300 and route.name in QUESTIONS:
        return ""
    if response.status_code < 300:
        stored = _stored(bench, response, where)
        # A name is shown on one line without the blanks around it, and a key without what somebody wrote behind it.
        return "" if text in stored or text.strip() in stored else f"came back as {stored}"
    if response.status_code not in (400, 409, 422):
        return f"{response.status_code} {said}"
    problem = response.get_json()
    if len(said) > LONGEST or "\n" in problem["detail"].replace(text, ""):
        return f"the refusal is no sentence: {said[:200]}"
    if problem["code"] == "input.json":
        # Half a surrogate pair is no Unicode, so that the body is no JSON (RFC 8259, section 8.1).
        return "" if not text.isprintable() and "\ud800" in text else said
    fields = {problem["field"], *(error["field"] for error in problem["errors"])}
    way = named(where)
    hit = any(field and (way == field or way.startswith((f"{field}[", f"{field}."))) for field in fields)
    return "" if hit else f"{response.status_code} names {fields}"


def _stored(bench: Bench, response: TestResponse, where: Way) -> list[str]:
    """The texts under the same name in what the API shows of the thing now."""
    name = next(part for part in reversed(where) if isinstance(part, str))
    answer = response.get_json()
    if answer is None:
        return []
    if response.status_code == 202:
        subject = answer["subject"]
        if response.request.method == "PATCH":  # what is wanted stands in the operation until it is so
            with bench.town.house.read() as session:
                wanted = session.get_one(Operation, answer["id"]).params
            return [value for path, value in leaves(wanted) if name in path]
        answer = bench.made("GET", f"/{subject['type'].replace('_', '-')}s/{subject['id']}")
        if name == "user_data":
            with bench.town.house.read() as session:
                sealed = session.get_one(Instance, answer["id"]).user_data
                return [bench.town.house.cipher.open(sealed, USER_DATA) if sealed else ""]
    return [value for path, value in leaves(answer) if name in path]


def test_passwords_are_taken_as_they_are(database_url: str, tmp_path: Path) -> None:
    """Whatever is accepted opens the door afterwards, and nothing else does; no answer repeats it."""
    with Centre(database_url, tmp_path / "state") as centre:
        caller = centre.signed_in("viewer", username="chen")
        old = PASSWORD
        for kind, text in TEXTS.items():
            new = f"Long enough 1! {text}"
            body = json.dumps({"old_password": old, "new_password": new})
            response = caller.put("/session/password", data=body, content_type="application/json")
            assert new not in response.get_data(as_text=True), kind
            if response.status_code == 204:
                old = new
            else:
                assert response.status_code in (400, 422), (kind, response.get_data(as_text=True))
                assert "\ud800" in text or response.json["field"] == "new_password", kind
            stranger = centre.caller()
            assert stranger.sign_in("chen", old + " ").status_code == 401
            caller = centre.caller()
            caller.ok(caller.sign_in("chen", old))


def test_names_of_tokens_come_back(database_url: str, tmp_path: Path) -> None:
    with Centre(database_url, tmp_path / "state") as centre:
        caller = centre.signed_in("viewer")
        for field, kind in itertools.product(("name", "permissions"), TEXTS):
            text = TEXTS[kind]
            sent = {"name": "n", "permissions": ["instance:read"], field: [text] if field == "permissions" else text}
            response = caller.post("/tokens", data=json.dumps(sent), content_type="application/json")
            if response.status_code == 201:
                # A name is shown on one line without the blanks around it.
                assert {text, text.strip()} & {value for _, value in leaves(response.json)}, kind
            elif "\ud800" not in text:
                assert response.status_code == 422, (kind, response.get_data(as_text=True))
                assert response.json["field"].partition("[")[0] == field, kind


@pytest.mark.parametrize("field", ["username", "password"])
def test_no_text_opens_the_door(centre: Centre, field: str) -> None:
    centre.user("chen")
    for kind, text in TEXTS.items():
        body = json.dumps({"username": "chen", "password": PASSWORD, field: text})
        response = centre.caller().post("/session", data=body, content_type="application/json")
        assert response.status_code in (400, 401, 422), (kind, response.get_data(as_text=True))


QUERIES = [route for route in all_routes() if route.query is not None and route.path != "/events/stream"]
SQLITE = pytest.mark.parametrize("bench", ["sqlite"], indirect=True, scope="module")


@SQLITE
@pytest.mark.parametrize("route", QUERIES, ids=lambda route: route.name)
def test_every_text_of_a_query_is_only_looked_for_or_is_refused_by_name(bench: Bench, route: Route) -> None:
    assert route.query is not None
    path = route.path
    for name in route.parameters:
        path = path.replace(f"<{name}>", bench.thing(name, route))
    body = bench.body(route) if route.body is not None else None
    headers = {"Authorization": f"Bearer {bench.token}", "Accept-Language": "en"}
    properties = route.query.model_json_schema()["properties"]
    names = [name for name, schema in properties.items() if "string" in json.dumps(schema)]

    def ask(*asked: str, text: str) -> TestResponse:
        query = {"q": "x"} if route.path == "/search" else {}
        query |= dict.fromkeys(asked, text)
        address = f"/api/v1{path}"
        return bench.town.client.open(address, method=route.method, headers=headers, query_string=query, json=body)

    texts = {kind: text for kind, text in TEXTS.items() if "\ud800" not in text}  # no address can carry that
    choosy = {name for name in names if ask(name, text="{{ 7*7 }}").status_code != 200}
    troubles = []
    for name, kind in itertools.product(sorted(choosy), texts):
        response = ask(name, text=texts[kind])
        if response.status_code == 204 or (response.status_code == 404 and response.json["code"] == "object.absent"):
            continue
        if response.status_code not in (200, 409, 422) or (
            response.status_code > 200 and response.json["field"] != name
        ):
            troubles.append(f"{name} {kind}: {response.get_data(as_text=True)[:300]}")
    for kind, text in texts.items():
        others = [name for name in names if name not in choosy]
        while others and (response := ask(*others, text=text)).status_code != 200:
            named_one = response.json["field"] if response.status_code == 422 else None
            if named_one not in others:
                troubles.append(f"{kind}: {response.get_data(as_text=True)[:300]}")
                break
            others.remove(named_one)
    assert not troubles, "\n".join(troubles)


@SQLITE
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_ten_megabytes_are_refused_in_one_sentence_and_change_nothing(bench: Bench, route: Route) -> None:
    path, body = fresh(bench, route)
    before = _rows(bench)
    ways = [where for where, _ in leaves(body)] or [()]
    for where in ways:
        response = bench.call(route.method, path, replaced(body, where, "长" * (BEYOND // 3)))
        problem = response.get_json()
        assert (response.status_code, problem["code"]) == (413, "input.size")
        assert problem["detail"] == f"The body is larger than {bench.town.settings.body_limit} bytes."
    for where in ways:
        # What the door lets through is too long for every field.
        response = bench.call(route.method, path, replaced(body, where, "x" * 1_000_000))
        assert response.status_code == 422, (where, response.get_data(as_text=True)[:300])
        assert len(response.get_data()) < LONGEST
    assert _rows(bench) == before


def _rows(bench: Bench) -> dict[str, int]:
    """How many rows every table has, but for the audit: who tried is on record."""
    with bench.town.house.database.read() as session:
        tables = [table for table in Model.metadata.sorted_tables if table.name != "audit_entries"]
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
