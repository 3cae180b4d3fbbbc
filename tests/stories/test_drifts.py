"""Drift over HTTP: who sees what, what is refused and why, and the policies."""

from __future__ import annotations

from typing import Any

from egovcloud.domain.drift import KINDS
from egovcloud.domain.ids import new_id
from egovcloud.store.models import Drift, Instance, Provider
from tests.support.town import Town


def drift(town: Town, kind: str, subject: str, **more: Any) -> str:
    """A drift of ``subject``, as a second look left it."""
    with town.house.database.unit() as session:
        row = session.get(Instance, subject)
        made = Drift(
            id=new_id(),
            created_at=town.now,
            updated_at=town.now,
            kind=kind,
            subject_type=kind.partition(".")[0],
            subject_id=subject,
            subject_name=row.name if row else "h1",
            provider_id=session.query(Provider).one().id,
            host="h1",
            department_id=row.department_id if row else None,
            looks=2,
            since=town.now,
            last_seen_at=town.now,
            **more,
        )
        session.add(made)
        return made.id


def test_a_department_reads_its_own_and_the_centre_decides(town: Town) -> None:
    machine = town.machine("web")
    values = {"desired": {"name": "web"}, "observed": {"name": "old web"}}
    mine = drift(town, "instance.renamed", machine, **values)
    drift(town, "host.gone", new_id(), desired={"exists": True}, observed={"exists": False})
    (seen,) = town.civil_member.get("/drifts?state=open")["items"]
    assert seen["id"] == mine
    assert (seen["title"], seen["host"], seen["place"]) == ("renamed", None, "")
    assert seen["observed"] == [{"name": "name", "value": "old web"}]
    assert seen["remedies"] == ["accept"]
    assert town.operator.get("/drifts?count=true")["total"] == 2
    assert town.operator.get(f"/drifts/{mine}")["host"] == "h1"
    assert town.civil_member.refused("POST", f"/drifts/{mine}/accept")[:2] == (403, "auth.forbidden")
    status, code, sentence = town.operator.refused("POST", f"/drifts/{mine}/repair")
    assert (status, code) == (409, "drift.no_remedy")
    assert "report, accept" in sentence
    assert town.operator.refused("POST", f"/drifts/{new_id()}/accept")[0] == 404
    ended = town.operator.call("POST", f"/drifts/{mine}/accept").get_json()
    assert (ended["state"], ended["remedies"]) == ("accepted", [])
    assert town.operator.get(f"/instances/{machine}")["name"] == "old web"
    assert town.operator.refused("POST", f"/drifts/{mine}/accept")[:2] == (409, "state.refused")
    trail = town.auditor.get("/audit-entries?action=drift.accept")["items"]
    assert [entry["outcome"] for entry in trail].count("success") == 1


def test_a_name_that_nobody_may_have_is_not_accepted(town: Town) -> None:
    for name in ("", " ", "a\tb", "x" * 121):
        mine = drift(town, "instance.renamed", town.machine("web"), desired={"name": "web"}, observed={"name": name})
        assert town.operator.refused("POST", f"/drifts/{mine}/accept")[:2] == (409, "drift.bad_name")


def test_policies_are_listed_chosen_and_refused(town: Town) -> None:
    listed = town.civil_member.get("/drift-policies")
    rows = listed["items"] if isinstance(listed, dict) else listed
    assert [row["kind"] for row in rows] == list(KINDS)
    address = "/drift-policies/network.mode"
    chosen = town.operator.call("PUT", address, {"policy": "repair"}).get_json()
    assert (chosen["policy"], chosen["default"]) == ("repair", "report")
    status, code, sentence = town.operator.refused("PUT", address, {"policy": "accept"})
    assert (status, code) == (422, "drift.no_policy")
    assert "report, repair" in sentence
    assert town.operator.refused("PUT", address, {"policy": "ignore"})[0] == 422
    assert town.operator.refused("PUT", "/drift-policies/moon.gone", {"policy": "report"})[0] == 404
    assert town.civil_member.refused("PUT", address, {"policy": "report"})[0] == 403


def test_figures_count_what_is_open(town: Town) -> None:
    drift(town, "instance.renamed", town.machine("web"), desired={"name": "web"}, observed={"name": "b"})
    text = town.operator.call("GET", "/metrics").get_data(as_text=True)
    assert 'egov_drifts{kind="instance.renamed",state="open"} 1.0' in text
