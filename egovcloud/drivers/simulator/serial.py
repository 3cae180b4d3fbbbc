"""What a simulated guest writes to its serial port: as much of its boot as its time allows, and its login prompt."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from egovcloud.drivers.base import Power
from egovcloud.drivers.simulator import find

MAX_STARTS = 8

_FIRMWARE = {
    "bios": "SeaBIOS (simulated): booting from hard disk",
    "uefi": "EDK II (simulated): BdsDxe: starting Boot0001",
    "direct": "direct kernel boot: kernel and initrd from the host",
}


def serial_text(row: sqlite3.Row, now: float) -> str:
    """The console's text at ``now`` of an instance row; the last ``MAX_STARTS`` starts are kept."""
    seed: dict[str, Any] = json.loads(row["seed"])
    starts: list[tuple[float, float]] = [(at, boot) for at, boot in json.loads(row["starts"])]
    lines: list[str] = []
    for position, (at, boot) in enumerate(starts):
        last = position == len(starts) - 1
        end = now
        if last and find.power(row, now) is Power.STOPPED and row["stop_at"] is not None:
            end = row["stop_at"]
        lines += _boot(seed, row, at, boot, end if last else float("inf"))
        if not last:
            lines += ["", "[  OK  ] Reached target System Reboot.", "reboot: Restarting system"]
    if starts and find.power(row, now) is Power.STOPPED:
        lines += ["", "reboot: Power down", ""]
    return "\n".join(lines)


def _boot(seed: dict[str, Any], row: sqlite3.Row, at: float, boot: float, until: float) -> list[str]:
    """The lines of one start that the guest came to write before ``until``."""
    story = [
        _FIRMWARE.get(seed["firmware"], seed["firmware"]),
        "Linux version 6.1.0-simulated (egovcloud simulator)",
        f"Command line: {seed['cmdline'] or 'root=LABEL=root console=ttyS0'}",
        f"Memory: {row['memory_mib'] * 1024}K/{row['memory_mib'] * 1024}K available",
        f"smp: Brought up 1 node, {row['vcpus']} CPUs",
        "virtio_blk virtio1: [vda] " + f"{row['disk_gib']} GiB",
        "EXT4-fs (vda1): mounted filesystem with ordered data mode",
        "systemd[1]: Hostname set to <" + seed["hostname"] + ">.",
        f"cloud-init: {len(seed['ssh_keys'])} authorized key(s) installed",
        "[  OK  ] Started OpenSSH server.",
        "[  OK  ] Reached target Multi-User System.",
    ]
    times = [boot * step / len(story) for step in range(len(story))]
    lines = [f"[{time:12.6f}] {text}" for time, text in zip(times, story, strict=True) if at + time <= until]
    if at + boot <= until:
        lines += ["", f"{seed['hostname']} login: "]
    return lines
