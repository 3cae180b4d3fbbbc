"""OpenStack: compute hosts of one cloud and region, and its object storage, through its public services."""

from egovcloud.drivers.openstack.config import CloudConfig, PoolConfig
from egovcloud.drivers.openstack.driver import OpenStackDriver
from egovcloud.drivers.openstack.swift import SwiftConfig, SwiftStore

__all__ = ["CloudConfig", "OpenStackDriver", "PoolConfig", "SwiftConfig", "SwiftStore"]
