"""What a built guest image is, as its ``image.json`` tells it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Boot = Literal["direct", "uefi", "bios"]

MANIFEST = "image.json"


class GuestBuildError(Exception):
    """The image could not be built; the text says what is missing and what to do about it."""


@dataclass(frozen=True)
class Package:
    """A Debian package as apt names it: the file's name, its size in bytes and its SHA-256."""

    name: str
    version: str
    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Variant:
    """One way to boot the image.

    ``disk``, ``kernel`` and ``initrd`` are file names beside ``image.json``; the last two and ``cmdline`` are empty
    unless ``boot`` is ``direct``, for then the firmware finds its kernel on the disk. Sizes are MiB.
    """

    name: str
    boot: Boot
    disk: str
    kernel: str
    initrd: str
    cmdline: str
    min_disk_mib: int
    min_memory_mib: int


@dataclass(frozen=True)
class FileDigest:
    """Size in bytes and SHA-256 of one file of the image."""

    size: int
    sha256: str


@dataclass(frozen=True)
class GuestImage:
    """A built image in ``directory``: its variants, the digest of each file, and the packages that it came from."""

    directory: Path
    name: str
    version: str
    inputs: str
    login_user: str
    variants: tuple[Variant, ...]
    files: dict[str, FileDigest]
    packages: tuple[Package, ...]

    def variant(self, boot: Boot = "direct") -> Variant:
        """The variant that boots in the given way; ``KeyError`` when the image has none."""
        for variant in self.variants:
            if variant.boot == boot:
                return variant
        raise KeyError(boot)

    def path(self, file: str) -> Path:
        """Where one of the image's files lies."""
        return self.directory / file

    def save(self) -> None:
        """Write ``image.json``, last of all files, so that its presence means that the image is whole."""
        body = asdict(self)
        del body["directory"]
        target = self.directory / MANIFEST
        part = target.with_suffix(".part")
        part.write_text(json.dumps({"format": 1, **body}, indent=2) + "\n")
        part.replace(target)

    @classmethod
    def load(cls, directory: Path) -> GuestImage | None:
        """The image in ``directory``, or None when there is none or a file of it is missing or cut short."""
        try:
            body = json.loads((directory / MANIFEST).read_text())
            image = cls(
                directory=directory,
                name=body["name"],
                version=body["version"],
                inputs=body["inputs"],
                login_user=body["login_user"],
                variants=tuple(Variant(**variant) for variant in body["variants"]),
                files={name: FileDigest(**digest) for name, digest in body["files"].items()},
                packages=tuple(Package(**package) for package in body["packages"]),
            )
            whole = all((directory / name).stat().st_size == digest.size for name, digest in image.files.items())
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return image if whole else None


def digest(path: Path) -> FileDigest:
    """Size and SHA-256 of a file."""
    with path.open("rb") as stream:
        return FileDigest(path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())
