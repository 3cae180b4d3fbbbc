"""A department's people see their own subtree and nothing of anybody else's, wherever they look."""

from __future__ import annotations

import json

import pytest

from tests.support.town import Person, Town

LISTS = (
    "/departments",
    "/projects",
    "/applications",
    "/images",
    "/networks",
    "/security-groups",
    "/instances",
    "/volumes",
    "/snapshots",
    "/requests",
    "/approvals",
    "/operations",
    "/events",
)


@pytest.fixture
def theirs(town: Town) -> str:
    """A machine of the other bureau, with a volume."""
    machine = town.machine("market-db", "market")
    town.volume("market-data", machine)
    return machine


def everything(person: Person) -> str:
    """All that this person can read in lists, trees, counts and searches, as text."""
    read = [person.get(f"{path}?count=true&limit=200") for path in LISTS]
    read += [person.get(path) for path in ("/departments/tree", "/quotas/tree", "/overview", "/search?q=mark")]
    read.append(person.get("/search?q=" + "10.0.0."))
    return json.dumps(read, ensure_ascii=False)


def test_nothing_of_another_bureau_is_in_any_list(town: Town, theirs: str) -> None:
    town.machine("civil-web", "civil")
    text = everything(town.civil_admin)
    assert "civil-web" in text
    for secret in ("market-db", "market-data", "市监局", "企业登记", theirs, town.ids["market"], "hv-secret-01"):
        assert secret not in text


def test_the_centre_sees_both_and_the_hosts(town: Town, theirs: str) -> None:
    town.machine("civil-web", "civil")
    text = everything(town.operator)
    for known in ("market-db", "market-data", "市监局", "civil-web", "hv-secret-01"):
        assert known in text


def test_what_is_anothers_is_the_same_as_what_is_absent(town: Town, theirs: str) -> None:
    absent = "01990000-0000-7000-8000-000000000000"
    for path in ("/instances/{}", "/instances/{}/timeline"):
        mine = town.civil_admin.refused("GET", path.format(theirs))
        none = town.civil_admin.refused("GET", path.format(absent))
        assert mine[:2] == none[:2] == (404, "thing.absent")
        assert mine[2].replace(theirs, "") == none[2].replace(absent, "")
    assert town.civil_admin.refused("GET", f"/departments/{town.ids['market']}")[0] == 404
    assert town.civil_admin.refused("GET", f"/quotas/{town.ids['market']}")[0] == 404
    assert town.civil_admin.refused("GET", f"/projects/{town.ids['project:market']}")[0] == 404


def test_a_filter_is_no_window_into_another_subtree(town: Town, theirs: str) -> None:
    for query in (f"department_id={town.ids['market']}", f"project_id={town.ids['project:market']}", "q=market"):
        page = town.civil_admin.get(f"/instances?count=true&{query}")
        assert (page["items"], page["total"]) == ([], 0)
    assert town.civil_admin.refused("GET", f"/instances?host_id={town.ids['host']}")[:2] == (403, "auth.forbidden")


def test_hosts_are_the_centres(town: Town) -> None:
    machine = town.machine("civil-web")
    assert town.civil_admin.get(f"/instances/{machine}")["host"] is None
    assert town.operator.get(f"/instances/{machine}")["host"]["name"] == "hv-secret-01"
    for path in ("/hosts", "/hosts/tree", "/storage-pools", "/providers", "/sites", "/host-pools"):
        assert town.civil_admin.refused("GET", path)[0] == 403
        assert town.operator.get(path)


def test_an_error_that_names_a_host_is_told_without_it(town: Town) -> None:
    error = {"code": "driver.unreachable", "params": {"host": "hv-secret-01", "detail": "no route"}, "detail": "x"}
    machine = town.machine("civil-web", error=error, state="error")
    told = town.civil_member.get(f"/instances/{machine}")["error"]
    assert told["code"] == "driver.unreachable"
    assert "hv-secret-01" not in json.dumps(told)
    assert "hv-secret-01" in town.operator.get(f"/instances/{machine}")["error"]["detail"]


def test_a_shared_network_shows_a_department_its_own_ports_alone(town: Town, theirs: str) -> None:
    mine = town.machine("civil-web")
    ports = town.civil_member.get(f"/networks/{town.ids['network']}/ports?count=true")
    assert [port["instance"]["id"] for port in ports["items"]] == [mine]
    assert ports["total"] == 1
    assert town.operator.get(f"/networks/{town.ids['network']}/ports?count=true")["total"] == 2


def test_an_office_sees_images_of_its_bureau_and_no_others(town: Town) -> None:
    (town.image_dir / "a.qcow2").write_bytes(b"disk")
    body = {"name": "civil golden", "disk": str(town.image_dir / "a.qcow2"), "sha256": "a" * 64}
    body |= {"visibility": "department", "department_id": town.ids["civil"]}
    assert town.operator.call("POST", "/images", body).status_code == 201
    assert "civil golden" in town.civil_office.names("/images")
    assert town.market_member.names("/images") == {"Debian 12"}


def test_audit_is_for_auditors_and_administrators_of_the_subtree(town: Town) -> None:
    body = {"name": "新项目", "department_id": town.ids["market"]}
    assert town.market_admin.call("POST", "/projects", body).status_code == 201
    assert town.civil_member.refused("GET", "/audit-entries")[0] == 403
    mine = town.civil_admin.get("/audit-entries?limit=200")["items"]
    assert "新项目" not in json.dumps(mine, ensure_ascii=False)
    found = town.auditor.get("/audit-entries?action=project.create&outcome=success&q=新项目")["items"]
    assert [entry["actor_name"] for entry in found] == ["market_admin"]
    assert town.auditor.get("/audit-entries?to=2026-11-23T01:00:00Z")["items"] == []
    assert town.auditor.refused("GET", "/audit-entries?from=yesterday")[:2] == (422, "list.moment")
