"""The part of the contract that copies volumes: what a new one starts as."""

from __future__ import annotations

from dataclasses import dataclass

VOLUME = "volume"


@dataclass(frozen=True)
class VolumeSource:
    """What a volume starts as a copy of: ``kind`` is ``volume``, ``id`` ours, ``pool`` the pool that it lies in.

    A volume is copied while no instance has it, so that nothing writes to it meanwhile.
    """

    kind: str
    id: str
    pool: str
