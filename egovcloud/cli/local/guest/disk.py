"""Makes disks out of directories without mounting anything, so that neither loop devices nor privileges are needed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from egovcloud.cli.local.guest.image import GuestBuildError
from egovcloud.cli.local.guest.tools import CLOCK, run

MIB = 1 << 20
_START = MIB  # where the first partition begins, in bytes
_BOOT_MIB = 48
_STUB = Path("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")
_MBR = Path("/usr/lib/syslinux/mbr/mbr.bin")
# Section addresses must clear the stub's own; the kernel wants room to be unpacked in place.
_SECTIONS_FROM = 0x1000000
_ALIGN = 0x1000


def ext4(tree: Path, out: Path, *, mib: int, uuid: str) -> None:
    """A raw ext4 file system of ``mib`` MiB that holds ``tree``, all of it owned by root."""
    for path in [tree, *tree.rglob("*")]:
        os.utime(path, (CLOCK, CLOCK), follow_symlinks=False)
    with out.open("wb") as stream:
        stream.truncate(mib * MIB)
    features = f"root_owner=0:0,hash_seed={uuid},lazy_itable_init=0,lazy_journal_init=0"
    # Room in the group table lets the guest grow its file system up to 1,000 times while mounted.
    run([
        "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-i", "8192", "-J", "size=4", "-m", "1", "-L", "egov-root",
        "-U", uuid, "-E", features, "-d", tree, out,
    ])  # fmt: skip
    if os.geteuid() != 0:
        _own_by_root(tree, out)


def qcow2(raw: Path, out: Path) -> None:
    """Convert a raw disk to qcow2, which keeps only what was written."""
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, out])


def uki(kernel: Path, initrd: Path, cmdline: str, release: Path, out: Path, scratch: Path) -> None:
    """One EFI program of stub, kernel, ramdisk and command line (UAPI group's unified kernel image)."""
    if not _STUB.exists():
        raise GuestBuildError("The EFI stub is missing; install Debian's package systemd-boot-efi.")
    words = scratch / "cmdline"
    words.write_text(cmdline)
    address = _SECTIONS_FROM
    arguments: list[str | Path] = ["objcopy"]
    for name, file in ((".osrel", release), (".cmdline", words), (".initrd", initrd), (".linux", kernel)):
        arguments += ["--add-section", f"{name}={file}", "--change-section-vma", f"{name}={address:#x}"]
        address += -(-file.stat().st_size // _ALIGN) * _ALIGN
    run([*arguments, _STUB, out])


def uefi_disk(program: Path, root: Path, out: Path, scratch: Path) -> None:
    """A raw GPT disk: EFI system partition with ``program`` as default boot loader, then the root file system."""
    esp = _fat(scratch / "esp.fat")
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/BOOT"])
    run(["mcopy", "-i", esp, program, "::/EFI/BOOT/BOOTX64.EFI"])
    _join("label: gpt\nunit: sectors\n", ("type=uefi", "type=linux"), (esp, root), out)


def bios_disk(kernel: Path, initrd: Path, cmdline: str, root: Path, out: Path, scratch: Path) -> None:
    """A raw MBR disk: an active FAT partition with syslinux, kernel and ramdisk, then the root file system."""
    if not _MBR.exists():
        raise GuestBuildError("The master boot record is missing; install Debian's package syslinux-common.")
    boot = _fat(scratch / "boot.fat", start=_START)
    config = scratch / "syslinux.cfg"
    config.write_text(f"DEFAULT egov\nPROMPT 0\nLABEL egov\n  LINUX vmlinuz\n  INITRD initrd\n  APPEND {cmdline}\n")
    for file, name in ((kernel, "vmlinuz"), (initrd, "initrd"), (config, "syslinux.cfg")):
        run(["mcopy", "-i", boot, file, f"::/{name}"])
    run(["syslinux", "--install", boot])
    _join("label: dos\nunit: sectors\n", ("type=e, bootable", "type=83"), (boot, root), out)
    with out.open("r+b") as stream:
        stream.write(_MBR.read_bytes()[:440])


def _fat(out: Path, *, start: int = 0) -> Path:
    with out.open("wb") as stream:
        stream.truncate(_BOOT_MIB * MIB)
    # syslinux reads the partition's place on the disk from the file system itself.
    run(["mkfs.fat", "-F", "16", "-n", "EGOV-BOOT", "-i", "0e60c10d", "-h", str(start // 512), out])
    return out


def _join(header: str, kinds: tuple[str, str], parts: tuple[Path, Path], out: Path) -> None:
    """Put a partition table before two file systems, and room for its second copy behind them."""
    first, second = (part.stat().st_size for part in parts)
    with out.open("wb") as stream:
        stream.truncate(_START + first + second + MIB)
    table = header + "".join(
        f"start={at // 512}, size={size // 512}, {kind}\n"
        for at, size, kind in ((_START, first, kinds[0]), (_START + first, second, kinds[1]))
    )
    run(["sfdisk", "-q", out], feed=table.encode())
    with out.open("r+b") as stream:
        for part, at in zip(parts, (_START, _START + first), strict=True):
            stream.seek(at)
            with part.open("rb") as content:
                shutil.copyfileobj(content, stream, MIB)


def _own_by_root(tree: Path, disk: Path) -> None:
    """mke2fs copies owners from the builder's files; a builder who is not root gives them away inside the disk."""
    commands = []
    for path in tree.rglob("*"):
        name = "/" + str(path.relative_to(tree))
        commands += [f'set_inode_field "{name}" uid 0', f'set_inode_field "{name}" gid 0']
    run(["debugfs", "-w", "-f", "-", disk], feed="\n".join(commands).encode())
