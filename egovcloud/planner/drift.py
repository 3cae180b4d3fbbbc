"""What differs between the rows and one look at a whole cloud. Pure: it reads nothing and changes nothing.

Only what is at rest is compared, on hosts that answered, and only facts that both sides know. What a finding says is
data that a person and the engine can both read: ``desired`` and ``observed`` have the same names.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from egovcloud.planner.reconcile import Seen, Wanted

Key = tuple[str, str, str]  # code, id of the subject, place
Subject = tuple[str, str]  # noun, id

CROWD = 50  # strangers of one host that are named
_POWER = {"active": "running", "stopped": "stopped", "shelved": "shelved"}
_REST = {"instance": frozenset({"active", "stopped", "shelved"}), "volume": frozenset({"available", "in_use"})}
_POWER_CODES = {
    ("active", "stopped"): "instance.stopped",
    ("active", "crashed"): "instance.crashed",
    ("active", "paused"): "instance.paused",
    ("stopped", "running"): "instance.started",
    ("stopped", "paused"): "instance.paused",
    ("active", "shelved"): "instance.shelved",
    ("stopped", "shelved"): "instance.shelved",
}
_SHAPE = {"vcpus": "instance.vcpus", "memory_mib": "instance.memory", "disk_gib": "instance.disk"}


@dataclass(frozen=True)
class Difference:
    """One finding. ``place`` tells apart what one row stands for on several hosts; ``host`` is where it was seen."""

    code: str
    noun: str
    id: str
    place: str
    host: str
    desired: dict[str, Any]
    observed: dict[str, Any]
    generation: int = 0

    @property
    def key(self) -> Key:
        return self.code, self.id, self.place


@dataclass(frozen=True)
class HostWanted:
    """A host's row. ``promised`` and ``allowed`` are (vCPU, MiB): what its instances have, and may have at most."""

    id: str
    name: str
    generation: int
    vcpus: int
    memory_mib: int
    promised: tuple[int, int] = (0, 0)
    allowed: tuple[int, int] = (0, 0)
    pools: tuple[PoolWanted, ...] = ()


@dataclass(frozen=True)
class PoolWanted:
    """A pool's row; ``ratio`` is how much more than its size it may promise."""

    id: str
    name: str
    promised_gib: int
    ratio: float


@dataclass(frozen=True)
class HostSeen:
    """What a host says of itself. ``silent`` are the seconds since it last answered, when that is too long ago."""

    name: str
    answered: bool
    vcpus: int = 0
    memory_mib: int = 0
    pools: Mapping[str, float] = field(default_factory=dict)
    unmanaged: tuple[str, ...] = ()
    silent: float = 0.0


@dataclass(frozen=True)
class Estate:
    """What is desired of one provider.

    ``rows`` lie on one host each. ``shared`` are networks, security groups and images by (noun, id); ``needed`` says
    at which places, ``host`` or ``host/pool``, something that is at rest needs them. ``shared_pools`` are places whose
    pool is the same storage on every host. ``floating`` are addresses of the whole cloud, which every host lists.
    """

    rows: Sequence[Wanted]
    shared: Mapping[tuple[str, str], Wanted] = field(default_factory=dict)
    needed: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    shared_pools: frozenset[str] = frozenset()
    hosts: Sequence[HostWanted] = ()
    floating: Sequence[Wanted] = ()


@dataclass(frozen=True)
class Comparison:
    """``compared`` are the subjects about which this look can say that nothing differs.

    Of what lies in many places they are named without one: they were looked for on every host that ``answered``.
    """

    findings: Sequence[Difference]
    compared: frozenset[Subject]
    answered: frozenset[str]

    def covers(self, noun: str, id_: str, place: str) -> bool:
        """Whether a difference that is not among the findings is no more."""
        return (noun, id_) in self.compared and (not place or place.partition("/")[0] in self.answered)


