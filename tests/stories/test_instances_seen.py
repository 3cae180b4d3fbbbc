"""Instances as people see them: complete, cheap, with a timeline; and the first page and the search box over them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import event

from egovcloud.store.models import CapacitySample, InstanceSecurityGroup
from tests.support.town import START, Town


def queries(town: Town, who: str, path: str) -> int:
    """How many statements one GET costs."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    getattr(town, who).get(path)  # what a first call caches is not counted
    event.listen(town.house.database.engine, "before_cursor_execute", note)
    getattr(town, who).get(path)
    event.remove(town.house.database.engine, "before_cursor_execute", note)
    return sum(statement.lstrip().upper().startswith("SELECT") for statement in seen)


def test_an_instance_is_shown_whole(town: Town) -> None:
    group = town.civil_member.call("POST", "/security-groups", {"project_id": town.ids["project:civil"], "name": "web"})
    machine = town.machine("Web-1", placement={"host": "hv-secret-01", "score": 0.9, "considered": 1, "reasons": []})
    town.add(InstanceSecurityGroup(instance_id=machine, security_group_id=group.get_json()["id"]))
    town.volume("data", machine, 20)
    shown = town.civil_member.get(f"/instances/{machine}")
    assert shown["ssh"] == "ssh root@10.0.0.2"
    assert shown["addresses"] == ["10.0.0.2"]
    assert shown["ports"][0]["network"] == {"id": town.ids["network"], "name": "shared"}
    assert [one["name"] for one in shown["security_groups"]] == ["web"]
    assert [(one["name"], one["size_gib"], one["device"]) for one in shown["volumes"]] == [("data", 20, "vdb")]
    assert (shown["host"], shown["placement"], shown["zone"]["name"]) == (None, None, "政务外网区")
    assert town.operator.get(f"/instances/{machine}")["placement"]["host"] == "hv-secret-01"
    assert shown["created_at"] == "2026-11-23T02:00:00Z"


def test_a_page_costs_the_same_however_long_it_is(town: Town) -> None:
    first = town.machine("m-0")
    town.volume("d-0", first)
    few = {
        path: queries(town, "civil_admin", f"{path}?limit=100") for path in ("/instances", "/volumes", "/operations")
    }
    for number in range(1, 12):
        town.volume(f"d-{number}", town.machine(f"m-{number}"))
    town.civil_admin.call("POST", f"/instances/{first}/stop", {})
    for path, count in few.items():
        many = queries(town, "civil_admin", f"{path}?limit=100")
        assert many <= max(count + 1, 16), (path, count, many)


def test_lists_filter_search_sort_and_page(town: Town) -> None:
    ids = [town.machine(f"web-{number:02}", state="active" if number % 2 else "stopped") for number in range(7)]
    town.machine("db-1", "market")
    seen: list[str] = []
    path = "/instances?limit=3&q=WEB-&count=true"
    after = ""
    while True:
        page = town.operator.get(path + after)
        assert page["total"] == 7
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == sorted(ids, reverse=True)
    assert town.operator.names("/instances?state=stopped,error") == {f"web-{n:02}" for n in (0, 2, 4, 6)}
    ordered = [item["name"] for item in town.operator.get("/instances?sort=-name&limit=2")["items"]]
    assert ordered == ["web-06", "web-05"]
    assert town.operator.names(f"/instances?department_id={town.ids['city']}&q=10.0.0.2") == {"web-00"}
    assert town.operator.refused("GET", "/instances?colour=red")[0] == 422
    assert town.operator.refused("GET", "/instances?after=x")[0] == 422


def test_a_deleted_instance_is_a_tombstone(town: Town) -> None:
    machine = town.machine("gone", state="deleted", deleted_at=START)
    assert town.civil_admin.names("/instances") == set()
    assert town.civil_admin.names("/instances?state=deleted") == {"gone"}
    assert town.civil_admin.get(f"/instances/{machine}")["state"] == "deleted"
    assert town.civil_admin.get("/search?q=gone") == []


