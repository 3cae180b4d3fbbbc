"""Our mark on objects of the cloud, and texts in the forms in which its services can keep them.

No service enforces unique names, so that the mark is what a repeated step searches for. It is put on in the very
request that creates the object: as tags and metadata in Nova, metadata in Cinder, properties in Glance, and as the
description in Neutron, whose tags can only be set afterwards.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CHUNK = 240  # characters; a metadata value holds 255
_NAME = "egov_name{}"
NAME_LIMIT = 255
NOTE = "egov_adopted"  # metadata of a volume that others made
ANY = re.compile(r"egov\.[0-9a-f]{16}(\.|$)")  # a tag of this installation or another


class Marker:
    """The mark of one installation; two of them may share a project and never take each other's objects."""

    def __init__(self, installation: str) -> None:
        self.digest = hashlib.sha256(installation.encode()).hexdigest()[:16]
        self.tag = f"egov.{self.digest}"
        self.note = f"{self.tag}.adopted"  # on a server that others made
        self._tag = re.compile(rf"egov\.{self.digest}\.(?P<id>{_UUID})")
        self._description = re.compile(rf"egovcloud/{self.digest}/(?P<kind>[a-z_]+)/(?P<id>{_UUID})")

    # -- Nova: tags are at most 60 characters without slash and comma, and can be searched for exactly ----------------
    def server_tag(self, instance_id: str) -> str:
        return f"{self.tag}.{instance_id}"

    def of_tags(self, tags: Iterable[str]) -> str | None:
        """Our id of a server with these tags; ``None`` for somebody else's."""
        return next((match["id"] for tag in tags if (match := self._tag.fullmatch(tag))), None)

    def is_adopted(self, tags: Iterable[str]) -> bool:
        """Whether others made the server, so that it is never rebuilt or deleted."""
        return self.note in tags

    # -- Cinder and Glance -----------------------------------------------------------------------------------------
    def properties(self, kind: str, our_id: str) -> dict[str, str]:
        """Metadata of a volume, or properties of an image."""
        return {"egov_installation": self.digest, "egov_kind": kind, "egov_id": our_id}

    def of_properties(self, kind: str, properties: Mapping[str, object]) -> str | None:
        """Our id of a volume or image of this kind; ``None`` for somebody else's."""
        if properties.get("egov_installation") != self.digest or properties.get("egov_kind") != kind:
            return None
        our_id = str(properties.get("egov_id") or "")
        return our_id if re.fullmatch(_UUID, our_id) else None

    # -- Neutron -----------------------------------------------------------------------------------------------------
    def description(self, kind: str, our_id: str) -> str:
        return f"egovcloud/{self.digest}/{kind}/{our_id}"

    def of_description(self, kind: str, description: str | None) -> str | None:
        """Our id of a network, port or group of this kind; ``None`` for somebody else's."""
        match = self._description.fullmatch(description or "")
        return match["id"] if match and match["kind"] == kind else None


def display(text: str, otherwise: str) -> str:
    """``text`` as a name for the cloud's own consoles: one line, and of the characters that three-byte UTF-8 holds.

    Services on MariaDB's ``utf8mb3`` answer 500 to any other; the text itself is kept by ``name_metadata``.
    """
    kept = "".join(char if char.isprintable() and ord(char) < 0x10000 else " " for char in text)
    return " ".join(kept.split())[:NAME_LIMIT].strip() or otherwise


def name_metadata(text: str) -> dict[str, str]:
    """Any text as metadata values, which are short and of few characters: base64url in pieces."""
    encoded = base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()
    pieces = [encoded[start : start + _CHUNK] for start in range(0, len(encoded), _CHUNK)]
    return {_NAME.format(number): piece for number, piece in enumerate(pieces)}


def name_of(metadata: Mapping[str, str], otherwise: str) -> str:
    """The text that ``name_metadata`` kept."""
    pieces: list[str] = []
    while (piece := metadata.get(_NAME.format(len(pieces)))) is not None:
        pieces.append(piece)
    try:
        return base64.urlsafe_b64decode("".join(pieces)).decode("utf-8", "surrogatepass") if pieces else otherwise
    except ValueError:
        return otherwise
