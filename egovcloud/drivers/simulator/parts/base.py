"""What every part of the simulator stands on: the cloud's file and the installation whose mark it sets."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.cloudfile import CloudFile


class Part:
    """``installation`` is the mark, ``path`` the cloud's file, ``now`` the clock in seconds since the epoch.

    ``tenancy`` keeps projects apart, as a cloud may be configured to.
    """

    def __init__(
        self, installation: str, path: Path | str, *, tenancy: bool = False, now: Callable[[], float] = time.time
    ) -> None:
        self.installation = installation
        self.tenancy = tenancy
        self.cloud = CloudFile(path, now)

    def ask(self, name: str, *hosts: str, within: float) -> Call:
        """A call that only asks."""
        return Call(self.cloud, self.installation, name, hosts, "", within, False)

    def change(self, name: str, *hosts: str, our_id: str, within: float) -> Call:
        """A call that changes something, and is logged."""
        return Call(self.cloud, self.installation, name, hosts, our_id, within, True)
