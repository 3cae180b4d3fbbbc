"""Security groups in Neutron.

https://docs.openstack.org/api-ref/network/v2/#security-groups-security-groups
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Ref, SecurityGroupSpec
from egovcloud.drivers.openstack import rules
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import display
from egovcloud.drivers.openstack.rules import Rule
from egovcloud.drivers.openstack.service import Json

KIND = "security_group"
OPEN = "open"
NOBODY = "00000000-0000-0000-0000-000000000000"  # of the one group that belongs to no row


def search(call: Call, kind: str, our_id: str) -> list[Json]:
    """Groups that bear our mark; the oldest comes first."""
    listed = call.network.list("/security-groups", "security_groups", description=call.marker.description(kind, our_id))
    return sorted(listed, key=lambda one: (str(one.get("created_at")), str(one["id"])))


def require(call: Call, group_id: str) -> str:
    """Neutron's id of a group that was ensured; ``NotFound("security_group.absent")`` when it was not."""
    known = call.cloud.names.get(KIND, group_id)
    if known is not None:
        return known
    found = search(call, KIND, group_id)
    if not found:
        raise NotFound("security_group.absent", id=group_id, host=call.host)
    return call.cloud.names.put(KIND, group_id, str(found[0]["id"]))


def ensure(call: Call, group: SecurityGroupSpec) -> Ref:
    """The group with exactly these rules; ports that it guards follow at once."""
    with call.alone(group.id):
        made = _ensure(call, KIND, group.id, display(group.name, group.id), rules.wanted(group.rules))
        return Ref(call.cloud.names.put(KIND, group.id, made), call.host)


def open_group(call: Call) -> str:
    """The group of ports that no group guards, since Neutron drops everything at a port without any."""
    with call.alone(OPEN):
        return call.cloud.open_group.get(
            lambda: _ensure(call, OPEN, NOBODY, "egovcloud open", rules.open_to_all()),
        )


def _ensure(call: Call, kind: str, our_id: str, name: str, wanted: set[Rule]) -> str:
    body = {"name": name, "description": call.marker.description(kind, our_id)}
    found = call.make(
        f"{kind}/{our_id}",
        lambda: next(iter(search(call, kind, our_id)), None),
        lambda: call.network.post("/security-groups", {"security_group": body})["security_group"],
    )
    _align(call, str(found["id"]), found.get("security_group_rules") or [], wanted)
    return str(found["id"])


def _align(call: Call, group_id: str, listed: list[Json], wanted: set[Rule]) -> None:
    """New rules come before old ones go, so that nobody is cut off in between."""
    present = {str(one["id"]): rules.of_answer(one) for one in listed}
    missing = sorted(wanted - set(present.values()), key=str)
    for rule in missing:
        try:
            call.network.post("/security-group-rules", {"security_group_rule": rules.body(rule, group_id)})
        except Refused as refused:
            if refused.status != 409:
                raise
    for rule_id, known in present.items():
        if known not in wanted:
            call.network.delete(f"/security-group-rules/{rule_id}")


def delete(call: Call, group_id: str) -> None:
    """Every copy; ``Conflict("security_group.in_use")`` while a port refers to it."""
    with call.alone(group_id):
        for one in call.all_of(f"{KIND}/{group_id}", lambda: search(call, KIND, group_id)):
            remove(call, group_id, str(one["id"]))


def remove(call: Call, group_id: str, neutron_id: str) -> None:
    call.cloud.names.drop(KIND, group_id)
    try:
        call.network.delete(f"/security-groups/{neutron_id}")
    except Refused as refused:
        if refused.status != 409:
            raise
        count = len(call.network.list("/ports", "ports", security_groups=neutron_id))
        raise Conflict("security_group.in_use", id=group_id, host=call.host, count=count) from refused
