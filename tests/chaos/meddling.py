"""For every kind of drift one way to bring it about behind the control plane's back, on the furnished estate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from egovcloud.drivers.base import Power, RuleSpec
from egovcloud.drivers.simulator import Faults, Tamper
from egovcloud.services import instance, security_group, volume
from egovcloud.store.models import Host, Instance, Port, StoragePool
from tests.world import Inside

RULE = RuleSpec("ingress", "tcp", 3389, 3389)


@dataclass
class Scene:
    """The estate, and the hands that meddle with it."""

    inside: Inside

    @property
    def cloud(self) -> Tamper:
        return Tamper(self.inside.world.cloud)

    def id(self, name: str) -> str:
        return self.inside.world[name]

    def machine(self, name: str = "web") -> Instance:
        row: Instance = self.inside.row(Instance, self.id(name))
        return row

    def host(self, name: str = "web") -> Host:
        row: Host = self.inside.row(Host, str(self.machine(name).host_id))
        return row

    def port(self, name: str = "web") -> Port:
        row: Port = self.inside.rows(Port, Port.instance_id == self.id(name))[0]
        return row

    def other_host(self, name: str = "web") -> Host:
        """Another one, with nothing that has a past."""
        taken = {self.machine(one).host_id for one in ("web", "kept", "idle")} - {self.machine(name).host_id}
        mine = self.machine(name).host_id
        rows = [host for host in self.inside.rows(Host) if host.id != mine]
        return min(rows, key=lambda host: host.id in taken)

    def pool(self, name: str = "web") -> StoragePool:
        row: StoragePool = self.inside.row(StoragePool, str(self.machine(name).storage_pool_id))
        return row

    def foreign_disk(self) -> None:
        host = self.host().name
        self.cloud.attach(self.cloud.add_volume(host, "default", "theirs"), self.id("web"))

    def twin_volume(self) -> None:
        owner = self.inside.world.installation
        self.cloud.add_volume(self.host().name, "default", "data0", owner=owner, our_id=self.id("data"))

    def shrink(self) -> None:
        """Smaller than what was grown by asking."""
        volume.grow(self.inside.house, self.inside.world.operator, self.id("data"), size_gib=4)
        self.inside.settle()
        self.cloud.resize_volume(self.id("data"), 2)

    def take_away(self) -> None:
        """Another machine on the same host has it."""
        beside = self.machine("idle").host_id
        if self.machine().host_id != beside:
            instance.migrate(self.inside.house, self.inside.world.operator, self.id("web"), host_id=beside)
            self.inside.settle()
        self.cloud.attach(self.id("data"), self.id("idle"))

    def lose_rule(self) -> None:
        """One that people had asked for."""
        rule = {"direction": "ingress", "protocol": "tcp", "port_min": 22, "port_max": 22, "cidr": "10.0.0.0/8"}
        security_group.set_rules(self.inside.house, self.inside.world.operator, self.id("group"), [rule])
        self.inside.settle()
        self.cloud.rules(self.id("group"), self.host().name, [])

    def move(self) -> None:
        """What anyone with the hypervisor's own tools can do: the disks go along."""
        source, target = self.host().name, self.other_host().name
        self.prepare(target)
        self.inside.driver.live_migrate(self.id("web"), source, target, shared=False, within=5.0)

    def shelve(self) -> None:
        self.inside.driver.shelve_instance(self.host().name, self.id("web"), within=5.0)

    def unshelve(self) -> None:
        """What people had shelved."""
        instance.shelve(self.inside.house, self.inside.world.operator, self.id("web"))
        self.inside.settle()
        self.inside.driver.unshelve_instance(self.host().name, self.id("web"), within=5.0)

    def prepare(self, target: str) -> None:
        """Everything that ``web`` needs is on ``target``."""
        from tests.chaos.scenarios import spec_of

        spec = spec_of(self.inside, self.id("web"))
        self.inside.driver.ensure_image(target, spec.pool, spec.image, within=5.0)
        for nic in spec.nics:
            self.inside.driver.ensure_network(target, nic.network, within=5.0)
            for group in nic.security_groups:
                self.inside.driver.ensure_security_group(target, group, within=5.0)


Meddle = Callable[[Scene], object]

