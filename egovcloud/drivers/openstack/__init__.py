"""OpenStack: compute hosts of one cloud and region, through its public services."""

from egovcloud.drivers.openstack.config import CloudConfig, PoolConfig
from egovcloud.drivers.openstack.driver import OpenStackDriver

__all__ = ["CloudConfig", "OpenStackDriver", "PoolConfig"]
