"""What a driver saw, as facts that the planner can compare with the rows."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from egovcloud.domain.drift import rule_text
from egovcloud.drivers.survey import GroupLook, InstanceLook, Look, NicLook, Survey
from egovcloud.planner.reconcile import Seen


def seen_of(survey: Survey) -> list[Seen]:
    """Everything that bears our mark on one host; remainders of what is gone have no facts."""
    return [
        Seen(
            thing.owned.kind.value,
            thing.owned.id,
            thing.owned.external_id,
            thing.owned.host,
            thing.owned.power.value if thing.owned.power else None,
            _facts(thing.look) if thing.look is not None else {},
        )
        for thing in survey.things
    ]


def storable(text: str) -> str:
    """Somebody else's words, which may hold what no database keeps: lone surrogates, and the character zero."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _facts(look: Look) -> dict[str, Any]:
    facts: dict[str, Any] = {one.name: getattr(look, one.name) for one in fields(look)}
    if isinstance(look, InstanceLook):
        nics = look.nics
        for name in ("name", "given_name"):
            facts[name] = None if facts[name] is None else storable(facts[name])
        for name in ("foreign_disks", "foreign_snapshots"):
            facts[name] = None if facts[name] is None else tuple(storable(one) for one in facts[name])
        facts["nics"] = None if nics is None else {nic.mac: _nic(nic) for nic in nics}
    elif isinstance(look, GroupLook) and look.rules is not None:
        facts["rules"] = sorted(
            {rule_text(rule.direction, rule.protocol, rule.port_min, rule.port_max, rule.cidr) for rule in look.rules}
        )
    return facts


def _nic(nic: NicLook) -> dict[str, Any]:
    groups = None if nic.groups is None else sorted(nic.groups)
    return {"network": nic.network, "address": nic.address, "groups": groups}
