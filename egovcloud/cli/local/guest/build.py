"""Builds the guest image, once: the same packages and the same recipe give the image that is already there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import tempfile
import time
import uuid
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Literal

from egovcloud.cli.local.guest import disk, packages, tree
from egovcloud.cli.local.guest.image import GuestBuildError, GuestImage, Package, Variant, digest
from egovcloud.cli.local.guest.tools import lines

ROOT_MIB = 128
_MEMORY_MIB = 128
# The second line is for emulated guests: each word saves them a part of a second before their first program.
_CMDLINE = (
    "rw console=tty0 console=ttyS0 quiet panic=-1 net.ifnames=0 "
    "mitigations=off tsc=unstable cryptomgr.notests nokaslr noreplace-smp"
)


def build(
    out: Path,
    *,
    flavour: Literal["micro"] = "micro",
    cache: Path | None = None,
    say: Callable[[str], None] = lambda words: None,
) -> GuestImage:
    """Build the image into ``out`` unless it is there already, and return it.

    Debian packages are kept in ``cache`` (default: ``packages`` in ``out``). ``say`` hears one line a step, with its
    seconds. Files are replaced whole; ``image.json`` comes last. Raises ``GuestBuildError`` with a remedy.
    Overlays must never back onto a file in ``out``, for a newer kernel replaces it: import a copy into a pool.
    """
    if flavour != "micro":
        raise GuestBuildError(f"There is no guest flavour {flavour!r}; there is 'micro'.")
    clock = _Clock(say)
    with resources.as_file(resources.files("egovcloud.cli.local.guest") / "files") as files:
        chosen = packages.resolve(row[0] for row in lines(files / "packages.txt"))
        inputs = _inputs(chosen, files)
        out.mkdir(parents=True, exist_ok=True)
        with (out / ".lock").open("w") as lock:
            # Whoever comes second waits, and then finds the first one's image.
            fcntl.flock(lock, fcntl.LOCK_EX)
            present = GuestImage.load(out)
            if present is not None and present.inputs == inputs:
                return present
            store = cache or out / "packages"
            fetched = packages.fetch(chosen, store)
            clock.done(f"Debian packages: {len(chosen)}, {fetched} of them fetched")
            with tempfile.TemporaryDirectory(prefix="guest-", dir=out) as scratch:
                return _build(out, Path(scratch), files, chosen, store, inputs, clock)


def _build(
    out: Path, work: Path, files: Path, chosen: tuple[Package, ...], store: Path, inputs: str, clock: _Clock
) -> GuestImage:
    packages.unpack(chosen, store, work / "debian")
    source = tree.Source(work / "debian")
    clock.done(f"unpacked, kernel {source.release}")
    tree.root(source, files, work / "root")
    tree.initrd(source, files, work / "initrd", work / "micro.initrd")
    (work / "vmlinuz").write_bytes(source.kernel.read_bytes())
    clock.done("root directory and initial ramdisk")
    identity = str(uuid.uuid5(uuid.NAMESPACE_OID, inputs))
    disk.ext4(work / "root", work / "root.raw", mib=ROOT_MIB, uuid=identity)
    disk.qcow2(work / "root.raw", work / "micro.qcow2")
    direct, partitioned = f"root=/dev/vda {_CMDLINE}", f"root=/dev/vda2 {_CMDLINE}"
    release = work / "root/etc/os-release"
    disk.uki(work / "vmlinuz", work / "micro.initrd", partitioned, release, work / "micro.efi", work)
    disk.uefi_disk(work / "micro.efi", work / "root.raw", work / "uefi.raw", work)
    disk.qcow2(work / "uefi.raw", work / "micro-uefi.qcow2")
    disk.bios_disk(work / "vmlinuz", work / "micro.initrd", partitioned, work / "root.raw", work / "bios.raw", work)
    disk.qcow2(work / "bios.raw", work / "micro-bios.qcow2")
    clock.done("disks for direct, UEFI and BIOS boot")
    mib = -(-(work / "uefi.raw").stat().st_size // disk.MIB)
    variants = (
        Variant("micro", "direct", "micro.qcow2", "vmlinuz", "micro.initrd", direct, ROOT_MIB, _MEMORY_MIB),
        Variant("micro-uefi", "uefi", "micro-uefi.qcow2", "", "", "", mib, _MEMORY_MIB * 2),
        Variant("micro-bios", "bios", "micro-bios.qcow2", "", "", "", mib, _MEMORY_MIB),
    )
    names = sorted({name for v in variants for name in (v.disk, v.kernel, v.initrd) if name})
    image = GuestImage(
        directory=out,
        name="micro",
        version=f"{source.release}+{inputs[:8]}",
        inputs=inputs,
        login_user="root",
        variants=variants,
        files={name: digest(work / name) for name in names},
        packages=chosen,
    )
    for name in names:
        (work / name).replace(out / name)
    image.save()
    clock.done(f"image {image.name} {image.version}")
    return image


def _inputs(chosen: tuple[Package, ...], files: Path) -> str:
    """One digest over all that decides the result: packages, data files and the recipe itself."""
    known = hashlib.sha256(json.dumps([[p.file, p.sha256] for p in chosen]).encode())
    recipe = sorted(Path(__file__).parent.glob("*.py"))
    for path in [*recipe, *sorted(path for path in files.rglob("*") if path.is_file())]:
        known.update(path.name.encode() + b"\0" + path.read_bytes())
    return known.hexdigest()


class _Clock:
    """Tells each step's seconds to whoever listens."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last = time.monotonic()

    def done(self, words: str) -> None:
        now = time.monotonic()
        self._say(f"{words} ({now - self._last:.1f} s)")
        self._last = now
