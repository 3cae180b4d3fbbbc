"""Lays out the guest's root directory and its initial ramdisk from unpacked packages and this package's own files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from egovcloud.cli.local.guest.image import GuestBuildError
from egovcloud.cli.local.guest.tools import lines, run

_NEEDED = re.compile(r"^\s*NEEDED\s+(\S+)$", re.MULTILINE)
_LIBRARIES = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64")
_EMPTY = ("dev", "proc", "sys", "run", "tmp", "mnt", "root/.ssh", "var/lib/egov", "var/log", "etc/dropbear")
_LINKS = {
    "lib64/ld-linux-x86-64.so.2": "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
    "etc/mtab": "/proc/mounts",
    "etc/resolv.conf": "/run/egov/resolv.conf",
    "var/run": "/run",
    "sbin/mkfs.ext4": "mke2fs",
    "sbin/fsck.ext4": "e2fsck",
}


class Source:
    """An unpacked set of packages: where its kernel, modules, programs and libraries lie."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        kernels = sorted((tree / "boot").glob("vmlinuz-*"))
        if not kernels:
            raise GuestBuildError("The kernel package holds no boot/vmlinuz-*.")
        self.kernel = kernels[-1]
        self.release = self.kernel.name.removeprefix("vmlinuz-")
        run(["depmod", "-b", tree, self.release])
        self._needs = self._dependencies()

    def _dependencies(self) -> dict[str, tuple[str, ...]]:
        """modules.dep: each module's file and the files to load before it, nearest first."""
        needs = {}
        for row in (self.modules / "modules.dep").read_text().splitlines():
            file, _, others = row.partition(":")
            needs[file] = tuple(others.split())
        return needs

    @property
    def modules(self) -> Path:
        """The directory of the kernel's modules."""
        return self.tree / "lib/modules" / self.release

    def module_files(self, names: list[str]) -> list[str]:
        """Files of the named modules and of all that they need, in an order in which they load."""
        by_name = {Path(file).stem.replace("-", "_"): file for file in self._needs}
        ordered: dict[str, None] = {}
        for name in names:
            file = by_name.get(name.replace("-", "_"))
            if file is None:
                raise GuestBuildError(f"Kernel {self.release} has no module {name}.")
            ordered.update(dict.fromkeys([*reversed(self._needs[file]), file]))
        return list(ordered)

    def library(self, name: str) -> Path:
        """Where a shared library lies in the tree, with links followed inside it."""
        for folder in _LIBRARIES:
            path = self.tree / folder / name
            if path.exists():
                return path
        raise GuestBuildError(f"No package brings the library {name}; add its package to packages.txt.")

    def needed(self, program: Path) -> set[str]:
        """Names of the shared libraries that a program or library asks for directly."""
        return set(_NEEDED.findall(run(["objdump", "-p", program]).decode()))


def root(source: Source, files: Path, target: Path) -> None:
    """Fill ``target`` with the guest's root directory."""
    for folder in _EMPTY:
        (target / folder).mkdir(parents=True)
    (target / "root").chmod(0o700)
    (target / "root/.ssh").chmod(0o700)
    (target / "root/.ssh/authorized_keys").touch(0o600)
    (target / "tmp").chmod(0o1777)
    shutil.copytree(files / "root", target, dirs_exist_ok=True)
    _modes(target, files / "root")
    _copy(source.tree / "etc/mke2fs.conf", target / "etc/mke2fs.conf")
    title = f"egovcloud micro guest (Debian kernel {source.release})"
    (target / "etc/os-release").write_text(f'ID=egovcloud-micro\nNAME="egovcloud micro guest"\nPRETTY_NAME="{title}"\n')
    for [program] in lines(files / "programs.txt"):
        _program(source, source.tree / program.lstrip("/"), target / program.lstrip("/"), target)
    _modules(source, [row[0] for row in lines(files / "modules.txt")], target)
    _busybox(source, target)
    for link, to in _LINKS.items():
        (target / link).parent.mkdir(parents=True, exist_ok=True)
        (target / link).unlink(missing_ok=True)
        (target / link).symlink_to(to)


def initrd(source: Source, files: Path, target: Path, out: Path) -> None:
    """Write the initial ramdisk (a gzipped newc cpio archive) that mounts the root disk; uses ``target`` as scratch."""
    for folder in ("bin", "dev", "proc", "sys", "root", "modules"):
        (target / folder).mkdir(parents=True)
    _copy(source.tree / "bin/busybox", target / "bin/busybox")
    for applet in ("sh", "mount", "insmod", "usleep", "poweroff", "switch_root", "cat"):
        (target / "bin" / applet).symlink_to("busybox")
    order = source.module_files([row[0] for row in lines(files / "modules.txt") if "boot" in row[1:]])
    for file in order:
        _copy(source.modules / file, target / "modules" / Path(file).name)
    (target / "modules/order").write_text("".join(Path(file).name + "\n" for file in order))
    _copy(files / "init", target / "init")
    (target / "init").chmod(0o755)
    names = sorted(str(path.relative_to(target)) for path in target.rglob("*"))
    archive = run(
        ["cpio", "-o", "-H", "newc", "-R", "0:0", "--reproducible", "--quiet"],
        cwd=target,
        feed="\n".join(names).encode(),
    )
    out.write_bytes(run(["gzip", "-n", "-6"], feed=archive))


def _copy(origin: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(origin, target)


def _modes(target: Path, origin: Path) -> None:
    """Packaging may drop permissions, so scripts are told by their first two bytes."""
    for path in origin.rglob("*"):
        if path.is_file():
            script = path.read_bytes()[:2] == b"#!"
            (target / path.relative_to(origin)).chmod(0o755 if script else 0o644)
    (target / "etc/shadow").chmod(0o600)


def _program(source: Source, origin: Path, target: Path, tree: Path) -> None:
    """Copy a program and, once each, the libraries that it needs at any depth."""
    _copy(origin, target)
    target.chmod(0o755)
    waiting = source.needed(origin) | {"ld-linux-x86-64.so.2"}
    while waiting:
        found = source.library(waiting.pop())
        place = tree / found.relative_to(source.tree)
        if not place.exists():
            _copy(found, place)
            place.chmod(0o755)
            waiting |= source.needed(found)


def _modules(source: Source, names: list[str], target: Path) -> None:
    folder = target / "lib/modules" / source.release
    for file in source.module_files(names):
        _copy(source.modules / file, folder / file)
    for index in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        if (source.modules / index).exists():
            _copy(source.modules / index, folder / index)
    run(["depmod", "-b", target, source.release])


def _busybox(source: Source, target: Path) -> None:
    """Install busybox under every name it answers to, except where a fuller program or one of ours stands."""
    _copy(source.tree / "bin/busybox", target / "bin/busybox")
    taken = {path.name for path in target.rglob("*") if path.parent.name in ("bin", "sbin")}
    for name in run([target / "bin/busybox", "--list-full"]).decode().split():
        link = target / name
        if link.name not in taken:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to("/bin/busybox")
