"""The driver contract: what every cloud must be able to say and do, in our own ids.

A driver is small, honest and idempotent. It never reads the database. Every object is addressed by *our* id (a
UUID), from which the driver derives its external name, so that a step which runs again finds its own work:

* ``ensure_*`` and ``create_*`` of what already exists succeed and return the same reference; the driver searches
  for its marker before it creates, even where the cloud would allow a second one of the same name;
* ``delete_*`` of what is absent succeeds;
* ``observe_*`` returns facts, or ``None`` when the cloud answers that there is no such thing; when the cloud does
  not answer, it raises ``Transient``: silence is never taken for absence;
* ``survey`` returns everything that bears the marker of this installation, duplicates included, with what the cloud
  says of it in its lists; a fact that it does not tell there is ``None``, and is compared with nothing;
* nothing without that marker is ever changed or deleted;
* what was adopted bears the marker and a note that it was adopted: it is managed, and never deleted or rebuilt. Where
  the orphan sweep meets it without a row, ``delete_owned`` takes the marker off and leaves the thing as it is.

Every call takes ``within``, its limit in seconds, and raises ``Transient("driver.timeout")`` when it is passed; a
host that hangs delays only calls to itself. Failures are the kinds of ``egovcloud.domain.errors``.
A capability that a driver declares is a capability that it passes in ``tests/contract``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from egovcloud.drivers.survey import Survey

from egovcloud.drivers.adoption import Adopting
from egovcloud.drivers.floating import Floating
from egovcloud.drivers.volume_copies import VolumeSnapshotting, VolumeSource


class Capability(StrEnum):
    """What a driver may declare beyond create, observe, start, stop and delete of an instance."""

    REBOOT = "reboot"
    RESIZE = "resize"
    REBUILD = "rebuild"
    COPY_ON_WRITE = "copy_on_write"
    DIRECT_KERNEL_BOOT = "direct_kernel_boot"
    BIOS_BOOT = "bios_boot"
    UEFI_BOOT = "uefi_boot"
    CLOUD_INIT = "cloud_init"
    LIVE_MIGRATION_SHARED = "live_migration_shared"
    LIVE_MIGRATION_COPY = "live_migration_copy"
    VOLUME = "volume"
    VOLUME_HOT_PLUG = "volume_hot_plug"
    VOLUME_LIVE_GROW = "volume_live_grow"
    VOLUME_CLONE = "volume_clone"
    VOLUME_SNAPSHOT = "volume_snapshot"
    SNAPSHOT_INTERNAL = "snapshot_internal"
    SNAPSHOT_EXTERNAL = "snapshot_external"
    GUEST_FREEZE = "guest_freeze"
    NETWORK_NAT = "network_nat"
    NETWORK_ISOLATED = "network_isolated"
    NETWORK_BRIDGED = "network_bridged"
    ADDRESS_RESERVATION = "address_reservation"
    FLOATING_ADDRESS = "floating_address"
    SECURITY_GROUP = "security_group"
    WIPE = "wipe"
    SCREEN = "screen"
    SERIAL_LOG = "serial_log"
    ADOPTION = "adoption"
    QUOTA = "quota"
    TENANCY = "tenancy"
    SHELVE = "shelve"
    APART = "apart"


class Power(StrEnum):
    """Observed power of an instance."""

    RUNNING = "running"
    STOPPED = "stopped"
    PAUSED = "paused"
    CRASHED = "crashed"
    SHELVED = "shelved"


class OwnedKind(StrEnum):
    """Kinds of object that bear our marker."""

    INSTANCE = "instance"
    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    VOLUME_SNAPSHOT = "volume_snapshot"
    NETWORK = "network"
    FLOATING_ADDRESS = "floating_address"
    SECURITY_GROUP = "security_group"
    IMAGE = "image"
    TENANT = "tenant"


@dataclass(frozen=True)
class TenantSpec:
    """One of our projects where the cloud keeps projects apart (``Capability.TENANCY``).

    ``limits`` are what the cloud itself shall hold it to, as (resource, limit) in the units of ``Allowance``; a
    resource that is not named has none.
    """

    id: str
    name: str
    limits: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ImageSpec:
    """An image as the centre keeps it; paths are on the machine where the worker runs, or shared with it.

    ``sha256`` is of ``disk``; ``kernel``, ``initrd`` and ``cmdline`` are set for direct kernel boot only.
    """

    id: str
    name: str
    disk: str
    sha256: str
    format: str = "qcow2"
    firmware: str = "bios"  # bios | uefi | direct
    kernel: str | None = None
    initrd: str | None = None
    cmdline: str | None = None
    min_disk_gib: int = 1


@dataclass(frozen=True)
class NetworkSpec:
    """A network. ``mode`` is ``nat``, ``isolated`` or ``bridged``; ``bridge`` names the host's bridge for the last.

    ``cidr`` and ``gateway`` are IPv4 text; the driver serves DHCP, to reservations alone, except when bridged.
    """

    id: str
    name: str
    mode: str
    cidr: str
    gateway: str
    bridge: str | None = None


@dataclass(frozen=True)
class RuleSpec:
    """One security rule; everything that no rule allows is dropped on ingress, egress is open unless listed."""

    direction: str  # ingress | egress
    protocol: str  # tcp | udp | icmp | any
    port_min: int | None = None
    port_max: int | None = None
    cidr: str = "0.0.0.0/0"


@dataclass(frozen=True)
class SecurityGroupSpec:
    id: str
    name: str
    rules: tuple[RuleSpec, ...]


@dataclass(frozen=True)
class NicSpec:
    """One port of an instance: its MAC and reserved IPv4 address on ``network``."""

    network: NetworkSpec
    mac: str
    address: str
    security_groups: tuple[SecurityGroupSpec, ...] = ()


@dataclass(frozen=True)
class InstanceSpec:
    """What an instance shall be. ``name`` is the user's text (display only), ``hostname`` a valid DNS label.

    ``ssh_keys`` are OpenSSH public key lines; ``user_data`` is cloud-config text appended to ours, or ``None``.
    ``pool`` is the storage pool on ``host`` that holds the root disk. ``tenant`` is our id of the project that it is
    made in, where the cloud keeps projects apart. ``apart`` names a group of which no two may be on one host: a cloud
    with ``Capability.APART`` holds to it too when it moves one by itself, and refuses a host that contradicts it with
    ``QuotaExceeded("cloud.no_room")``; to any other cloud it means nothing.
    """

    id: str
    name: str
    hostname: str
    host: str
    pool: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    image: ImageSpec
    nics: tuple[NicSpec, ...] = ()
    ssh_keys: tuple[str, ...] = ()
    user_data: str | None = None
    tenant: str | None = None
    apart: str | None = None


@dataclass(frozen=True)
class VolumeSpec:
    """A data volume in ``pool`` of ``host``; ``size_gib`` is its full size, thinly provisioned where possible.

    ``tenant`` as for an instance. With a ``source`` it starts as a copy of that one, which it does not depend on.
    """

    id: str
    name: str
    host: str
    pool: str
    size_gib: int
    tenant: str | None = None
    source: VolumeSource | None = None


@dataclass(frozen=True)
class Ref:
    """Where the cloud holds an object: its external reference (libvirt UUID, Nova id, path) and its host."""

    external_id: str
    host: str


@dataclass(frozen=True)
class HostFacts:
    """Inventory of one hypervisor. Memory in MiB. ``reachable`` false leaves the counts at what was last seen."""

    name: str
    vcpus: int
    memory_mib: int
    reachable: bool = True
    hypervisor: str = ""
    cpu_model: str = ""
    version: str = ""
    detail: str = ""


@dataclass(frozen=True)
class PoolFacts:
    """One storage pool of a host. Sizes in GiB, as the cloud states them."""

    name: str
    host: str
    kind: str  # dir | logical | netfs | rbd | simulated
    capacity_gib: float
    used_gib: float
    shared: bool = False


@dataclass(frozen=True)
class InstanceFacts:
    """What is seen of an instance now. ``volumes`` maps our volume id to the guest's target device."""

    id: str
    ref: Ref
    power: Power
    vcpus: int
    memory_mib: int
    addresses: tuple[str, ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    agent: bool = False


@dataclass(frozen=True)
class VolumeFacts:
    id: str
    ref: Ref
    size_gib: int
    allocated_bytes: int = 0


@dataclass(frozen=True)
class SnapshotFacts:
    id: str
    ref: Ref
    instance_id: str
    quiesced: bool = False


@dataclass(frozen=True)
class WipeRecord:
    """Proof that a disk was overwritten before its space was given back (GB/T 22239-2019, 剩余信息保护)."""

    method: str
    bytes_wiped: int
    disks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Screen:
    """Where the instance's VNC server listens: a unix socket path, or host and port. Never leaves the server.

    Or else ``url``, a WebSocket of the cloud's proxy (``ws`` or ``wss``, subprotocol ``binary``) that bears a secret
    and is good for a while; ``origin`` is whose page the proxy wants it to be opened from, and ``verify`` what its
    certificate is held against: the system's authorities, those in a file, or nothing where the cloud's operator says
    so.
    """

    path: str | None = None
    host: str | None = None
    port: int | None = None
    password: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    origin: str | None = None
    verify: bool | str = True


@dataclass(frozen=True)
class Owned:
    """One object that bears our marker. ``external_id`` tells duplicates of the same ``id`` apart."""

    kind: OwnedKind
    id: str
    external_id: str
    host: str
    name: str = ""
    power: Power | None = None


@dataclass(frozen=True)
class Unmanaged:
    """One object of the cloud without our marker: reported, never touched.

    ``tenant`` is our id of the project in which somebody else made it, where the cloud keeps projects apart.
    """

    kind: OwnedKind
    external_id: str
    host: str
    name: str
    vcpus: int = 0
    memory_mib: int = 0
    size_gib: float = 0.0
    tenant: str | None = None


@dataclass(frozen=True)
class Allowance:
    """What the cloud itself grants the account that we use there, in the units of our own quotas.

    ``resource`` is one of ``instances``, ``vcpus``, ``memory_mib``, ``volume_gib``, ``addresses``; a ``limit`` of
    ``None`` is none. ``used`` counts everything of that account, ours or not.
    """

    resource: str
    limit: int | None
    used: int


@runtime_checkable
class Driver(Adopting, Floating, VolumeSnapshotting, Protocol):
    """One configured cloud. Instances are safe to use from many threads."""

    kind: str
    capabilities: frozenset[Capability]

    # -- inventory -----------------------------------------------------------------------------------------------
    def hosts(self, *, within: float) -> Sequence[HostFacts]:
        """Every configured host; one that does not answer is listed with ``reachable=False``, never left out."""
        ...

    def pools(self, host: str, *, within: float) -> Sequence[PoolFacts]: ...

    def allowances(self, *, tenant: str | None = None, within: float) -> Sequence[Allowance]:
        """The cloud's own quota of our account, or of one of our projects there; empty where a cloud has none.

        ``NotFound("tenant.absent")`` for a project that was not ensured.
        """
        ...

    def ensure_tenant(self, tenant: TenantSpec, *, within: float) -> str:
        """A project of the cloud's own for one of ours, held to these limits (``Capability.TENANCY``).

        Returns the cloud's id of it. What is made with its ``tenant`` is made in there. It is found by its mark,
        listed by ``survey``, and removed by ``delete_owned`` when nothing is left in it, ours or not:
        ``Conflict("tenant.in_use")`` otherwise.
        """
        ...

    def survey(self, host: str, *, within: float) -> Survey:
        """One look at all of ours on a host, in as few requests as the cloud's lists allow."""
        ...

    def list_owned(self, host: str, *, within: float) -> Sequence[Owned]:
        """What ``survey`` lists, without its facts."""
        ...

    def list_unmanaged(self, host: str, *, within: float) -> Sequence[Unmanaged]: ...

    def delete_owned(self, owned: Owned, *, within: float) -> None:
        """Remove exactly this object (by ``external_id``), after checking its marker again. For the orphan sweep."""
        ...

    # -- images, networks, security groups: present on a host before an instance needs them -----------------------
    def ensure_image(self, host: str, pool: str, image: ImageSpec, *, within: float) -> Ref:
        """Copy the image to the pool once and check its SHA-256; ``Permanent("image.checksum")`` if it differs."""
        ...

    def delete_image(self, host: str, pool: str, image_id: str, *, within: float) -> None:
        """``Conflict("image.in_use")`` while a disk on the host still depends on it."""
        ...

    def ensure_network(self, host: str, network: NetworkSpec, *, within: float) -> Ref: ...

    def delete_network(self, host: str, network_id: str, *, within: float) -> None: ...

    def ensure_security_group(self, host: str, group: SecurityGroupSpec, *, within: float) -> Ref:
        """Create or replace the group's rules; running instances follow at once."""
        ...

    def delete_security_group(self, host: str, group_id: str, *, within: float) -> None: ...

    # -- instances -------------------------------------------------------------------------------------------------
    def create_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        """Make and start it. Image, network and security groups were ensured before."""
        ...

    def observe_instance(self, host: str, instance_id: str, *, within: float) -> InstanceFacts | None: ...

    def start_instance(self, host: str, instance_id: str, *, within: float) -> None: ...

    def stop_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None:
        """Ask the guest to power off (ACPI or agent) and return at once; ``force`` cuts the power."""
        ...

    def reboot_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None: ...

    def resize_instance(self, host: str, instance_id: str, vcpus: int, memory_mib: int, *, within: float) -> None:
        """Of a stopped instance; the next start has the new size."""
        ...

    def rebuild_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        """New root disk from ``spec.image``, stopped: same id, ports and volumes; the old disk is wiped."""
        ...

    def wipe_instance(self, host: str, instance_id: str, *, within: float) -> WipeRecord | None:
        """Cut the power and overwrite root disk and snapshots where they lie, for the deletion that follows.

        A call of its own, so that the record is kept before the thing that it is about is gone; asked again, it wipes
        again. ``None`` when there is nothing.
        """
        ...

    def delete_instance(self, host: str, instance_id: str, *, within: float) -> None:
        """Cut the power and remove root disk, seed, snapshots and address reservation; volumes are kept."""
        ...

    def live_migrate(self, instance_id: str, source: str, target: str, *, shared: bool, within: float) -> Ref:
        """Move a running instance; idempotent: when it already runs on ``target``, that is the answer."""
        ...

    def shelve_instance(self, host: str, instance_id: str, *, within: float) -> None:
        """Cut the power and keep it in storage alone: it takes no processors and no memory of any host.

        Idempotent, wherever the cloud has it: afterwards it is listed as ``Power.SHELVED``, at ``host`` unless it was
        shelved before.
        """
        ...

    def unshelve_instance(self, host: str, instance_id: str, *, within: float) -> Ref:
        """Start a shelved instance on ``host``; idempotent. The answer says where it came up, for clouds may choose.

        Networks and security groups were ensured there before. ``QuotaExceeded("cloud.no_room")`` or
        ``QuotaExceeded("host.full")`` leaves it shelved; ``Conflict("instance.not_shelved")`` for what only is off.
        """
        ...

    def apply_security_groups(self, host: str, instance_id: str, nics: Sequence[NicSpec], *, within: float) -> None:
        """Let other groups guard the ports, live; the groups were ensured before. Ports are matched by MAC."""
        ...

    def screen(self, host: str, instance_id: str, *, within: float) -> Screen:
        """Where to look at it now; ``Conflict("instance.stopped")`` when it does not run.

        ``Unsupported`` where a cloud turns out to have no screens only when it is asked for one.
        """
        ...

    def serial_log(self, host: str, instance_id: str, *, limit: int, within: float) -> bytes:
        """The last ``limit`` bytes that the guest wrote to its serial port."""
        ...

    # -- volumes ---------------------------------------------------------------------------------------------------
    def create_volume(self, spec: VolumeSpec, *, within: float) -> Ref:
        """A copy is whole or made anew when it is asked for again; one that is whole no longer needs its source.

        ``Conflict("volume.source_in_use")`` while an instance has the source, ``Invalid("volume.source_size")`` when
        the source is larger, ``NotFound("volume.absent")`` when it is not there.
        """
        ...

    def observe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> VolumeFacts | None: ...

    def attach_volume(self, host: str, instance_id: str, pool: str, volume_id: str, *, within: float) -> str:
        """Attach, live where it runs, and persistently; returns the guest's target device, e.g. ``vdb``."""
        ...

    def detach_volume(self, host: str, instance_id: str, volume_id: str, *, within: float) -> bool:
        """Ask for the detach; true when the guest has let go. Asked again until it is true."""
        ...

    def grow_volume(self, host: str, pool: str, volume_id: str, size_gib: int, *, within: float) -> None:
        """To ``size_gib`` in all, live when attached; already that size or more succeeds."""
        ...

    def wipe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> WipeRecord | None:
        """Overwrite it where it lies, for the deletion that follows; ``Conflict("volume.in_use")`` while attached."""
        ...

    def delete_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        """``Conflict("volume.in_use")`` while it is attached, ``volume.snapshots_left`` while it has snapshots."""
        ...

    # -- snapshots of an instance's disks ----------------------------------------------------------------------------
    def create_snapshot(
        self, host: str, instance_id: str, snapshot_id: str, *, external: bool, quiesce: bool, within: float
    ) -> SnapshotFacts:
        """``quiesce`` freezes the guest's file systems when its agent answers; the facts say whether it did."""
        ...

    def observe_snapshot(
        self, host: str, instance_id: str, snapshot_id: str, *, within: float
    ) -> SnapshotFacts | None: ...

    def revert_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None:
        """Of a stopped instance."""
        ...

    def delete_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None: ...