def compare(estate: Estate, seen: Sequence[Seen], hosts: Sequence[HostSeen]) -> Comparison:
    """Every difference, in the order of the rows."""
    answered = frozenset(host.name for host in hosts if host.answered)
    sight = _Sight(seen)
    findings: list[Difference] = []
    compared: set[Subject] = set()
    for row in estate.rows:
        if not row.settled or row.host not in answered:
            continue
        compared.add((row.kind, row.id))
        findings += _row(row, sight)
    for shared in estate.shared.values():
        if shared.settled:
            compared.add((shared.kind, shared.id))
            findings += _shared(shared, estate, sight, answered)
    for row in estate.floating if answered else ():
        if row.settled and row.state in ("available", "in_use"):
            compared.add((row.kind, row.id))
            findings += _floating(row, sight)
    findings += _hosts(estate.hosts, hosts, compared)
    return Comparison(findings, frozenset(compared), answered)


class _Sight:
    """What was seen, by what it is looked up by."""

    def __init__(self, seen: Iterable[Seen]) -> None:
        self.exact: dict[tuple[str, str, str, str], Seen] = {}
        self.by_id: dict[tuple[str, str], list[Seen]] = defaultdict(list)
        for one in seen:
            self.exact[one.kind, one.id, one.host, one.external_id] = one
            self.by_id[one.kind, one.id].append(one)

    def of(self, row: Wanted) -> Seen | None:
        """Exactly the thing that the row stands for; a snapshot's row does not know which one that is."""
        if row.kind == "snapshot":
            return next((one for one in self.by_id["snapshot", row.id] if one.host == row.host), None)
        return self.exact.get((row.kind, row.id, row.host, row.external_id or ""))

    def elsewhere(self, row: Wanted) -> Seen | None:
        """The same thing on another host."""
        same = (one for one in self.by_id[row.kind, row.id] if one.external_id == row.external_id)
        return next((one for one in same if one.host != row.host and one.facts), None)

    def copies(self, row: Wanted) -> list[str]:
        """External ids of the whole things that bear the row's mark; remainders have no facts."""
        return sorted({one.external_id for one in self.by_id[row.kind, row.id] if one.facts})


def _row(row: Wanted, sight: _Sight) -> Iterator[Difference]:
    at_rest = _REST.get(row.kind, frozenset({"available"}))
    if row.state not in at_rest or (row.external_id is None and row.kind != "snapshot"):
        return
    one = sight.of(row)
    if row.state == "shelved":
        yield from _shelved(row, one or sight.elsewhere(row))
        return
    if one is None:
        other = sight.elsewhere(row)
        if other is None:
            yield _found(f"{row.kind}.gone", row, {"exists": True}, {"exists": False})
        elif row.kind in ("instance", "volume"):
            yield _found(f"{row.kind}.moved", row, {"host": row.host}, {"host": other.host})
        return
    copies = sight.copies(row)
    if len(copies) > 1:
        yield _found(f"{row.kind}.duplicated", row, {"copies": 1}, {"copies": len(copies), "external_ids": copies})
    if row.kind == "instance":
        yield from _instance(row, one)
    elif row.kind == "volume":
        yield from _volume(row, one)


def _shelved(row: Wanted, one: Seen | None) -> Iterator[Difference]:
    """It has no host and no shape to be compared; what is back may be on any."""
    if one is None:
        yield _found("instance.gone", row, {"exists": True}, {"exists": False})
    elif one.power != _POWER[row.state]:
        yield _found("instance.unshelved", row, {"power": "shelved"}, {"power": one.power, "host": one.host})


def _instance(row: Wanted, one: Seen) -> Iterator[Difference]:
    power = _POWER_CODES.get((row.state, one.power or ""))
    if power:
        yield _found(power, row, {"power": _POWER[row.state]}, {"power": one.power})
    for fact, code in _SHAPE.items():
        if _differ(row.facts.get(fact), one.facts.get(fact)):
            yield _found(code, row, {fact: row.facts[fact]}, {fact: one.facts[fact]})
    if _differ(row.facts.get("image"), one.facts.get("image")):
        yield _found("instance.image", row, {"image": row.facts["image"]}, {"image": one.facts["image"]})
    name, given = one.facts.get("name"), one.facts.get("given_name")
    # A name that we changed ourselves is ours to change; the cloud keeps the one that it was given.
    if _differ(given, name) and name != row.facts.get("name"):
        yield _found("instance.renamed", row, {"name": given}, {"name": name})
    yield from _ports(row, one)
    for what in () if row.facts.get("adopted") else ("disks", "snapshots"):  # all that it came with is foreign
        if one.facts.get(f"foreign_{what}"):
            seen = {what: sorted(one.facts[f"foreign_{what}"])}
            yield _found(f"instance.foreign_{what.removesuffix('s')}", row, {what: []}, seen)


