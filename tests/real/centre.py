"""A small centre whose only host is a real libvirt host; it can be opened by several processes."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

from egovcloud.app import FACTORIES
from egovcloud.engine.providers import Providers
from egovcloud.store.models import Host, Image, Network, Provider
from tests import world as worlds
from tests.real.image import guest_image
from tests.world import Inside, World

POOL = "real"


@dataclass(frozen=True)
class RealCentre:
    """What another process needs to open the same centre."""

    world: World

    def open(self) -> Inside:
        """As one process has it; close it."""
        inside = Inside(self.world)
        inside.providers = Providers(inside.database, self.world.installation, FACTORIES)
        # The runner is frozen so that nobody changes it by mistake; this is on purpose.
        object.__setattr__(inside.runner, "providers", inside.providers)
        return inside

    def save(self, path: Path) -> None:
        """For another process of the same test."""
        path.write_bytes(pickle.dumps(self))

    @staticmethod
    def load(path: Path) -> RealCentre:
        found = pickle.loads(path.read_bytes())
        assert isinstance(found, RealCentre)
        return found


def establish(world: World, host: str, uri: str, directory: Path) -> RealCentre:
    """Let the simulated provider of a small world make room for a real one, and look at it.

    ``uri`` reaches the host; ``directory`` holds its pool and state, and is short.
    """
    image = guest_image()
    direct = image.variant("direct")
    with worlds.enter(world) as inside, inside.database.unit() as session:
        provider = session.get_one(Provider, world["provider"])
        about = {
            "uri": uri,
            "virt": "qemu",
            "state_dir": str(directory / "state"),
            "pools": {POOL: {"kind": "dir", "target": str(directory / "pool")}},
        }
        provider.driver, provider.config = "libvirt", {"host_pool_id": world["host_pool"], "hosts": {host: about}}
        for row in session.query(Host):
            row.state = "disabled"
        picture = session.get_one(Image, world["image"])
        picture.disk, picture.sha256 = str(image.path(direct.disk)), image.files[direct.disk].sha256
        picture.kernel, picture.initrd = str(image.path(direct.kernel)), str(image.path(direct.initrd))
        picture.cmdline = direct.cmdline
        network = session.get_one(Network, world["network"])
        network.cidr, network.gateway = "192.168.77.0/24", "192.168.77.1"
    for name in ("pool", "state"):
        (directory / name).mkdir(exist_ok=True)
    centre = RealCentre(world)
    opened = centre.open()
    opened.reconcile()
    opened.close()
    return centre
