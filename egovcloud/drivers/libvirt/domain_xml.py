"""The definition of an instance (https://libvirt.org/formatdomain.html)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from egovcloud.drivers.base import InstanceSpec
from egovcloud.drivers.libvirt.config import HostConfig
from egovcloud.drivers.libvirt.markup import Element, Marker, el, legal, mark, ours, printable
from egovcloud.drivers.libvirt.naming import Naming

SPARE_PORTS = 12
AGENT = "org.qemu.guest_agent.0"


@dataclass(frozen=True)
class Boot:
    """Where the firmware or the kernel comes from; paths are on the host."""

    firmware: str
    kernel: str | None = None
    initrd: str | None = None
    cmdline: str | None = None


@dataclass(frozen=True)
class Parts:
    """What the host holds ready for the domain: the virtualisation type, disks, filters and paths."""

    virt: str
    boot: Boot
    disks: Sequence[Element]
    filters: Sequence[str | None]
    serial: str
    socket: str | None


def domain(spec: InstanceSpec, config: HostConfig, names: Naming, parts: Parts) -> Element:
    """The whole definition, with our id as its UUID and the user's name as its title."""
    emulated = parts.virt == "qemu"
    return el(
        "domain",
        el("name", text=names.domain(spec.id)),
        el("uuid", text=spec.id),
        el("title", text=printable(spec.name) or spec.hostname),
        _metadata(spec, names),
        el("memory", text=str(spec.memory_mib), unit="MiB"),
        el("vcpu", text=str(spec.vcpus)),
        _os(parts.boot, parts.virt),
        _features(config, emulated),
        None if parts.virt == "test" else _cpu(config, emulated),
        el("clock", offset="utc"),
        el("on_poweroff", text="destroy"),
        el("on_reboot", text="restart"),
        el("on_crash", text="destroy"),
        _devices(spec, config, names, parts),
        type=parts.virt,
    )


def _metadata(spec: InstanceSpec, names: Naming) -> Element:
    extra = (("image", spec.image.id), ("pool", spec.pool), ("name", legal(spec.name)))
    ports = [
        el(ours("port"), network=nic.network.id, mac=nic.mac.lower(), address=nic.address, mode=nic.network.mode)
        for nic in spec.nics
    ]
    return mark(Marker(names.installation, "instance", spec.id, extra), *ports)


def _os(boot: Boot, virt: str) -> Element:
    if virt == "test":
        return el("os", el("type", text="hvm"))
    os = el("os", el("type", text="hvm", arch="x86_64", machine="q35"))
    if boot.firmware == "uefi":
        os.set("firmware", "efi")
        os.append(el("firmware", el("feature", enabled="no", name="secure-boot")))
    if boot.firmware == "direct":
        os.append(el("kernel", text=boot.kernel))
        if boot.initrd:
            os.append(el("initrd", text=boot.initrd))
        if boot.cmdline:
            os.append(el("cmdline", text=printable(boot.cmdline, 2000)))
    else:
        os.append(el("boot", dev="hd"))
    return os


def _features(config: HostConfig, emulated: bool) -> Element:
    features = el("features", el("acpi"), el("apic"))
    if emulated and config.tb_cache_mib:
        features.append(el("tcg", el("tb-cache", text=str(config.tb_cache_mib), unit="MiB")))
    return features


def _cpu(config: HostConfig, emulated: bool) -> Element:
    if config.cpu in {"host-model", "host-passthrough", "maximum"}:
        return el("cpu", mode=config.cpu)
    if config.cpu:
        return el("cpu", el("model", text=config.cpu, fallback="forbid"), mode="custom", match="exact")
    return el("cpu", mode="maximum") if emulated else el("cpu", mode="host-passthrough")


def _devices(spec: InstanceSpec, config: HostConfig, names: Naming, parts: Parts) -> Element:
    devices = el("devices")
    if parts.virt == "test":
        devices.extend([*parts.disks, *_interfaces(spec, names, parts)])
        return devices
    if config.emulator:
        devices.append(el("emulator", text=config.emulator))
    devices.extend(parts.disks)
    devices.append(el("controller", type="pci", index="0", model="pcie-root"))
    devices.extend([el("controller", type="pci", model="pcie-root-port") for _ in range(SPARE_PORTS)])
    devices.append(el("controller", type="scsi", index="0", model="virtio-scsi"))
    devices.append(el("controller", type="usb", model="none"))
    devices.extend(_interfaces(spec, names, parts))
    devices.extend(
        [
            el("serial", el("source", path=parts.serial), el("target", type="isa-serial", port="0"), type="file"),
            el("channel", el("source", mode="bind"), el("target", type="virtio", name=AGENT), type="unix"),
            _graphics(config, parts.socket),
            el("video", el("model", type="vga")),
            el("memballoon", el("stats", period="10"), model="virtio"),
            el("rng", el("backend", text="/dev/urandom", model="random"), model="virtio"),
        ]
    )
    return devices


def _graphics(config: HostConfig, socket: str | None) -> Element:
    if config.unix_sockets:
        return el("graphics", el("listen", type="socket", socket=socket), type="vnc")
    listen = el("listen", type="address", address=config.vnc_address)
    return el("graphics", listen, type="vnc", autoport="yes")


def _interfaces(spec: InstanceSpec, names: Naming, parts: Parts) -> list[Element]:
    return [
        el(
            "interface",
            el("mac", address=nic.mac.lower()),
            el("source", network=names.network(nic.network.id)),
            el("model", type="virtio"),
            None if parts.virt == "test" else el("rom", enabled="no"),
            el("filterref", el("parameter", name="IP", value=nic.address), filter=filter_) if filter_ else None,
            type="network",
        )
        for nic, filter_ in zip(spec.nics, parts.filters, strict=True)
    ]
