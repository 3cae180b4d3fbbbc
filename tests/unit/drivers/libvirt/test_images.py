"""An image that names other files would read the hypervisor's; it is refused before anything is copied."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import ImageSpec
from egovcloud.drivers.libvirt.images import refuse_references

from .examples import IMAGE


def _header(backing: int = 0, incompatible: int = 0, version: int = 3) -> bytes:
    return (
        struct.pack(">4sIQ", b"QFI\xfb", version, backing).ljust(72, b"\0")
        + struct.pack(">Q", incompatible)
        + bytes(24)
    )


def _image(tmp_path: Path, content: bytes, form: str = "qcow2") -> ImageSpec:
    disk = tmp_path / "disk"
    disk.write_bytes(content)
    return ImageSpec(IMAGE, "debian", str(disk), "0" * 64, form)


@pytest.mark.parametrize("content", [_header(), _header(incompatible=1), _header(version=2)])
def test_standalone_image_passes(tmp_path: Path, content: bytes) -> None:
    refuse_references(_image(tmp_path, content))


@pytest.mark.parametrize("form", ["qcow2", "raw"])
@pytest.mark.parametrize(
    ("content", "detail"), [(_header(backing=104), "backing file"), (_header(incompatible=4), "external data file")]
)
def test_image_that_refers_to_a_file_is_refused_whatever_it_is_called(
    tmp_path: Path, content: bytes, detail: str, form: str
) -> None:
    with pytest.raises(Permanent) as caught:
        refuse_references(_image(tmp_path, content, form))
    assert caught.value.code == "image.unsafe"
    assert detail in caught.value.text()


def test_qcow2_that_is_none_is_refused_and_raw_is_raw(tmp_path: Path) -> None:
    refuse_references(_image(tmp_path, b"raw bytes", "raw"))
    with pytest.raises(Permanent):
        refuse_references(_image(tmp_path, b"raw bytes"))
