"""What the centre offers and stands on can go again, but not from under anybody."""

from __future__ import annotations

from egovcloud.engine.enqueue import enqueue
from egovcloud.store.models import Host, Instance, Operation, Provider, StoragePool
from tests.support.town import Town

PLACES = {"site": "sites", "zone": "zones", "pool": "host-pools"}
KEYS = ("site", "zone", "host_pool")


def test_a_flavor_goes_only_when_nobody_ever_had_it(town: Town) -> None:
    made = town.root.call("POST", "/flavors", {"name": "odd", "vcpus": 3, "memory_mib": 3072, "disk_gib": 3})
    odd = made.get_json()["id"]
    town.machine("web")
    status, code, sentence = town.root.refused("DELETE", f"/flavors/{town.ids['flavor']}")
    assert (status, code) == (409, "flavor.used")
    assert "1 instance(s)" in sentence
    assert town.civil_member.refused("DELETE", f"/flavors/{odd}")[0] == 403
    assert town.root.call("DELETE", f"/flavors/{odd}").status_code == 204
    assert town.root.refused("GET", f"/flavors/{odd}")[0] == 404


def test_a_flavor_that_a_request_names_stays(town: Town) -> None:
    made = town.root.call("POST", "/flavors", {"name": "odd", "vcpus": 1, "memory_mib": 512, "disk_gib": 3})
    odd = made.get_json()["id"]
    item = {"kind": "instance", "name": "w", "count": 1, "flavor_id": odd, "image_id": town.ids["image"]}
    item["network_ids"] = [town.ids["network"]]
    asked = {"title": "t", "purpose": "p", "project_id": town.ids["project:civil"], "items": [item]}
    answer = town.civil_member.call("POST", "/requests", asked)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert town.root.refused("DELETE", f"/flavors/{odd}")[:2] == (409, "flavor.used")


def test_a_provider_goes_when_it_is_disabled_and_empty(town: Town) -> None:
    with town.house.read() as session:
        provider = session.query(Provider).one().id
    address = f"/providers/{provider}"
    assert town.root.refused("DELETE", address)[:2] == (409, "provider.enabled")
    assert town.root.call("PATCH", address, {"enabled": False}).status_code == 200
    changed = town.root.call("PATCH", address, {"config": {"path": "/elsewhere.sqlite"}}).get_json()
    assert (changed["config"], changed["enabled"]) == ({"path": "/elsewhere.sqlite"}, False)
    assert town.root.refused("PATCH", address, {"config": {"password": "x"}})[:2] == (422, "provider.secret")
    machine = town.machine("web")
    status, code, sentence = town.root.refused("DELETE", address)
    assert (status, code) == (409, "provider.used")
    assert "1 instance(s)" in sentence
    assert town.operator.refused("DELETE", address)[0] == 403

    with town.house.database.unit() as session:
        row = session.get_one(Instance, machine)
        row.deleted_at = town.now
        looking = enqueue(session, "provider.reconcile", provider, now=town.now, department_id=None)
    assert town.root.call("DELETE", address).status_code == 204, "a look under way keeps nobody"
    with town.house.read() as session:
        assert [session.query(model).count() for model in (Provider, Host, StoragePool)] == [0, 0, 0]
        assert session.get(Operation, looking.id) is None
    assert town.operator.get(f"/instances/{machine}")["host"] is None
    assert town.root.get("/hosts/tree")


def test_zones_are_read_by_whoever_asks_for_machines(town: Town) -> None:
    assert town.civil_member.get("/zones")["items"]
    assert town.auditor.refused("GET", "/zones")[:2] == (403, "auth.forbidden")


def test_a_configuration_that_does_not_fit_is_told_of_its_hosts(town: Town) -> None:
    with town.house.read() as session:
        provider = session.query(Provider).one().id
    assert town.root.call("PATCH", f"/providers/{provider}", {"config": {}}).status_code == 200
    (host,) = town.operator.get("/unmanaged")["hosts"]
    assert host["problem"]["code"] == "provider.config"
    assert "config.file" in host["problem"]["detail"]


def test_a_place_is_renamed_and_goes_when_it_is_empty(town: Town) -> None:
    made = {}
    made["site"] = town.root.call("POST", "/sites", {"name": "二机房"}).get_json()["id"]
    made["zone"] = town.root.call("POST", "/zones", {"name": "二区", "site_id": made["site"]}).get_json()["id"]
    made["pool"] = town.root.call("POST", "/host-pools", {"name": "二池", "zone_id": made["zone"]}).get_json()["id"]
    paths = {name: f"/{noun}/{made[name]}" for name, noun in PLACES.items()}
    for name, path in paths.items():
        assert town.root.call("PATCH", path, {"name": f"new {name}"}).get_json()["name"] == f"new {name}"
        assert town.root.refused("PATCH", path, {"name": ""})[0] == 422
        assert town.operator.refused("PATCH", path, {"name": "mine"})[0] == 403
        assert town.operator.refused("DELETE", path)[0] == 403
    assert town.root.refused("PATCH", paths["site"], {"name": "主机房"})[:2] == (409, "name.taken")
    status, code, sentence = town.root.refused("DELETE", paths["site"])
    assert (status, code) == (409, "site.used")
    assert "1 zone(s)" in sentence
    assert town.root.refused("DELETE", paths["zone"])[:2] == (409, "zone.used")
    for name in ("pool", "zone", "site"):
        assert town.root.call("DELETE", paths[name]).status_code == 204
        assert town.root.refused("GET", paths[name])[0] == 404


def test_a_place_that_is_used_stays(town: Town) -> None:
    paths = {name: f"/{noun}/{town.ids[key]}" for (name, noun), key in zip(PLACES.items(), KEYS, strict=True)}
    town.machine("web")
    assert town.root.refused("DELETE", paths["pool"])[:2] == (409, "host_pool.used")
    status, code, sentence = town.root.refused("DELETE", paths["zone"])
    assert (status, code) == (409, "zone.used")
    assert "1 host pool(s), 0 network(s) and 1 instance(s)" in sentence
    assert town.root.refused("DELETE", paths["site"])[:2] == (409, "site.used")


def test_a_zone_of_the_past_goes_and_its_machines_are_still_told(town: Town) -> None:
    zone = town.root.call("POST", "/zones", {"name": "旧区", "site_id": town.ids["site"]}).get_json()["id"]
    gone = town.machine("gone", zone_id=zone, state="deleted", deleted_at=town.now)
    assert town.root.call("DELETE", f"/zones/{zone}").status_code == 204
    shown = town.root.get(f"/instances/{gone}")
    assert (shown["state"], shown["zone"]) == ("deleted", None)


def test_a_pool_that_new_hosts_would_join_stays(town: Town) -> None:
    pool = town.root.call("POST", "/host-pools", {"name": "新池", "zone_id": town.ids["zone"]}).get_json()["id"]
    body = {"config": {"file": "cloud.sqlite", "host_pool_id": pool}}
    assert town.operator.call("PATCH", f"/providers/{town.ids['provider']}", body).status_code == 200
    assert town.root.refused("DELETE", f"/host-pools/{pool}")[:2] == (409, "host_pool.used")
