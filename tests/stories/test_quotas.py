"""A department divides what it has among its children, and can't raise its own."""

from __future__ import annotations

from tests.support.town import Town


def limits(town: Town, who: str, code: str, **values: int | None) -> tuple[int, str, str]:
    """(status, code, sentence) of setting limits."""
    response = getattr(town, who).call("PUT", f"/quotas/{town.ids[code]}", {"limits": values})
    body = response.get_json()
    return response.status_code, body.get("code", ""), body.get("detail", "")


def line(town: Town, who: str, code: str, resource: str) -> tuple[int | None, int, int]:
    """(limit, committed, own) of one line."""
    lines = getattr(town, who).get(f"/quotas/{town.ids[code]}")["resources"]
    found = next(line for line in lines if line["resource"] == resource)
    return found["limit"], found["committed"], found["own"]


def test_who_may_set_what(town: Town) -> None:
    assert limits(town, "root", "city", vcpus=100)[0] == 200
    assert limits(town, "root", "civil", vcpus=40)[0] == 200
    assert limits(town, "civil_admin", "civil", vcpus=50)[:2] == (403, "auth.forbidden")
    assert limits(town, "civil_admin", "civil-it", vcpus=10)[0] == 200
    assert limits(town, "civil_member", "civil-it", vcpus=11)[:2] == (403, "auth.forbidden")
    assert limits(town, "civil_admin", "market", vcpus=1)[0] == 404
    assert limits(town, "operator", "civil", vcpus=1)[0] == 403
    assert line(town, "civil_office", "civil-it", "vcpus") == (10, 0, 0)


def test_no_child_has_more_than_its_parent(town: Town) -> None:
    assert limits(town, "root", "city", vcpus=100, instances=5)[0] == 200
    status, code, sentence = limits(town, "root", "civil", vcpus=101)
    assert (status, code) == (409, "quota.above_parent")
    assert "100" in sentence
    assert "临江市" in sentence
    status, code, sentence = limits(town, "civil_admin", "civil-it", vcpus=101)
    assert (status, code) == (409, "quota.above_hidden")
    assert "100 " not in sentence
    assert limits(town, "root", "civil", vcpus=60)[0] == 200
    status, code, sentence = limits(town, "root", "city", vcpus=50)
    assert (status, code) == (409, "quota.below_children")
    assert "民政局" in sentence
    assert limits(town, "root", "city", vcpus=None)[0] == 200
    assert limits(town, "root", "civil", vcpus=-1)[0] == 422
    assert limits(town, "root", "civil", gpus=1)[0] == 422
    assert line(town, "root", "city", "instances") == (5, 0, 0)


def test_a_limit_below_use_stops_growth_and_takes_nothing(town: Town) -> None:
    town.machine("one")
    town.machine("two")
    assert limits(town, "root", "civil", instances=1)[0] == 200
    assert line(town, "civil_admin", "civil", "instances") == (1, 2, 2)
    assert line(town, "root", "city", "instances") == (None, 2, 0)


def test_the_tree_and_the_ledger(town: Town) -> None:
    machine = town.machine("one")
    town.machine("theirs", "market")
    (mine,) = town.civil_admin.get("/quotas/tree")
    assert (mine["department"]["name"], [child["department"]["name"] for child in mine["children"]]) == (
        "民政局",
        ["民政局信息科"],
    )
    (city,) = town.root.get("/quotas/tree")
    assert {r["resource"]: (r["committed"], r["own"]) for r in city["resources"]}["vcpus"] == (2, 0)
    page = town.civil_admin.get(f"/quotas/{town.ids['civil']}/ledger?resource=vcpus")
    assert [(row["movement"], row["reserved"], row["committed"]) for row in page["items"]] == [
        ("commit", -1, 1),
        ("reserve", 1, 0),
    ]
    assert {row["subject_id"] for row in page["items"]} == {machine}
    assert town.civil_admin.refused("GET", f"/quotas/{town.ids['market']}/ledger")[0] == 404


def test_the_chain_is_data(town: Town) -> None:
    assert town.root.get("/approval-levels") == [
        {"position": 1, "level": "bureau"},
        {"position": 2, "level": "centre"},
    ]
    three = [
        {"position": 10, "level": "bureau"},
        {"position": 1, "level": "office"},
        {"position": 20, "level": "centre"},
    ]
    changed = town.root.call("PUT", "/approval-levels", three)
    assert [level["level"] for level in changed.get_json()] == ["office", "bureau", "centre"]
    backwards = [{"position": 1, "level": "centre"}, {"position": 2, "level": "bureau"}]
    assert town.root.refused("PUT", "/approval-levels", backwards)[:2] == (422, "approval_level.order")
    assert town.root.refused("PUT", "/approval-levels", [])[0] == 422
    assert town.civil_admin.refused("PUT", "/approval-levels", three)[0] == 403
