"""A process that makes one call of the driver, which it is told on stdin, and is killed in it."""

from __future__ import annotations

import pickle
import sys

from egovcloud.drivers.openstack import OpenStackDriver

if __name__ == "__main__":
    installation, config, method, arguments, limit = pickle.load(sys.stdin.buffer)
    getattr(OpenStackDriver(installation, config), method)(*arguments[0], **arguments[1], within=limit)
