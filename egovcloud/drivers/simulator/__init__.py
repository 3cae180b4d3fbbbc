"""The simulated cloud: the driver, the maker of its file, its fault switches, and hands that reach in from outside."""

from egovcloud.drivers.simulator.driver import SimulatorDriver
from egovcloud.drivers.simulator.faults import Faults, FaultState
from egovcloud.drivers.simulator.log import CallLog, CallRecord
from egovcloud.drivers.simulator.outside import Outside
from egovcloud.drivers.simulator.schema import SimHost, SimPool, create_cloud
from egovcloud.drivers.simulator.store import SimulatorStore
from egovcloud.drivers.simulator.tamper import Tamper

__all__ = [
    "CallLog",
    "CallRecord",
    "FaultState",
    "Faults",
    "Outside",
    "SimHost",
    "SimPool",
    "SimulatorDriver",
    "SimulatorStore",
    "Tamper",
    "create_cloud",
]
