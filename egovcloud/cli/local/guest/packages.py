"""Finds, fetches and unpacks the Debian packages that the guest is made of, without installing them on this host.

apt checks each file against Debian's signed lists; the digests kept here guard the cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from egovcloud.cli.local.guest.image import GuestBuildError, Package
from egovcloud.cli.local.guest.tools import run

# One line of `apt-get download --print-uris`: 'address' file size SHA256:digest
_URI = re.compile(r"^'[^']+' (?P<file>\S+\.deb) (?P<size>\d+) SHA256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)
_KERNEL = re.compile(r"^\s*Depends: (linux-image-\S+)$", re.MULTILINE)


def resolve(names: Iterable[str]) -> tuple[Package, ...]:
    """The packages that apt would take today for these names; asks its lists only, not the network."""
    wanted = [_kernel(name) if name.startswith("linux-image-") else name for name in names]
    with tempfile.TemporaryDirectory() as elsewhere:
        # apt prints nothing for a file that already lies in the current directory.
        printed = run(["apt-get", "download", "--print-uris", "-q", *wanted], cwd=Path(elsewhere)).decode()
    found = {}
    for match in _URI.finditer(printed):
        name, version, _ = match["file"].split("_")
        found[name] = Package(name, version.replace("%3a", ":"), match["file"], int(match["size"]), match["sha256"])
    absent = sorted(set(wanted) - set(found))
    if absent:
        raise GuestBuildError(f"apt knows no package {', '.join(absent)}; run 'apt-get update' on a Debian 12 host.")
    return tuple(found[name] for name in sorted(found))


def fetch(packages: Sequence[Package], cache: Path) -> int:
    """Put the packages that ``cache`` lacks (or holds damaged) there; returns how many had to be fetched."""
    cache.mkdir(parents=True, exist_ok=True)
    wanted = [package for package in packages if not _held(package, cache)]
    if wanted:
        for package in wanted:
            (cache / package.file).unlink(missing_ok=True)
        # Root's apt would fetch as the user _apt, who may not write here; the digest is checked either way.
        sandbox = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
        exact = [f"{package.name}={package.version}" for package in wanted]
        run(["apt-get", "download", "-q", *sandbox, *exact], cwd=cache)
        damaged = [package.file for package in wanted if not _held(package, cache)]
        if damaged:
            raise GuestBuildError(f"apt fetched {', '.join(damaged)}, which does not match Debian's lists.")
    return len(wanted)


def unpack(packages: Sequence[Package], cache: Path, tree: Path) -> None:
    """Extract the packages' files into one tree; their install scripts are not run."""
    for package in packages:
        run(["dpkg-deb", "-x", cache / package.file, tree])


def _held(package: Package, cache: Path) -> bool:
    path = cache / package.file
    if not path.is_file() or path.stat().st_size != package.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == package.sha256


def _kernel(name: str) -> str:
    """The package that carries the kernel which a meta package such as linux-image-cloud-amd64 stands for."""
    match = _KERNEL.search(run(["apt-cache", "depends", name]).decode())
    return match[1] if match else name
