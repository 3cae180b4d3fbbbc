"""Installs what is missing: three servers from Debian, the services from PyPI into an environment of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from tests.real.openstack.layout import Layout

HERE = Path(__file__).parent
DEBIAN = ("rabbitmq-server", "mariadb-server", "memcached", "qemu-utils")
_PLUGINS = HERE / "plugins"
_POLICY = Path("/usr/sbin/policy-rc.d")


def missing() -> list[str]:
    """Debian packages that are not installed."""
    asked = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *DEBIAN]
    listed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()
    return [name for name in DEBIAN if f"installed {name}" not in listed]


def fingerprint() -> str:
    """Of all that the environment is made from."""
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted([HERE / "lock.txt", *_PLUGINS.glob("*.py"), _PLUGINS / "pyproject.toml", Path(__file__)]):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def installed(layout: Layout) -> bool:
    stamp = layout.home / "installed"
    return stamp.exists() and stamp.read_text() == fingerprint() and not missing()


def install(layout: Layout) -> None:
    """Idempotent; a second run touches neither network nor disk."""
    if installed(layout):
        return
    packages = missing()
    if packages:
        _debian(packages)
    python = layout.bin / "python"
    uv = layout.home / "tools/bin/uv"
    if not uv.exists():
        _run([_interpreter(), "-m", "venv", str(layout.home / "tools")])
        _run([str(layout.home / "tools/bin/python"), "-m", "pip", "install", "-q", "uv"])
    if not python.exists():
        _run([str(uv), "venv", "-q", "--python", _interpreter(), str(layout.venv)])
    pip = [str(uv), "pip", "install", "-q", "--python", str(python)]
    environment = {**os.environ, "UV_CACHE_DIR": str(layout.home / "cache")}
    _run([*pip, "-r", str(HERE / "lock.txt")], environment)
    # Of a copy, since a build leaves things where it builds.
    plugins = shutil.copytree(_PLUGINS, layout.home / "plugins", dirs_exist_ok=True)
    _run([*pip, "--reinstall-package", "egov-bed", str(plugins)], environment)
    _tune(layout)
    (layout.home / "installed").write_text(fingerprint())


def _interpreter() -> str:
    """The Python that this one's environment was made from."""
    return str(Path(sysconfig.get_config_var("BINDIR")) / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def _tune(layout: Layout) -> None:
    """Nova finds drivers only among its own; oslo.messaging looks for the answer to each RPC every half second."""
    site = Path(_output([str(layout.bin / "python"), "-c", "import nova; print(nova.__path__[0])"])).parent
    shutil.copy(_PLUGINS / "egov_bed_virt.py", site / "nova/virt/egov_bed_virt.py")
    poll = site / "oslo_messaging/_drivers/amqpdriver.py"
    poll.write_text(poll.read_text().replace("time.sleep(0.5)", "time.sleep(0.01)"))


def _debian(packages: Sequence[str]) -> None:
    """Without starting the servers, for the bed starts its own."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        _run(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "update"], environment)
        wait = ["-o", "DPkg::Lock::Timeout=300"]
        _run(["apt-get", "-qq", *wait, "install", "-y", "--no-install-recommends", *packages], environment)
    finally:
        if ours:
            _POLICY.unlink()


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _run(command: Sequence[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … failed:\n{(done.stdout + done.stderr)[-3000:]}")
