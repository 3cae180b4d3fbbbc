"""What a backend gives to the contract's tests: a driver on a real or simulated cloud, and ways to look behind it."""

from __future__ import annotations

import abc
import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from egovcloud.domain.errors import NotFound, Problem
from egovcloud.drivers.base import (
    Capability,
    Driver,
    ImageSpec,
    InstanceFacts,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Owned,
    OwnedKind,
    Power,
    RuleSpec,
    SecurityGroupSpec,
    TenantSpec,
    VolumeSpec,
)

FEATURES = {
    "second_host": "``second`` names another host of the same cloud",
    "shared_pool": "``shared_pool`` names a pool on the same storage on both hosts",
    "outside": "``plant``, ``exists`` and ``stop_outside`` act on the cloud without the driver",
    "pause_outside": "``pause_outside`` halts a guest without the driver",
    "duplicates": "``duplicate`` makes a second instance with the same mark behind the driver's back",
    "hang": "``hanging`` makes a host stop answering for a while",
    "hang_alone": "a host that hangs leaves the others answering",
    "guest_view": "``guest`` tells what the guest took from its seed",
    "guest_disk": "``write`` and ``read`` act on the guest's root disk from inside",
    "agent_switch": "``agent`` lets a guest's agent fall silent",
    "deaf": "``deafen`` lets a guest ignore requests to power off",
    "bridge": "``bridge`` names a bridge on the host",
    "quick": "a guest costs next to nothing, so that a test may make dozens",
}

NETWORK_MODES = {
    Capability.NETWORK_NAT: "nat",
    Capability.NETWORK_ISOLATED: "isolated",
    Capability.NETWORK_BRIDGED: "bridged",
}
_ORDER = [
    OwnedKind.SNAPSHOT,
    OwnedKind.VOLUME_SNAPSHOT,
    OwnedKind.FLOATING_ADDRESS,
    OwnedKind.INSTANCE,
    OwnedKind.VOLUME,
    OwnedKind.SECURITY_GROUP,
    OwnedKind.NETWORK,
    OwnedKind.IMAGE,
    OwnedKind.TENANT,
]


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Guest:
    """What a guest says of itself after its first start."""

    hostname: str
    ssh_keys: tuple[str, ...]