# code → (what is done, the subject's short name; a host's or pool's is that of the instance on it)
MEDDLING: dict[str, tuple[Meddle, str]] = {
    "instance.stopped": (lambda s: s.cloud.stop(s.id("web")), "web"),
    "instance.started": (lambda s: s.cloud.power(s.id("idle"), Power.RUNNING), "idle"),
    "instance.crashed": (lambda s: s.cloud.crash(s.id("web")), "web"),
    "instance.paused": (lambda s: s.cloud.power(s.id("web"), Power.PAUSED), "web"),
    "instance.shelved": (Scene.shelve, "web"),
    "instance.unshelved": (Scene.unshelve, "web"),
    "instance.gone": (lambda s: s.cloud.delete(s.id("kept")), "kept"),
    "instance.moved": (Scene.move, "web"),
    "instance.duplicated": (lambda s: s.cloud.duplicate(s.id("web")), "web"),
    "instance.vcpus": (lambda s: s.cloud.resize(s.id("web"), 3, s.machine().memory_mib), "web"),
    "instance.memory": (lambda s: s.cloud.resize(s.id("web"), s.machine().vcpus, 2048), "web"),
    "instance.disk": (lambda s: s.cloud.resize_disk(s.id("web"), 7), "web"),
    "instance.image": (lambda s: s.cloud.reimage(s.id("web"), s.id("other_image")), "web"),
    "instance.renamed": (lambda s: s.cloud.rename(s.id("web"), "somebody-was-here"), "web"),
    "instance.nic_missing": (lambda s: s.cloud.unplug(s.id("web"), s.port().mac), "web"),
    "instance.nic_added": (
        lambda s: s.cloud.plug(s.id("web"), s.id("other_network"), "52:54:00:aa:bb:cc", "10.21.0.99"),
        "web",
    ),
    "instance.nic_network": (lambda s: s.cloud.rewire(s.id("web"), s.port().mac, s.id("other_network")), "web"),
    "instance.address": (lambda s: s.cloud.readdress(s.id("web"), s.port().mac, "10.20.77.7"), "web"),
    "instance.groups": (lambda s: s.cloud.regroup(s.id("web"), [s.id("other_group")]), "web"),
    "instance.foreign_disk": (Scene.foreign_disk, "web"),
    "instance.foreign_snapshot": (lambda s: s.cloud.snapshot(s.id("web"), "before-upgrade"), "web"),
    "volume.gone": (lambda s: s.cloud.delete(s.id("spare")), "spare"),
    "volume.moved": (Scene.move, "data"),
    "volume.duplicated": (Scene.twin_volume, "data"),
    "volume.grown": (lambda s: s.cloud.resize_volume(s.id("data"), 9), "data"),
    "volume.shrunk": (Scene.shrink, "data"),
    "volume.detached": (lambda s: s.cloud.detach(s.id("data")), "data"),
    "volume.attached": (lambda s: s.cloud.attach(s.id("spare"), s.id("idle")), "spare"),
    "volume.elsewhere": (Scene.take_away, "data"),
    "snapshot.gone": (lambda s: s.cloud.delete(s.id("past")), "past"),
    "snapshot.duplicated": (lambda s: s.cloud.duplicate_snapshot(s.id("past")), "past"),
    "volume_snapshot.gone": (lambda s: s.cloud.delete(s.id("moment")), "moment"),
    "volume_snapshot.duplicated": (lambda s: s.cloud.duplicate_volume_snapshot(s.id("moment")), "moment"),
    "network.gone": (lambda s: s.cloud.lose(s.id("network"), s.host().name), "network"),
    "network.mode": (
        lambda s: s.cloud.change_network(s.id("network"), s.host().name, mode="isolated"),
        "network",
    ),
    "network.cidr": (
        lambda s: s.cloud.change_network(s.id("network"), s.host().name, cidr="10.20.0.0/24"),
        "network",
    ),
    "network.gateway": (
        lambda s: s.cloud.change_network(s.id("network"), s.host().name, gateway="10.20.0.254"),
        "network",
    ),
    "network.bridge": (lambda s: s.cloud.change_network(s.id("network"), s.host().name, bridge="br9"), "network"),
    "floating_address.gone": (lambda s: s.cloud.delete(s.id("loose")), "loose"),
    "floating_address.disassociated": (lambda s: s.cloud.point(s.id("reach"), None), "reach"),
    "floating_address.associated": (lambda s: s.cloud.point(s.id("loose"), s.id("idle")), "loose"),
    "floating_address.elsewhere": (lambda s: s.cloud.point(s.id("reach"), s.id("idle")), "reach"),
    "security_group.gone": (lambda s: s.cloud.lose(s.id("group"), s.host().name), "group"),
    "security_group.rule_added": (lambda s: s.cloud.rules(s.id("group"), s.host().name, [RULE]), "group"),
    "security_group.rule_missing": (Scene.lose_rule, "group"),
    "image.gone": (lambda s: s.cloud.lose(s.id("image"), s.host().name), "image"),
    "image.altered": (lambda s: s.cloud.alter_image(s.id("image"), s.host().name), "image"),
    "host.gone": (lambda s: s.cloud.remove_host(s.other_host().name), "other host"),
    "host.silent": (lambda s: Faults(s.inside.world.cloud).unreachable(s.host().name), "host"),
    "host.size": (lambda s: s.cloud.resize_host(s.host().name, 96, 262_144), "host"),
    "host.overpromised": (lambda s: s.cloud.resize_host(s.host().name, 64, 256), "host"),
    "host.unmanaged": (lambda s: s.cloud.add_instance(s.host().name, "theirs"), "host"),
    "storage_pool.gone": (lambda s: s.cloud.remove_pool(s.other_host().name, "default"), "other pool"),
    "storage_pool.overpromised": (lambda s: s.cloud.resize_pool(s.host().name, "default", 1.0), "pool"),
}
