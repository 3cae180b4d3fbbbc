"""Requests (服务申请): drafted, checked, submitted, decided level by level, and made real in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Forbidden, Invalid, QuotaExceeded
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import Amount, bucket_amount, volume_amount
from egovcloud.engine.enqueue import enqueue
from egovcloud.scheduler import Ask, Verdict
from egovcloud.services import approval as approvals
from egovcloud.services import bucket as buckets
from egovcloud.services import instance as instances
from egovcloud.services import placement, provisioning, rules
from egovcloud.services import volume as volumes
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, require, visible
from egovcloud.store import ledger
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Approval, Department, Instance, Project, Request, Volume

MAX_MACHINES = 1000  # of one request
MAX_ITEMS = 50
# Together with the machine's number they are the name of a volume, which has room for 120 characters.
MACHINE_NAME, VOLUME_NAME = 64, 40
Item = Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """What a draft would cost and who would decide."""

    amount: Amount
    quota: list[ledger.Check]
    chain: list[tuple[int, str, Department]]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.quota)


def check(house: House, actor: Actor, *, project_id: str, items: Sequence[Item]) -> Checked:
    """The live quota check of the wizard; stores nothing."""
    with house.read() as session:
        project = provisioning.project_for(session, actor, project_id)
        require(session, actor, "request:create", project.department_id)
        amount = cost(session, project, _validated(session, project, items, actor.user_id))
        quota = ledger.check(session, project.department_id, amount)
        return Checked(amount, quota, approvals.chain(session, project.department_id))


def create(
    house: House,
    actor: Actor,
    *,
    title: str,
    project_id: str,
    items: Sequence[Item],
    purpose: str = "",
    application_id: str | None = None,
) -> Request:
    """A draft."""
    with house.write(actor, "request.create", "request") as unit:
        session = unit.session
        project = provisioning.project_for(session, actor, project_id)
        unit.about("request", project, title)
        unit.require("request:create", project.department_id)
        provisioning.owner_of(session, project, application_id, None, actor.user_id)
        assert actor.user_id is not None
        request = Request(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            number=_number(session, unit),
            title=rules.name(title, "title", 200),
            purpose=rules.text(purpose, "purpose"),
            department_id=project.department_id,
            project_id=project.id,
            application_id=application_id,
            requester_id=actor.user_id,
            items=_validated(session, project, items, actor.user_id),
        )
        session.add(request)
        session.flush()
        unit.about("request", request, request.title)
        return request


def _number(session: Session, unit: Unit) -> str:
    """``R20261123-0007``: the day and the count of that day, so that people can say it on the telephone."""
    prefix = unit.now.strftime("R%Y%m%d-")
    last = session.scalar(select(func.max(Request.number)).where(Request.number.like(f"{prefix}%")))
    return f"{prefix}{int(last.rpartition('-')[2]) + 1 if last else 1:04d}"


def update(house: House, actor: Actor, id_: str, **changes: Any) -> Request:
    """Of a draft, or of one that was returned."""
    with house.write(actor, "request.update", "request") as unit:
        session = unit.session
        request = _mine(unit, "request:create", id_)
        if request.state not in ("draft", "returned"):
            raise Conflict("state.refused", noun="request", state=request.state, event="update", allowed="-")
        project = session.get_one(Project, request.project_id)
        if "project_id" in changes:
            project = provisioning.project_for(session, actor, changes["project_id"])
            unit.require("request:create", project.department_id)
            changes["department_id"] = project.department_id
        if "title" in changes:
            changes["title"] = rules.name(changes["title"], "title", 200)
        if "purpose" in changes:
            changes["purpose"] = rules.text(changes["purpose"], "purpose")
        if changes.get("application_id", request.application_id):
            application_id = changes.get("application_id", request.application_id)
            provisioning.owner_of(session, project, application_id, None, actor.user_id)
        items = changes.get("items", request.items)
        changes["items"] = _validated(session, project, items, request.requester_id)
        touch(session, request, now=unit.now, **changes)
        return request


def submit(house: House, actor: Actor, id_: str) -> Request:
    """Refused at once when a quota is too small for it: nobody is asked in vain."""
    with house.write(actor, "request.submit", "request") as unit:
        session = unit.session
        request = _mine(unit, "request:submit", id_)
        project = session.get_one(Project, request.project_id)
        items = _validated(session, project, request.items, request.requester_id)
        for line in ledger.check(session, project.department_id, cost(session, project, items)):
            if not line.ok:
                raise QuotaExceeded(
                    "quota.exceeded",
                    field=line.resource,
                    department=line.department_name,
                    resource=line.resource,
                    limit=line.limit,
                    used=line.used,
                    asked=line.asked,
                ).at(line.path)
        transition(session, request, "submit", now=unit.now, submitted_at=unit.now)
        approvals.open_round(session, request, unit.now)
        return request


def withdraw(house: House, actor: Actor, id_: str) -> Request:
    """Take it back before it is decided."""
    with house.write(actor, "request.withdraw", "request") as unit:
        request = _mine(unit, "request:withdraw", id_)
        transition(unit.session, request, "withdraw", now=unit.now, closed_at=unit.now)
        approvals.void_rest(unit.session, approvals.current_round(unit.session, request.id), unit.now)
        return request


def approve(house: House, actor: Actor, id_: str, *, comment: str = "") -> Request:
    """One level's yes. The last one's makes it real: rows, quota and operations in this transaction."""
    with house.write(actor, "request.approve", "request") as unit:
        request, _, chain = _deciding(unit, id_, "approve", comment)
        following = next((one for one in chain if one.state == "waiting"), None)
        if following is not None:
            transition(unit.session, following, "open", now=unit.now)
        else:
            transition(unit.session, request, "approve", now=unit.now)
            _provision(unit, request)
        return request


def reject(house: House, actor: Actor, id_: str, *, comment: str = "") -> Request:
    """A no that ends it."""
    with house.write(actor, "request.reject", "request") as unit:
        request, _, chain = _deciding(unit, id_, "reject", comment)
        transition(unit.session, request, "reject", now=unit.now, closed_at=unit.now)
        approvals.void_rest(unit.session, chain, unit.now)
        return request


def send_back(house: House, actor: Actor, id_: str, *, comment: str = "") -> Request:
    """Returned to its author for a change (退回)."""
    with house.write(actor, "request.return", "request") as unit:
        request, _, chain = _deciding(unit, id_, "return", comment)
        transition(unit.session, request, "return", now=unit.now)
        approvals.void_rest(unit.session, chain, unit.now)
        return request


def placement_preview(house: House, actor: Actor, id_: str) -> list[tuple[int, int, list[Verdict]]]:
    """(item, machine of the item, verdicts) for each machine asked for, as if placed now; claims nothing."""
    with house.read() as session:
        request = visible(session, actor, "request:read", Request, id_)
        require(session, actor, "placement:preview", None)
        project = session.get_one(Project, request.project_id)
        found = []
        for index, item in enumerate(request.items):
            if item["kind"] != "instance":
                continue
            wanted = _shape(session, project, item, request.requester_id, f"items[{index}].")
            for machine in range(item["count"]):
                ask = Ask(
                    key=placement.key(request.id, str(index), str(machine)),
                    vcpus=wanted.flavor.vcpus,
                    memory_mib=wanted.flavor.memory_mib,
                    disk_gib=wanted.flavor.disk_gib + sum(v["size_gib"] for v in item["volumes"]),
                    zone_id=wanted.zone_id,
                )
                found.append((index, machine, placement.verdicts(session, ask)))
                if len(found) >= MAX_ITEMS:
                    return found
        return found


def cost(session: Session, project: Project, items: Sequence[Item]) -> Amount:
    """What the items need of every quota above them."""
    total = Amount()
    for index, item in enumerate(items):
        if item["kind"] == "instance":
            one = _shape(session, project, item, None, f"items[{index}].").amount
            disks = sum(volume["size_gib"] for volume in item["volumes"])
            total += (one + volume_amount(disks)) * item["count"]
        elif item["kind"] == "volume":
            total += volume_amount(item["size_gib"])
        elif item["kind"] == "bucket":
            total += bucket_amount(item["quota_gib"])
        elif item["kind"] == "grow_volume":
            volume = session.get_one(Volume, item["volume_id"])
            total += volume_amount(max(0, item["size_gib"] - volume.size_gib))
        else:
            instance = session.get_one(Instance, item["instance_id"])
            flavor = instances.check_flavor(session, instance, item["flavor_id"], f"items[{index}].flavor_id")
            total += Amount(
                vcpus=max(0, flavor.vcpus - instance.vcpus), memory_mib=max(0, flavor.memory_mib - instance.memory_mib)
            )
    return total


def may_decide(session: Session, actor: Actor, request: Request, approval: Approval) -> bool:
    """Whether this person may decide this level now."""
    if approval.state != "pending" or actor.user_id == request.requester_id:
        return False
    earlier = approvals.current_round(session, request.id)
    if any(one.decided_by == actor.user_id for one in earlier):
        return False
    return actor.may("request:approve", session.get_one(Department, approval.department_id).path)


def _deciding(unit: Unit, id_: str, event: str, comment: str) -> tuple[Request, Approval, list[Approval]]:
    session, actor = unit.session, unit.actor
    request = visible(session, actor, "request:read", Request, id_, lock=True)
    unit.about("request", request, request.title, number=request.number)
    chain = approvals.current_round(session, request.id)
    approval = next((one for one in chain if one.state == "pending"), None)
    if request.state != "submitted" or approval is None:
        raise Conflict("request.not_pending", number=request.number, state=request.state)
    unit.require("request:approve", approval.department_id)
    if actor.user_id == request.requester_id:
        raise Forbidden("request.own")
    if any(one.decided_by == actor.user_id for one in chain if one.decided_by):
        raise Forbidden("request.decided_before")
    text = rules.text(comment, "comment")
    transition(session, approval, event, now=unit.now, decided_by=actor.user_id, decided_at=unit.now, comment=text)
    return request, approval, chain


def _provision(unit: Unit, request: Request) -> None:
    """Every row, reservation, address and operation of the request; all of it or, on a full quota, none."""
    session = unit.session
    project = session.get_one(Project, request.project_id)
    owner = provisioning.owner_of(session, project, request.application_id, request.id, request.requester_id)
    parent = enqueue(
        session,
        "request.provision",
        request.id,
        now=unit.now,
        department_id=request.department_id,
        requested_by=request.requester_id,
    )
    transition(session, request, "provision", now=unit.now, operation_id=parent.id, data={"operation_id": parent.id})
    touch(session, request, now=unit.now, operation_id=parent.id)
    for index, item in enumerate(_validated(session, project, request.items, request.requester_id)):
        if item["kind"] == "instance":
            _provision_machines(unit, request, owner, index, item, parent.id)
        elif item["kind"] == "volume":
            instance = volumes.instance_in(session, project, item["instance_id"], f"items[{index}].instance_id")
            wanted = provisioning.NewVolume(instance, item["name"], item["size_gib"])
            provisioning.provision_volumes(session, owner, [wanted], now=unit.now, parent_id=parent.id)
        elif item["kind"] == "bucket":
            buckets.provision(session, owner, item, now=unit.now, parent_id=parent.id)
        elif item["kind"] == "grow_volume":
            volume = session.get_one(Volume, item["volume_id"], with_for_update=True)
            volumes.grow_in(unit, volume, item["size_gib"], parent_id=parent.id)
        else:
            instance = session.get_one(Instance, item["instance_id"], with_for_update=True)
            instances.resize_in(
                session, instance, item["flavor_id"], unit=unit, user_id=request.requester_id, parent_id=parent.id
            )


def _provision_machines(
    unit: Unit, request: Request, owner: provisioning.Owner, index: int, item: Item, parent_id: str
) -> None:
    session = unit.session
    wanted = _shape(session, owner.project, item, request.requester_id, f"items[{index}].")
    many = item["count"] > 1
    made = provisioning.provision_instances(
        session,
        unit.cipher,
        owner,
        wanted,
        [f"{item['name']}-{machine}" if many else item["name"] for machine in range(1, item["count"] + 1)],
        now=unit.now,
        anti_affinity=f"{request.id}/{index}" if item["anti_affinity"] else None,
        user_data=item["user_data"],
        volumes_gib=sum(volume["size_gib"] for volume in item["volumes"]),
        parent_id=parent_id,
    )
    volumes_wanted = [
        provisioning.NewVolume(instance, f"{instance.name}-{volume['name']}", volume["size_gib"], after=operation.id)
        for instance, operation in made
        for volume in item["volumes"]
    ]
    provisioning.provision_volumes(session, owner, volumes_wanted, now=unit.now, parent_id=parent_id)


def _validated(session: Session, project: Project, items: Sequence[Item], user_id: str | None) -> list[dict[str, Any]]:
    """Items with every default filled in and every reference looked up; ``Invalid`` names the field."""
    if not items:
        raise Invalid("request.empty", field="items")
    rules.within(len(items), "items", 1, MAX_ITEMS)
    machines = sum(int(item.get("count", 1)) for item in items if item["kind"] == "instance")
    if machines > MAX_MACHINES:
        raise Invalid("request.too_many", field="items", maximum=MAX_MACHINES, asked=machines)
    return [_validated_item(session, project, dict(item), user_id, f"items[{i}].") for i, item in enumerate(items)]


def _validated_item(
    session: Session, project: Project, item: dict[str, Any], user_id: str | None, prefix: str
) -> dict[str, Any]:
    if item["kind"] == "instance":
        filled = {
            "count": 1,
            "security_group_ids": [],
            "ssh_key_ids": [],
            "zone_id": None,
            "anti_affinity": False,
            "user_data": None,
            "volumes": [],
            **item,
        }
        rules.name(filled["name"], f"{prefix}name", MACHINE_NAME)
        rules.within(filled["count"], f"{prefix}count", 1, MAX_MACHINES)
        for index, volume in enumerate(filled["volumes"]):
            rules.name(volume["name"], f"{prefix}volumes[{index}].name", VOLUME_NAME)
            rules.within(volume["size_gib"], f"{prefix}volumes[{index}].size_gib", *volumes.SIZE_GIB)
        _shape(session, project, filled, user_id, prefix)
        return filled
    if item["kind"] == "volume":
        rules.name(item["name"], f"{prefix}name")
        rules.within(item["size_gib"], f"{prefix}size_gib", *volumes.SIZE_GIB)
        volumes.instance_in(session, project, item["instance_id"], f"{prefix}instance_id")
        return item
    if item["kind"] == "bucket":
        filled = {"provider_id": None, "versioning": False, "expire_days": None, "expire_prefix": "", **item}
        return {"kind": "bucket", **buckets.wanted(session, filled, prefix)}
    if item["kind"] == "grow_volume":
        volume = session.get(Volume, item["volume_id"])
        if volume is None or volume.project_id != project.id or volume.state == "deleted":
            raise Invalid("input.reference", field=f"{prefix}volume_id", name="volume_id", id=item["volume_id"])
        volumes.made_here(volume)
        rules.within(item["size_gib"], f"{prefix}size_gib", *volumes.SIZE_GIB)
        if item["size_gib"] <= volume.size_gib:
            raise Invalid("item.size", field=f"{prefix}size_gib", name=volume.name, size_gib=volume.size_gib)
        return item
    instance = session.get(Instance, item["instance_id"])
    if instance is None or instance.project_id != project.id or instance.state == "deleted":
        raise Invalid("input.reference", field=f"{prefix}instance_id", name="instance_id", id=item["instance_id"])
    instances.check_flavor(session, instance, item["flavor_id"], f"{prefix}flavor_id")
    return item


def _shape(session: Session, project: Project, item: Item, user_id: str | None, prefix: str) -> provisioning.Shape:
    return provisioning.shape(
        session,
        project,
        flavor_id=item["flavor_id"],
        image_id=item["image_id"],
        network_ids=item["network_ids"],
        security_group_ids=item["security_group_ids"],
        ssh_key_ids=item["ssh_key_ids"],
        zone_id=item["zone_id"],
        user_id=user_id,
        prefix=prefix,
        keys=() if user_id is None else None,
    )


def _mine(unit: Unit, permission: str, id_: str) -> Request:
    request = visible(unit.session, unit.actor, "request:read", Request, id_, lock=True)
    unit.about("request", request, request.title, number=request.number)
    unit.require(permission, request.department_id)
    return request
