"""Runs the build's outside programs, so that a missing one or a failed one is told in one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from egovcloud.cli.local.guest.image import GuestBuildError

CLOCK = 1_700_000_000  # seconds since 1970 that every file of the image bears

_PACKAGE_OF = {
    "cpio": "cpio",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "mkfs.fat": "dosfstools",
    "mmd": "mtools",
    "objcopy": "binutils",
    "objdump": "binutils",
    "qemu-img": "qemu-utils",
    "sfdisk": "fdisk",
    "syslinux": "syslinux",
}


def run(argv: Sequence[str | Path], *, cwd: Path | None = None, feed: bytes = b"") -> bytes:
    """Run a program in a plain locale and return what it printed; ``GuestBuildError`` when it fails or is absent."""
    program = str(argv[0])
    # Debian leaves administration programs out of an ordinary user's PATH.
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if shutil.which(program, path=path) is None:
        package = _PACKAGE_OF.get(program, program)
        raise GuestBuildError(f"The program {program} is missing; install Debian's package {package}.")
    # apt and mke2fs are asked in English, and a fixed clock makes the same inputs give the same bytes.
    environment = {"PATH": path, "LC_ALL": "C.UTF-8", "E2FSPROGS_FAKE_TIME": str(CLOCK), "MTOOLS_SKIP_CHECK": "1"}
    for kept in ("http_proxy", "https_proxy", "no_proxy", "HOME", "TMPDIR", "APT_CONFIG"):
        if kept in os.environ:
            environment[kept] = os.environ[kept]
    done = subprocess.run([str(word) for word in argv], cwd=cwd, env=environment, input=feed, capture_output=True)
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise GuestBuildError(f"{program} failed with exit code {done.returncode}: {' / '.join(last)}")
    return done.stdout


def lines(path: Path) -> list[list[str]]:
    """The words of each line of a data file, without comments and empty lines."""
    rows = (line.split("#", 1)[0].split() for line in path.read_text().splitlines())
    return [row for row in rows if row]
