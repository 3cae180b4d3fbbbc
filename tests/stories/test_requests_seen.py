"""Requests and approvals as people see them: the live check, who decides, and the numbers of nobody else."""

from __future__ import annotations

import json
from typing import Any

from tests.support.town import Town


def ask(town: Town, count: int = 2, **more: Any) -> dict[str, Any]:
    """The body of a request for machines with a volume each."""
    item = {
        "kind": "instance",
        "name": "web",
        "count": count,
        "flavor_id": town.ids["flavor"],
        "image_id": town.ids["image"],
        "network_ids": [town.ids["network"]],
        "volumes": [{"name": "data", "size_gib": 1}],
    }
    return {"project_id": town.ids["project:civil"], "items": [item], **more}


def drafted(town: Town, **more: Any) -> str:
    """The id of a draft of a member of the civil bureau."""
    answer = town.civil_member.call("POST", "/requests", ask(town, title="社会救助系统", **more))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.get_json()["id"])


def test_the_live_check_shows_ones_own_quotas_alone(town: Town) -> None:
    town.root.call("PUT", f"/quotas/{town.ids['city']}", {"limits": {"vcpus": 100, "instances": 5}})
    town.root.call("PUT", f"/quotas/{town.ids['civil']}", {"limits": {"vcpus": 3}})
    town.machine("theirs", "market")
    checked = town.civil_member.call("POST", "/requests/check", ask(town)).get_json()
    assert checked["amount"] == {
        "instances": 2,
        "vcpus": 2,
        "memory_mib": 2048,
        "volume_gib": 22,
        "addresses": 2,
        "buckets": 0,
        "object_gib": 0,
    }
    assert checked["ok"] is True
    assert {line["department"]["name"] for line in checked["quota"]} == {"民政局"}
    vcpus = next(line for line in checked["quota"] if line["resource"] == "vcpus")
    assert (vcpus["limit"], vcpus["used"], vcpus["asked"], vcpus["after"]) == (3, 0, 2, 2)
    assert [(link["level"], link["department"]["name"]) for link in checked["chain"]] == [
        ("bureau", "民政局"),
        ("centre", "临江市"),
    ]
    much = town.civil_member.call("POST", "/requests/check", ask(town, count=5)).get_json()
    assert much["ok"] is False
    above = [line for line in much["quota"] if line["department"]["name"] == "a department above"]
    assert [(line["resource"], line["limit"], line["used"], line["ok"]) for line in above] == [
        ("instances", None, 0, False)
    ]
    centre = town.operator.call("POST", "/requests/check", ask(town)).get_json()
    assert {line["department"]["name"] for line in centre["quota"]} == {"民政局", "临江市"}


def test_a_full_quota_above_is_told_without_its_numbers(town: Town) -> None:
    town.machine("theirs", "market")
    assert town.root.call("PUT", f"/quotas/{town.ids['city']}", {"limits": {"vcpus": 2}}).status_code == 200
    request = drafted(town)
    response = town.civil_member.call("POST", f"/requests/{request}/submit")
    problem = response.get_json()
    assert (response.status_code, problem["code"]) == (409, "quota.exceeded_above")
    assert problem["params"] == {"resource": "vcpus", "asked": 2}
    assert "临江市" not in json.dumps(problem, ensure_ascii=False)
    assert town.root.call("PUT", f"/quotas/{town.ids['city']}", {"limits": {"vcpus": None}}).status_code == 200
    assert town.root.call("PUT", f"/quotas/{town.ids['civil']}", {"limits": {"vcpus": 1}}).status_code == 200
    status, code, sentence = town.civil_member.refused("POST", f"/requests/{request}/submit")
    assert (status, code) == (409, "quota.exceeded")
    assert "民政局" in sentence


def test_who_may_decide_sees_it_waiting(town: Town) -> None:
    request = drafted(town, purpose="两台")
    assert town.civil_admin.get("/approvals?mine=true&state=pending")["items"] == []
    submitted = town.civil_member.call("POST", f"/requests/{request}/submit").get_json()
    assert (submitted["state"], submitted["requester"]["name"]) == ("submitted", "civil_member")
    assert [(a["level"], a["state"], a["may_decide"]) for a in submitted["approvals"]] == [
        ("bureau", "pending", False),
        ("centre", "waiting", False),
    ]
    (waiting,) = town.civil_admin.get("/approvals?mine=true&state=pending")["items"]
    assert (waiting["request"]["number"], waiting["may_decide"]) == (submitted["number"], True)
    assert town.civil_admin.get("/overview")["approvals_pending"] == 1
    assert town.civil_member.get("/approvals?mine=true")["items"] == []
    assert town.civil_member.get("/approvals?state=pending")["items"][0]["may_decide"] is False
    assert town.market_admin.get("/approvals")["items"] == []
    assert town.market_admin.refused("GET", f"/requests/{request}")[0] == 404
    approved = town.civil_admin.call("POST", f"/requests/{request}/approve", {"comment": "同意"}).get_json()
    assert [(a["state"], a["comment"]) for a in approved["approvals"]] == [("approved", "同意"), ("pending", "")]
    assert town.centre.get("/overview")["approvals_pending"] == 1
    (preview, _) = town.centre.get(f"/requests/{request}/placement")
    assert (preview["item"], preview["index"], preview["host"]["name"]) == (0, 0, "hv-secret-01")
    assert town.civil_admin.refused("GET", f"/requests/{request}/placement")[0] == 403


def test_the_last_yes_shows_what_was_made(town: Town) -> None:
    request = drafted(town)
    town.civil_member.call("POST", f"/requests/{request}/submit")
    town.civil_admin.call("POST", f"/requests/{request}/approve", {})
    done = town.centre.call("POST", f"/requests/{request}/approve", {}).get_json()
    assert done["state"] == "provisioning"
    assert [(one["name"], one["state"]) for one in done["instances"]] == [
        ("web-1", "requested"),
        ("web-2", "requested"),
    ]
    assert len(done["volumes"]) == 2
    operation = town.civil_member.get(f"/operations/{done['operation_id']}")
    assert operation["kind"] == "request.provision"
    assert operation["progress"]["total"] == len(operation["children"])
    assert operation["subject"]["name"] == done["number"]
    assert town.civil_member.names(f"/instances?request_id={request}") == {"web-1", "web-2"}
    (shown, _) = town.civil_member.get("/instances")["items"]
    assert shown["request"] == {"id": request, "number": done["number"]}
    history = town.civil_member.get(f"/instances/{shown['id']}/timeline")
    assert {"audit.request.create", "audit.request.submit", "audit.request.approve", "request.submit"} <= {
        item["type"] for item in history
    }


def test_a_returned_request_is_changed_and_found(town: Town) -> None:
    request = drafted(town)
    town.civil_member.call("POST", f"/requests/{request}/submit")
    back = town.civil_admin.call("POST", f"/requests/{request}/return", {"comment": "少一台"}).get_json()
    assert back["state"] == "returned"
    items = ask(town, count=1)["items"]
    changed = town.civil_member.call("PATCH", f"/requests/{request}", {"items": items, "title": "一台"}).get_json()
    assert (changed["title"], changed["items"][0]["count"]) == ("一台", 1)
    assert {line["asked"] for line in changed["quota"] if line["resource"] == "instances"} == {1}
    assert [r["title"] for r in town.civil_member.get("/requests?q=一台&state=returned")["items"]] == ["一台"]