def _ports(row: Wanted, one: Seen) -> Iterator[Difference]:
    """Ports are told apart by their MAC."""
    wanted, seen = row.facts.get("nics"), one.facts.get("nics")
    if wanted is None or seen is None:
        return
    missing, added = sorted(set(wanted) - set(seen)), sorted(set(seen) - set(wanted))
    if missing:
        yield _found("instance.nic_missing", row, {"nics": sorted(wanted)}, {"nics": sorted(seen), "missing": missing})
    if added:
        yield _found("instance.nic_added", row, {"nics": sorted(wanted)}, {"nics": sorted(seen), "added": added})
    both = sorted(set(wanted) & set(seen))
    for fact, code, name in (("network", "nic_network", "networks"), ("address", "address", "addresses")):
        off = [mac for mac in both if _differ(wanted[mac][fact], seen[mac].get(fact))]
        if off:
            shown = ({mac: of[mac][fact] for mac in off} for of in (wanted, seen))
            yield _found(f"instance.{code}", row, {name: next(shown)}, {name: next(shown)})
    groups = row.facts.get("groups")
    guards = {mac: seen[mac].get("groups") for mac in both}
    off = [mac for mac in both if guards[mac] is not None and groups is not None and sorted(guards[mac]) != groups]
    if off:
        observed = sorted({group for mac in off for group in guards[mac]})
        yield _found("instance.groups", row, {"security_groups": groups}, {"security_groups": observed})


def _volume(row: Wanted, one: Seen) -> Iterator[Difference]:
    size, wanted = one.facts.get("size_gib"), row.facts.get("size_gib")
    if size is not None and wanted is not None and size != wanted:
        code = "volume.grown" if size > wanted else "volume.shrunk"
        yield _found(code, row, {"size_gib": wanted}, {"size_gib": size})
    holder, meant = one.facts.get("instance"), row.facts.get("instance")
    if holder is None or meant is None or holder == meant:
        return
    code = "volume.detached" if not holder else "volume.elsewhere" if meant else "volume.attached"
    yield _found(code, row, {"instance": meant}, {"instance": holder})


def _floating(row: Wanted, sight: _Sight) -> Iterator[Difference]:
    one = next((one for one in sight.by_id[row.kind, row.id] if one.external_id == row.external_id), None)
    if one is None:
        yield _found("floating_address.gone", row, {"exists": True}, {"exists": False})
        return
    holder, meant = one.facts.get("instance"), row.facts.get("instance")
    if holder is None or meant is None or holder == meant:
        return
    what = "disassociated" if not holder else "elsewhere" if meant else "associated"
    yield _found(f"floating_address.{what}", row, {"instance": meant}, {"instance": holder})


def _shared(row: Wanted, estate: Estate, sight: _Sight, answered: frozenset[str]) -> Iterator[Difference]:
    """What lies wherever it is needed: it has to be there, and to be the same everywhere."""
    here: dict[str, Seen] = {}
    listed: dict[str, int] = defaultdict(int)
    for one in sight.by_id[row.kind, row.id]:
        if not one.facts:
            continue  # a remainder
        listed[one.external_id] += 1
        if listed[one.external_id] == 1:
            here[_place(row, one.host, one.facts.get("pool"))] = one
    common = any(count > 1 for count in listed.values())  # one thing that the cloud lists on every host
    lent = {one.facts.get("pool") for place, one in here.items() if place in estate.shared_pools}
    for place in sorted(estate.needed.get((row.kind, row.id), frozenset())):
        host, _, pool = place.partition("/")
        if host not in answered:
            continue
        borrowed = place in estate.shared_pools and pool in lent
        if not (common or borrowed or place in here or host in here):
            yield _there(f"{row.kind}.gone", row, place, host, {"exists": True}, {"exists": False})
    for place, one in sorted(here.items()):
        yield from _same(row, place, one)


def _place(row: Wanted, host: str, pool: str | None) -> str:
    return f"{host}/{pool}" if row.kind == "image" and pool else host


