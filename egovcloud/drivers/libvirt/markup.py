"""XML made and read through one serialiser, so that no user's text can become markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from egovcloud.domain.errors import Invalid
from egovcloud.drivers.libvirt.naming import NAMESPACE

Element = ET.Element
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = re.compile(r"[\t\n\r]+")
ET.register_namespace("egov", NAMESPACE)


def el(tag: str, *children: Element | None, text: str | None = None, **attributes: object) -> Element:
    """An element; ``None`` among children and attributes is left out, a trailing ``_`` of a name is dropped.

    ``Invalid("driver.characters")`` for a value that would not come back as it was.
    """
    names = {key.rstrip("_").replace("__", "-"): str(value) for key, value in attributes.items() if value is not None}
    for name, value in names.items():
        _check(name, value)
    # A parser takes a carriage return between tags for a line break (XML 1.0, section 2.11).
    _check(tag, text or "", more="\r")
    node = ET.Element(tag, names)
    node.text = text
    node.extend([child for child in children if child is not None])
    return node


def _check(name: str, value: str, more: str = "") -> None:
    if _ILLEGAL.search(value) or any(char in value for char in more):
        raise Invalid("driver.characters", field=name.rpartition("}")[2], name=name.rpartition("}")[2])


def render(node: Element) -> str:
    return ET.tostring(node, encoding="unicode")


def parse(xml: str) -> Element:
    return ET.fromstring(xml)  # noqa: S314  libvirt's answer


def legal(text: str) -> str:
    """``text`` without what XML 1.0 (section 2.2) forbids; as an attribute it comes back with its line breaks."""
    return _ILLEGAL.sub("", text)


def printable(text: str, limit: int = 120) -> str:
    """Legal ``text`` on one line, cut to ``limit`` characters."""
    return _BREAKS.sub(" ", legal(text))[:limit].strip()


@dataclass(frozen=True)
class Marker:
    """What our metadata element says about the object that bears it."""

    installation: str
    kind: str
    id: str
    extra: tuple[tuple[str, str], ...] = ()

    def get(self, key: str, default: str = "") -> str:
        return dict(self.extra).get(key, default)


def mark(marker: Marker, *children: Element) -> Element:
    """The ``<metadata>`` of a domain or network."""
    values = {"installation": marker.installation, "kind": marker.kind, "id": marker.id, **dict(marker.extra)}
    return el("metadata", el(ours("object"), *children, **values))


def ours(name: str) -> str:
    """``name`` in our namespace, as ElementTree writes it."""
    return f"{{{NAMESPACE}}}{name}"


def read_mark(document: Element) -> Marker | None:
    """The marker of a domain's or network's XML; ``None`` where it bears none."""
    node = document.find(f"metadata/{ours('object')}")
    if node is None:
        return None
    values = dict(node.attrib)
    installation, kind, our_id = (values.pop(key, "") for key in ("installation", "kind", "id"))
    return Marker(installation, kind, our_id, tuple(sorted(values.items())))
