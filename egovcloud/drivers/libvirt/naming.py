"""External names out of our ids, and back, so that a repeated step finds its own work.

Every name carries a digest of the installation: two installations may share a pool or a host and never take each
other's objects for their own, and a file that merely looks similar is nobody's.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

NAMESPACE = "urn:egovcloud:1"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_FILE = re.compile(
    rf"egov-(?P<inst>[0-9a-f]{{10}})-(?P<role>root|vol|image|imageok|kernel|initrd|seed|serial|snap|probe|keep|copying)-(?P<id>{_UUID})"
    rf"(?:-(?P<sub>{_UUID})-(?P<dev>vd[a-z]{{1,2}})-(?P<mark>[qn])(?P<turn>[0-9]+))?(?P<ext>\.[a-z0-9]+)?"
)
_ADOPTED = re.compile(rf"egov-(?P<inst>[0-9a-f]{{10}})-adopted-(?P<id>{_UUID})-(?P<digest>[0-9a-f]{{20}})\.mark")
_ANY = re.compile(r"egov-[0-9a-f]{10}-.+")
_FILTER = re.compile(rf"egov-(?P<inst>[0-9a-f]{{10}})-(?P<role>sg|nic)-(?P<id>{_UUID})(?:-(?P<sub>[0-9]+))?")


@dataclass(frozen=True)
class FileName:
    """A volume's name taken apart. ``sub``, ``dev``, ``quiesced`` and ``turn`` are of snapshot overlays alone."""

    role: str
    id: str
    sub: str = ""
    dev: str = ""
    quiesced: bool = False
    turn: int = 0


class Naming:
    """Names of one installation's objects on any host."""

    def __init__(self, installation: str) -> None:
        self.installation = installation
        self.tag = hashlib.sha256(installation.encode()).hexdigest()[:10]

    def domain(self, instance_id: str) -> str:
        return f"egov-{instance_id}"

    def network(self, network_id: str) -> str:
        return f"egov-{network_id}"

    def bridge(self, network_id: str) -> str:
        """At most 15 bytes, the kernel's limit for an interface."""
        return "egv" + hashlib.sha256(f"{self.installation}/{network_id}".encode()).hexdigest()[:10]

    def group(self, group_id: str) -> str:
        return f"egov-{self.tag}-sg-{group_id}"

    def nic(self, instance_id: str, index: int) -> str:
        return f"egov-{self.tag}-nic-{instance_id}-{index}"

    @property
    def state_pool(self) -> str:
        return f"egov-{self.tag}-state"

    def root(self, instance_id: str) -> str:
        return self._file("root", instance_id, ".qcow2")

    def volume(self, volume_id: str, files: bool = True) -> str:
        return self._file("vol", volume_id, ".qcow2" if files else "")

    def copying(self, volume_id: str) -> str:
        """Lies beside our state while a volume is being filled from another: what has its name is not whole yet."""
        return self._file("copying", volume_id, ".mark")

    def image(self, image_id: str) -> str:
        return self._file("image", image_id, ".disk")

    def image_proof(self, image_id: str) -> str:
        return self._file("imageok", image_id, ".sha256")

    def kernel(self, image_id: str) -> str:
        return self._file("kernel", image_id, ".bin")

    def initrd(self, image_id: str) -> str:
        return self._file("initrd", image_id, ".bin")

    def seed(self, instance_id: str) -> str:
        return self._file("seed", instance_id, ".iso")

    def serial(self, instance_id: str) -> str:
        return self._file("serial", instance_id, ".log")

    def probe(self, probe_id: str) -> str:
        return self._file("probe", probe_id, ".tmp")

    def keep(self, instance_id: str) -> str:
        return self._file("keep", instance_id, ".xml")

    def overlay(self, instance_id: str, snapshot_id: str, dev: str, *, quiesced: bool, turn: int) -> str:
        """The layer that takes a disk's writes since the snapshot; that it is in the chain *is* the snapshot."""
        mark = "q" if quiesced else "n"
        return f"egov-{self.tag}-snap-{instance_id}-{snapshot_id}-{dev}-{mark}{turn}.qcow2"

    def parse_file(self, name: str) -> FileName | None:
        """Of a volume of this installation; ``None`` for anybody else's."""
        match = _FILE.fullmatch(name)
        if match is None or match["inst"] != self.tag or (match["role"] == "snap") != bool(match["sub"]):
            return None
        return FileName(
            match["role"],
            match["id"],
            match["sub"] or "",
            match["dev"] or "",
            match["mark"] == "q",
            int(match["turn"] or 0),
        )

    def adopted(self, volume_id: str, path: str) -> str:
        """The mark of a volume that others made, which keeps its own name."""
        return f"egov-{self.tag}-adopted-{volume_id}-{self.digest(path)}.mark"

    def parse_adopted(self, name: str) -> tuple[str, str] | None:
        """``(our id, digest of the path)``; ``None`` for anything else."""
        match = _ADOPTED.fullmatch(name)
        return (match["id"], match["digest"]) if match and match["inst"] == self.tag else None

    def digest(self, path: str) -> str:
        return hashlib.sha256(path.encode()).hexdigest()[:20]

    def is_a_mark(self, name: str) -> bool:
        """Whether a volume's name is one that an installation, this or another, gave it."""
        return _ANY.fullmatch(name) is not None

    def parse_filter(self, name: str) -> tuple[str, str] | None:
        """``(role, id)`` with role ``sg`` or ``nic``; ``None`` for anybody else's."""
        match = _FILTER.fullmatch(name)
        if match is None or match["inst"] != self.tag:
            return None
        return match["role"], match["id"]

    def _file(self, role: str, object_id: str, ext: str) -> str:
        return f"egov-{self.tag}-{role}-{object_id}{ext}"
