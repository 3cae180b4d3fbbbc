"""Names of groups and key pairs, images that Nova keeps for itself, and which refusals mean that there is no room."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from egovcloud.domain.errors import QuotaExceeded
from egovcloud.drivers.openstack import images, key_pairs, server_groups, snapshots
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import Marker

OURS = "0198a000-0000-7000-8000-000000000001"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9u4n0c0G2Nq7a5g1w9mZ4tq3J8xv3f1u8b0t7d2eQK"


@pytest.mark.parametrize(
    ("status", "words", "full"),
    [
        (403, "Quota exceeded, too many server groups.", True),
        (403, "Quota exceeded, too many servers in group", True),
        (403, "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances", False),
        (400, "Invalid server group", False),
    ],
)
def test_which_refusals_are_about_the_group_alone(status: int, words: str, full: bool) -> None:
    problem = QuotaExceeded("cloud.quota", host="c1", service="compute", detail=words)
    assert server_groups.is_full(Refused(status, words, problem)) is full


def test_a_key_pair_is_named_after_the_bytes_of_the_key() -> None:
    call: Any = SimpleNamespace(marker=Marker("here"))
    name = key_pairs.name_of(call, f"{KEY} 张三@office")
    assert name == key_pairs.name_of(call, f"  {KEY}\tanother comment")
    assert name
    assert len(name) <= 255
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert [key_pairs.name_of(call, text) for text in ("", "ssh-rsa", "ssh-rsa not-base64!")] == [None, None, None]


def test_what_nova_keeps_of_a_shelved_server_is_nobodys() -> None:
    marker = Marker("here")

    def image(kind: str, name: str, **more: str) -> dict[str, Any]:
        return {"name": name, **marker.properties(kind, OURS), **more}

    assert images.ours(marker, images.KIND, image(images.KIND, "debian-shelved")) == OURS
    taken = {"image_type": "snapshot"}
    assert images.ours(marker, images.KIND, image(images.KIND, "web-shelved", **taken)) is None
    assert images.ours(marker, images.KIND, image(images.KIND, "web", **taken)) is None
    assert images.ours(marker, snapshots.KIND, image(snapshots.KIND, "web", **taken)) == OURS
    assert images.ours(marker, snapshots.KIND, image(snapshots.KIND, "web-shelved", **taken)) is None
