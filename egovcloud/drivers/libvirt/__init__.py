"""Libvirt hosts as a cloud: QEMU/KVM for real, and libvirt's own test driver for the contract suite."""

from egovcloud.drivers.libvirt.config import HostConfig, PoolConfig
from egovcloud.drivers.libvirt.driver import LibvirtDriver

__all__ = ["HostConfig", "LibvirtDriver", "PoolConfig"]
