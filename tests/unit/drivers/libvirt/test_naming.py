"""Names say whose and what an object is, and say it to its own installation alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egovcloud.drivers.libvirt.naming import FileName, Naming

from .examples import GROUP, INSTANCE, SNAPSHOT, VOLUME

OURS, THEIRS = Naming("centre"), Naming("another centre")
FILES = {
    "root": OURS.root(INSTANCE),
    "seed": OURS.seed(INSTANCE),
    "serial": OURS.serial(INSTANCE),
    "vol": OURS.volume(VOLUME),
    "image": OURS.image(VOLUME),
    "imageok": OURS.image_proof(VOLUME),
    "kernel": OURS.kernel(VOLUME),
    "initrd": OURS.initrd(VOLUME),
    "probe": OURS.probe(VOLUME),
}


@pytest.mark.parametrize("role", FILES)
def test_file_names_come_back_to_their_own_installation(role: str) -> None:
    parsed = OURS.parse_file(FILES[role])
    assert parsed is not None
    assert parsed.role == role
    assert parsed.id in {INSTANCE, VOLUME}
    assert THEIRS.parse_file(FILES[role]) is None


def test_volume_without_a_file_has_no_ending() -> None:
    assert OURS.parse_file(OURS.volume(VOLUME, files=False)) == FileName("vol", VOLUME)


@given(st.booleans(), st.integers(0, 10**6), st.sampled_from(["vda", "vdb", "vdaa"]))
def test_layer_carries_all_that_its_snapshot_is(quiesced: bool, turn: int, dev: str) -> None:
    name = OURS.overlay(INSTANCE, SNAPSHOT, dev, quiesced=quiesced, turn=turn)
    assert OURS.parse_file(name) == FileName("snap", INSTANCE, SNAPSHOT, dev, quiesced, turn)
    assert THEIRS.parse_file(name) is None
    assert len(name.encode()) < 255


@given(st.text())
def test_any_other_name_is_nobodys(name: str) -> None:
    assert OURS.parse_file(name) is None
    assert OURS.parse_filter(name) is None


@pytest.mark.parametrize(
    "name",
    [
        f"egov-root-{INSTANCE}.qcow2",
        f"{OURS.root(INSTANCE)}.bak",
        f"copy of {OURS.root(INSTANCE)}",
        OURS.root("not-a-uuid"),
        OURS.root(INSTANCE.upper()),
        f"egov-{OURS.tag}-snap-{INSTANCE}.qcow2",
        OURS.root(INSTANCE) + "\n",
    ],
)
def test_similar_names_are_nobodys(name: str) -> None:
    assert OURS.parse_file(name) is None


def test_filters() -> None:
    assert OURS.parse_filter(OURS.group(GROUP)) == ("sg", GROUP)
    assert OURS.parse_filter(OURS.nic(INSTANCE, 3)) == ("nic", INSTANCE)
    assert THEIRS.parse_filter(OURS.group(GROUP)) is None


def test_bridges_of_two_installations_differ() -> None:
    assert OURS.bridge(VOLUME) != THEIRS.bridge(VOLUME)
    assert len(OURS.bridge(VOLUME)) <= 15
