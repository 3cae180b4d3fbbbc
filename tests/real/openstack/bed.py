"""One test bed from nothing to healthy, and away again."""

from __future__ import annotations

import fcntl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openstack.exceptions import SDKException

from tests.real.hosts import until
from tests.real.openstack import conf_storage, database, processes, seed, services
from tests.real.openstack.install import install
from tests.real.openstack.layout import COMPUTES, Layout

_HEALTHY = 240.0  # seconds for agents to report and compute hosts to be mapped


class Bed:
    """``say`` is told what is done, with seconds since the beginning."""

    def __init__(self, layout: Layout | None = None, *, quiet: bool = False) -> None:
        self.layout = layout or Layout()
        self._quiet = quiet
        self._begun = time.monotonic()

    def say(self, text: str) -> None:
        if not self._quiet:
            print(f"openstack bed {time.monotonic() - self._begun:6.1f} s  {text}", flush=True)

    def install(self) -> None:
        with self._alone():
            install(self.layout)
        self.say("everything is installed")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Whoever starts or ends the bed at the same time waits: two that make its databases spoil both."""
        self.layout.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.layout.home / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def start(self) -> None:
        """Start what does not run; a fresh state gets its databases, keys, users and catalogue first."""
        with self._alone():
            self._start()

    def _start(self) -> None:
        layout = self.layout.open()
        fresh = not layout.ready.exists()
        services.configure(layout)
        self._mount()
        database.start(layout)
        self.say("MariaDB answers")
        if fresh:
            database.migrate(layout)
            self.say("databases have their tables")
            services.bootstrap(layout)
        services.keystone(layout)
        if fresh:
            seed.identity(layout)
            services.rings(layout)
            self.say("users and catalogue are there")
        services.everything_else(layout)
        self.say("all interfaces answer")
        until("the cloud is healthy", self.healthy, limit=_HEALTHY, every=0.5)
        if fresh:
            seed.resources(layout)
            layout.ready.touch()
        self.say("healthy")

    def healthy(self) -> bool:
        """Whether agents report, compute hosts are mapped and sized, and the back end of volumes is up."""
        cloud = seed.admin(self.layout)
        try:
            up = {(one.binary, one.host) for one in cloud.compute.services() if one.state == "up"}
            hosts = {one.name for one in cloud.compute.hypervisors()}
            sized = {one.name for one in cloud.placement.resource_providers()}
            volumes = {one.binary for one in cloud.block_storage.services() if one.state == "up"}
            list(cloud.network.networks(limit=1))
            list(cloud.image.images(limit=1))
        except SDKException:
            return False
        binaries = {binary for binary, _ in up}
        return (
            {("nova-compute", name) for name in COMPUTES} <= up
            and {"nova-conductor", "nova-scheduler"} <= binaries
            and set(COMPUTES) <= hosts & sized
            and {"cinder-scheduler", "cinder-volume"} <= volumes
        )

    def stop(self, *, wipe: bool = False) -> None:
        """End what was started; ``wipe`` removes the state too, and keeps what was installed."""
        if not (self.layout.state / "bed.json").exists():
            return
        with self._alone():
            layout = self.layout.open()
            services.stop(layout)
            self._unmount()
            if wipe:
                layout.wipe()
        self.say("stopped")

    @contextmanager
    def up(self) -> Iterator[Layout]:
        """The bed for a while: what ran before goes on running, what was started here is stopped and wiped."""
        ours = not self.running()
        try:
            self.install()
            self.start()
            yield self.layout
        finally:
            if ours:
                self.stop(wipe=True)

    def running(self) -> bool:
        if not self.layout.ready.exists():
            return False
        self.layout.open()
        return "nova-api" in processes.running(self.layout)

    # -- the share on which volumes lie ----------------------------------------------------------------------------
    def _mount(self) -> None:
        source, target = conf_storage.share(self.layout)
        if not _mounted(target):
            subprocess.run(["mount", "--bind", str(source), str(target)], check=True)

    def _unmount(self) -> None:
        _, target = conf_storage.share(self.layout)
        if _mounted(target):
            subprocess.run(["umount", "--lazy", str(target)], check=True)


def _mounted(target: Path) -> bool:
    return any(line.split()[1] == str(target) for line in Path("/proc/self/mounts").read_text().splitlines())