def test_the_timeline_tells_who_did_what(town: Town) -> None:
    machine = town.machine("web")
    answer = town.civil_member.call("POST", f"/instances/{machine}/stop", {"limit_seconds": 5})
    operation = answer.get_json()
    assert (answer.status_code, operation["kind"], operation["requested_by"]["name"]) == (
        202,
        "instance.stop",
        "civil_member",
    )
    wrong = town.civil_admin.refused("DELETE", f"/instances/{machine}?confirm=wep")
    assert wrong[:2] == (409, "confirm.required")
    items = town.civil_office.refused("GET", f"/instances/{machine}/timeline")
    assert items[0] == 404
    told = town.civil_admin.get(f"/instances/{machine}/timeline")
    by_type = {item["type"]: item for item in told}
    assert by_type["instance.stop"]["text"] == "Instance: active → stopping"
    assert by_type["instance.stop"]["actor"] == "civil_member"
    assert by_type["operation.queue"]["operation_id"] == operation["id"]
    assert by_type["audit.instance.stop"]["text"] == "power off"
    assert "confirm.required" in by_type["audit.instance.delete"]["text"]
    town.civil_admin.language = "zh"
    told = town.civil_admin.get(f"/instances/{machine}/timeline")
    assert "云主机：运行中 → 关机中" in [item["text"] for item in told]


def test_an_operation_shows_its_steps(town: Town) -> None:
    machine = town.machine("web")
    operation = town.civil_member.call("POST", f"/instances/{machine}/reboot", {}).get_json()
    shown = town.civil_admin.get(f"/operations/{operation['id']}")
    assert [step["name"] for step in shown["steps"]] == ["reboot", "confirm"]
    assert shown["progress"] == {"done": 0, "total": 2}
    assert shown["subject"] == {"type": "instance", "id": machine, "name": "web"}
    assert town.civil_admin.get(f"/operations?subject_id={machine}&state=queued")["items"][0]["id"] == operation["id"]
    assert town.market_admin.refused("GET", f"/operations/{operation['id']}")[0] == 404
    assert town.market_admin.refused("POST", f"/operations/{operation['id']}/cancel")[0] == 404


def test_the_first_page(town: Town) -> None:
    town.machine("one")
    town.machine("two", state="error")
    town.machine("theirs", "market")
    start = date(2026, 11, 1)
    for day in range(10):
        sample = CapacitySample(
            day=(start + timedelta(days=day)).isoformat(),
            instances=day,
            vcpus=day,
            memory_mib=day,
            volume_gib=day,
            storage_used_gib=10.0 * day,
        )
        town.add(sample)
    mine = town.civil_admin.get("/overview")
    assert mine["instances"] == {"total": 2, "by_state": {"active": 1, "error": 1}}
    assert (mine["hosts"], mine["capacity"], mine["growth"]) == (None, None, [])
    assert mine["forecast"] == {"storage_days_to_full": None}
    assert mine["quota"]["department"]["name"] == "民政局"
    centre = town.operator.get("/overview")
    assert centre["instances"]["total"] == 3
    assert centre["hosts"] == {"total": 1, "up": 1, "by_state": {"enabled": 1}}
    assert centre["capacity"]["vcpus"]["total"] == 128
    assert centre["capacity"]["storage_gib"] == {"total": 1000.0, "allocated": 0, "used": 100.0}
    assert len(centre["growth"]) == 10
    assert centre["forecast"]["storage_days_to_full"] == 91  # (1000 - 90) / 10
    assert town.auditor.get("/overview")["instances"]["total"] == 0


def test_the_search_box_mixes_and_hides(town: Town) -> None:
    machine = town.machine("社会救助-web")
    town.volume("社会救助-data", machine)
    town.machine("社会企业", "market")
    found = town.civil_member.get("/search?q=社会")
    assert {(hit["type"], hit["name"]) for hit in found} == {
        ("instance", "社会救助-web"),
        ("volume", "社会救助-data"),
        ("project", "社会救助"),
    }
    assert found[0]["department"]["name"] == "民政局"
    assert {hit["type"] for hit in town.operator.get("/search?q=hv-secret")} == {"host"}
    assert town.civil_member.get("/search?q=hv-secret") == []
    assert town.civil_member.refused("GET", "/search")[0] == 422


def test_why_not_this_host(town: Town) -> None:
    answer = town.operator.call("POST", "/placement/preview", {"vcpus": 200, "memory_mib": 1024, "disk_gib": 1})
    (verdict,) = answer.get_json()
    refusals = [reason["filter"] for reason in verdict["reasons"] if not reason["ok"]]
    assert (verdict["host"]["name"], verdict["accepted"], refusals) == ("hv-secret-01", False, ["vcpus"])
    assert all("{" not in reason["text"] for reason in verdict["reasons"])
    assert town.civil_admin.refused("POST", "/placement/preview", {})[0] == 403