class Cloud(abc.ABC):
    """One open cloud. A backend sets the attributes and fills the abstract methods, and those of its features."""

    driver: Driver
    host: str
    pool: str
    second: str | None = None
    shared_pool: str | None = None
    bridge: str | None = None
    limit: float = 15.0  # ``within`` of ordinary calls
    patience: float = 15.0  # for a guest to boot, power off, or let go of a volume
    vcpus: int = 1
    memory_mib: int = 192
    disk_gib: int = 1
    whole: bool = False  # what has no host is one thing, listed on each of them
    examples: int = 30  # of the random walk against the model
    steps: int = 40

    def __init__(self) -> None:
        self._numbers = itertools.cycle(range(10, 250))
        self._addresses = itertools.cycle(range(10, 250))
        self._default_network: NetworkSpec | None = None
        self._default_tenant: TenantSpec | None = None

    # -- what every backend gives ------------------------------------------------------------------------------
    @abc.abstractmethod
    def image(self, firmware: str = "bios") -> ImageSpec:
        """A bootable image for this firmware (``bios``, ``uefi`` or ``direct``), the same on every call."""

    @abc.abstractmethod
    def broken_image(self) -> ImageSpec:
        """An image of a fresh id whose file does not have the SHA-256 that it states."""

    @abc.abstractmethod
    def other(self) -> Driver:
        """A driver of another installation on the same cloud."""

    def booted(self, facts: InstanceFacts) -> bool:
        """Whether the guest's system is up, so that it hears requests; a backend without guests says: at once."""
        return facts.power is Power.RUNNING

    # -- features ------------------------------------------------------------------------------------------------
    def plant(self, host: str, kind: OwnedKind, *, tenant: str | None = None) -> str:
        """Make an object without our mark, in this project of ours if one is named; returns its external id."""
        raise NotImplementedError

    def exists(self, host: str, kind: OwnedKind, external_id: str) -> bool:
        raise NotImplementedError

    def uproot(self, host: str, kind: OwnedKind, external_id: str) -> None:
        """Remove what ``plant`` made."""
        raise NotImplementedError

    def stop_outside(self, host: str, instance_id: str) -> None:
        raise NotImplementedError

    def pause_outside(self, host: str, instance_id: str) -> None:
        raise NotImplementedError

    def duplicate(self, host: str, instance_id: str) -> str:
        """Make a second instance with the same mark; returns its external id."""
        raise NotImplementedError

    @contextmanager
    def hanging(self, host: str) -> Iterator[None]:
        raise NotImplementedError
        yield

    def guest(self, host: str, instance_id: str) -> Guest:
        raise NotImplementedError

    def write(self, host: str, instance_id: str, text: str) -> None:
        raise NotImplementedError

    def read(self, host: str, instance_id: str) -> str:
        raise NotImplementedError

    @contextmanager
    def agent_silent(self, instance_id: str) -> Iterator[None]:
        raise NotImplementedError
        yield

    @contextmanager
    def deaf(self, instance_id: str) -> Iterator[None]:
        raise NotImplementedError
        yield

    # -- what the tests build with ---------------------------------------------------------------------------------
    @property
    def capabilities(self) -> frozenset[Capability]:
        return self.driver.capabilities

    def has(self, capability: Capability) -> bool:
        return capability in self.driver.capabilities

    @property
    def hosts(self) -> list[str]:
        return [self.host, self.second] if self.second else [self.host]

    def network(self, mode: str | None = None, **changes: Any) -> NetworkSpec:
        """A network of a fresh id on a subnet of its own."""
        if mode is None:
            mode = next(name for capability, name in NETWORK_MODES.items() if self.has(capability))
        prefix = f"10.199.{next(self._numbers)}"
        spec = NetworkSpec(
            new_id(), "contract", mode, f"{prefix}.0/24", f"{prefix}.1", self.bridge if mode == "bridged" else None
        )
        return replace(spec, **changes)

    def default_network(self) -> NetworkSpec:
        """The network that instances are plugged into unless a test says otherwise; it stays for the whole run."""
        if self._default_network is None:
            self._default_network = self.network()
        return self._default_network

    def tenant(self, **limits: int) -> TenantSpec:
        """A project of a fresh id that has been ensured; without limits unless they are given."""
        spec = TenantSpec(new_id(), "社会救助 contract", tuple(limits.items()))
        self.driver.ensure_tenant(spec, within=self.limit)
        return spec

    def default_tenant(self) -> str | None:
        """Our id of the project in which all is made unless a test says otherwise; it stays for the whole run."""
        if self._default_tenant is None and self.has(Capability.TENANCY):
            self._default_tenant = self.tenant()
        return self._default_tenant.id if self._default_tenant else None

    def group(self, **changes: Any) -> SecurityGroupSpec:
        spec = SecurityGroupSpec(
            new_id(), "contract", (RuleSpec("ingress", "tcp", 22, 22), RuleSpec("ingress", "icmp"))
        )
        return replace(spec, **changes)

    def nic(self, network: NetworkSpec, *groups: SecurityGroupSpec, address: str | None = None) -> NicSpec:
        """A port with a MAC of its own and, unless given, the next free address."""
        if address is None:
            address = network.cidr.rsplit(".", 1)[0] + f".{next(self._addresses)}"
        mac = "52:54:00:" + ":".join(f"{byte:02x}" for byte in uuid.uuid4().bytes[:3])
        return NicSpec(network, mac, address, groups)

    @property
    def has_networks(self) -> bool:
        return any(self.has(capability) for capability in NETWORK_MODES)

    def spec(self, **changes: Any) -> InstanceSpec:
        """An instance to be, with what it needs ensured on its host."""
        number = new_id()
        spec = InstanceSpec(
            number,
            "contract",
            f"c-{number[:8]}",
            self.host,
            self.pool,
            self.vcpus,
            self.memory_mib,
            self.disk_gib,
            self.image(),
            (self.nic(self.default_network()),) if self.has_networks else (),
            tenant=self.default_tenant(),
        )
        spec = replace(spec, **changes)
        self.prepare(spec, spec.host)
        return spec

    def prepare(self, spec: InstanceSpec, host: str) -> None:
        """Ensure on ``host`` what the instance needs."""
        self.driver.ensure_image(host, spec.pool, spec.image, within=self.patience)
        for nic in spec.nics:
            self.driver.ensure_network(host, nic.network, within=self.limit)
            for group in nic.security_groups:
                self.driver.ensure_security_group(host, group, within=self.limit)

    def instance(self, **changes: Any) -> InstanceSpec:
        """An instance that has been created."""
        spec = self.spec(**changes)
        self.driver.create_instance(spec, within=self.patience)
        return spec

    def booted_instance(self, **changes: Any) -> InstanceSpec:
        """An instance whose guest is up."""
        spec = self.instance(**changes)
        self.wait_booted(spec)
        return spec

    def stopped_instance(self, **changes: Any) -> InstanceSpec:
        """An instance whose power was cut."""
        spec = self.instance(**changes)
        self.driver.stop_instance(spec.host, spec.id, force=True, within=self.limit)
        self.wait_power(spec, Power.STOPPED)
        return spec

    def volume_spec(self, **changes: Any) -> VolumeSpec:
        return replace(VolumeSpec(new_id(), "contract", self.host, self.pool, 1, self.default_tenant()), **changes)

    def volume(self, **changes: Any) -> VolumeSpec:
        """A volume that has been created."""
        spec = self.volume_spec(**changes)
        self.driver.create_volume(spec, within=self.limit)
        return spec

    def facts(self, spec: InstanceSpec, host: str | None = None) -> InstanceFacts:
        """What is seen of an instance that must be there."""
        facts = self.driver.observe_instance(host or spec.host, spec.id, within=self.limit)
        assert facts is not None, f"instance {spec.id} is not seen on {host or spec.host}"
        return facts

    def owned(self, kind: OwnedKind, our_id: str, host: str | None = None) -> list[Owned]:
        """What the driver lists of this mark."""
        listed = self.driver.list_owned(host or self.host, within=self.limit)
        return [owned for owned in listed if owned.kind is kind and owned.id == our_id]

    # -- waiting -----------------------------------------------------------------------------------------------------
    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Poll until the condition holds; fails when the backend's patience ends."""
        end = time.monotonic() + self.patience
        while not condition():
            assert time.monotonic() < end, f"waited {self.patience} s in vain until {what}"
            time.sleep(0.02)

    def wait_booted(self, spec: InstanceSpec, host: str | None = None) -> None:
        try:
            self.wait(f"{spec.id} has booted", lambda: self.booted(self.facts(spec, host)))
        except AssertionError as late:  # what it last said is the only witness of why
            said = b""
            if Capability.SERIAL_LOG in self.driver.capabilities:
                said = self.driver.serial_log(host or spec.host, spec.id, limit=4000, within=self.limit)
            ending = said.decode(errors="replace")
            raise AssertionError(f"{late}; {self.facts(spec, host)}; its serial log ends:\n{ending}") from None

    def wait_power(self, spec: InstanceSpec, power: Power) -> None:
        self.wait(f"{spec.id} is {power}", lambda: self.facts(spec).power is power)

    def wait_detached(self, spec: InstanceSpec, volume_id: str) -> None:
        """Ask again until the guest has let go, as the engine does."""
        self.wait(
            f"{volume_id} is free",
            lambda: self.driver.detach_volume(spec.host, spec.id, volume_id, within=self.limit),
        )

    # -- after each test -----------------------------------------------------------------------------------------------
    def clean(self) -> None:
        """Remove all that bears our mark but the images and the defaults, which later tests use again."""
        kept = {one.id for one in (self._default_network, self._default_tenant) if one}
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            lists = pool.map(lambda host: self.driver.list_owned(host, within=self.limit), self.hosts)
            listed = [one for found in lists for one in found]
        if self.whole:
            listed = list({one.external_id: one for one in listed}.values())
        # Instances of all hosts go before what any host lists and one of them may hold.
        for owned in sorted(listed, key=lambda one: _ORDER.index(one.kind)):
            if owned.kind is OwnedKind.IMAGE or owned.id in kept:
                continue
            self._remove(owned)

    def _remove(self, owned: Owned) -> None:
        """A snapshot may have gone with its instance; whatever else is left behind fails the test that left it."""
        with suppress(NotFound):
            self.driver.delete_owned(owned, within=self.patience)


def problem_of(call: Callable[[], object]) -> Problem | None:
    """The problem that the call raises, if any."""
    try:
        call()
    except Problem as problem:
        return problem
    return None
