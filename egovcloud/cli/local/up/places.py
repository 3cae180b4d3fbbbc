"""Where a centre on one machine keeps its things: all of it below one directory, so that it can be removed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

POOL = "egov"
UNITS = Path("/etc/systemd/system")


@dataclass(frozen=True)
class Places:
    """Paths below ``state``."""

    state: Path

    @property
    def settings(self) -> Path:
        return self.state / "egovcloud.toml"

    @property
    def data(self) -> Path:
        """Database and key: what API and worker write, and nothing that root will read as orders."""
        return self.state / "data"

    @property
    def images(self) -> Path:
        return self.state / "images"

    @property
    def pool(self) -> Path:
        return self.state / "pool"

    @property
    def libvirt(self) -> Path:
        return self.state / "libvirt"

    @property
    def hypervisor(self) -> Path:
        """State of a libvirtd of our own, where no systemd runs one."""
        return self.state / "hypervisor"

    @property
    def run(self) -> Path:
        return self.state / "run"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def passwords(self) -> Path:
        return self.state / "first-passwords.txt"

    @property
    def ssh_key(self) -> Path:
        return self.state / "first-key"

    def make(self) -> None:
        """The directories, readable by the hypervisor's user where it has to read."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o711)
        for directory, mode in (
            (self.data, 0o700),
            (self.images, 0o755),
            (self.pool, 0o711),
            (self.libvirt, 0o711),
            (self.run, 0o700),
            (self.logs, 0o700),
        ):
            directory.mkdir(exist_ok=True)
            directory.chmod(mode)

    def remove(self) -> None:
        """Everything; ``state`` is recognised by its settings file, so that a wrong path is not swept away."""
        if self.settings.exists():
            shutil.rmtree(self.state)


def systemd_runs() -> bool:
    """Whether systemd is the first process (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()