def _same(row: Wanted, place: str, one: Seen) -> Iterator[Difference]:
    if row.kind == "security_group":
        rules = one.facts.get("rules")
        if rules is None:
            return
        wanted, seen = row.facts["rules"], sorted(rules)
        added, missing = sorted(set(seen) - set(wanted)), sorted(set(wanted) - set(seen))
        if added:
            observed = {"rules": seen, "added": added}
            yield _there("security_group.rule_added", row, place, one.host, {"rules": wanted}, observed)
        if missing:
            observed = {"rules": seen, "missing": missing}
            yield _there("security_group.rule_missing", row, place, one.host, {"rules": wanted}, observed)
        return
    names = ("mode", "cidr", "gateway", "bridge") if row.kind == "network" else ("sha256",)
    for name in names:
        if _differ(row.facts.get(name), one.facts.get(name)):
            code = "image.altered" if name == "sha256" else f"network.{name}"
            yield _there(code, row, place, one.host, {name: row.facts[name]}, {name: one.facts[name]})


def _hosts(wanted: Sequence[HostWanted], seen: Sequence[HostSeen], compared: set[Subject]) -> Iterator[Difference]:
    there = {one.name: one for one in seen}
    for host in wanted:
        one = there.get(host.name)
        compared.add(("host", host.id))
        if one is None:
            yield _of_host("host.gone", host, {"exists": True}, {"exists": False})
            continue
        if not one.answered:
            if not one.silent:
                compared.discard(("host", host.id))  # too early to say
            else:
                yield _of_host("host.silent", host, {"answers": True}, {"answers": False})
            continue
        size, is_ = {"vcpus": host.vcpus, "memory_mib": host.memory_mib}, (one.vcpus, one.memory_mib)
        if host.vcpus and (host.vcpus, host.memory_mib) != is_:
            yield _of_host("host.size", host, size, {"vcpus": one.vcpus, "memory_mib": one.memory_mib})
        if any(promised > allowed for promised, allowed in zip(host.promised, host.allowed, strict=True)):
            promised, allowed = (dict(zip(size, pair, strict=True)) for pair in (host.promised, host.allowed))
            yield _of_host("host.overpromised", host, promised, allowed)
        if one.unmanaged:
            yield _of_host("host.unmanaged", host, {"count": 0}, _strangers(one.unmanaged))
        for pool in host.pools:
            compared.add(("storage_pool", pool.id))
            yield from _pool(host, pool, one.pools.get(pool.name))


def _strangers(names: Sequence[str]) -> dict[str, Any]:
    """How many, and the first of them; of a crowd also a digest, so that a newcomer is noticed."""
    told: dict[str, Any] = {"count": len(names), "unmanaged": list(names[:CROWD])}
    if len(names) > CROWD:
        told["digest"] = hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return told


def _pool(host: HostWanted, pool: PoolWanted, capacity: float | None) -> Iterator[Difference]:
    noun, where = "storage_pool", (pool.id, "", host.name)
    if capacity is None:
        yield Difference("storage_pool.gone", noun, *where, {"exists": True}, {"exists": False})
    elif pool.promised_gib > int(capacity * pool.ratio):
        desired = {"promised_gib": pool.promised_gib}
        observed = {"promised_gib": int(capacity * pool.ratio), "capacity_gib": round(capacity, 1)}
        yield Difference("storage_pool.overpromised", noun, *where, desired, observed)


def _differ(wanted: Any, seen: Any) -> bool:
    """Two facts that are both known."""
    return wanted is not None and seen is not None and wanted != seen


def _found(code: str, row: Wanted, desired: dict[str, Any], observed: dict[str, Any]) -> Difference:
    return Difference(code, row.kind, row.id, "", row.host, desired, observed, row.generation)


def _there(
    code: str, row: Wanted, place: str, host: str, desired: dict[str, Any], observed: dict[str, Any]
) -> Difference:
    return Difference(code, row.kind, row.id, place, host, desired, observed, row.generation)


def _of_host(code: str, host: HostWanted, desired: dict[str, Any], observed: dict[str, Any]) -> Difference:
    return Difference(code, "host", host.id, "", host.name, desired, observed, host.generation)
