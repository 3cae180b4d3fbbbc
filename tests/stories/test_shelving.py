"""Shelving over HTTP: who may, what is refused, and what a shelved machine says of itself."""

from __future__ import annotations

from egovcloud.store.models import Instance, Operation, Provider
from tests.support.town import Town


def test_a_member_shelves_and_brings_back(town: Town) -> None:
    machine = town.machine("web")
    address = f"/instances/{machine}/shelve"
    assert town.market_member.refused("POST", address)[0] == 404
    assert town.auditor.refused("POST", address)[0] in (403, 404)
    with town.house.database.unit() as session:
        session.query(Provider).one().capabilities = []
    assert town.civil_member.refused("POST", address)[:2] == (409, "driver.unsupported")
    with town.house.database.unit() as session:
        session.query(Provider).one().capabilities = ["shelve"]
    asked = town.civil_member.call("POST", address)
    assert (asked.status_code, asked.get_json()["kind"]) == (202, "instance.shelve")
    assert town.civil_member.get(f"/instances/{machine}")["state"] == "shelving"
    assert town.civil_member.refused("POST", address)[:2] == (409, "state.refused")
    with town.house.database.unit() as session:
        session.query(Operation).one().state = "succeeded"
        session.get_one(Instance, machine).state = "shelved"
        session.get_one(Instance, machine).shelved_at = town.now
    shown = town.civil_member.get(f"/instances/{machine}")
    assert (shown["state"], shown["shelved_at"] is None) == ("shelved", False)
    assert town.civil_member.get("/instances?state=shelved")["items"][0]["id"] == machine
    status, code, sentence = town.civil_member.refused("POST", f"/instances/{machine}/start")
    assert (status, code) == (409, "state.refused")
    assert "unshelve" in sentence
    back = town.civil_member.call("POST", f"/instances/{machine}/unshelve")
    assert (back.status_code, back.get_json()["kind"]) == (202, "instance.unshelve")
    town.civil_admin.language = "zh"
    told = [item["text"] for item in town.civil_admin.get(f"/instances/{machine}/timeline")]
    assert "云主机：已搁置 → 恢复中" in told
