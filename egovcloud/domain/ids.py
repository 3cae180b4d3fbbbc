"""Identifiers and everything that derives from them, so that a repeated step finds its own work."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
import uuid

ID_PATTERN = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def new_id() -> str:
    """A UUID version 7 (RFC 9562 §5.7) as text: it sorts by time of birth, so it is also the paging key.

    The 12 bits after the milliseconds hold their fraction (§6.2, method 3), and no two of one process are equal: what
    one transaction makes keeps the order in which it was made.
    """
    global _last
    with _lock:
        ticks = _last = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
    value = (ticks >> 12 << 80) | (0x7 << 76) | ((ticks & 0xFFF) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))


_lock = threading.Lock()
_last = 0  # the latest tick given out, in 1/4096 ms


def derived_id(*parts: str) -> str:
    """An id that is the same for the same parts (children of a request, ports of an instance)."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0b11 << 62)) | (0b10 << 62)
    return str(uuid.UUID(int=value))


def mac_address(port_id: str) -> str:
    """A locally administered MAC in QEMU's 52:54:00 range from 24 bits of the port's id."""
    digest = hashlib.sha256(port_id.encode()).digest()
    return "52:54:00:{:02x}:{:02x}:{:02x}".format(*digest[:3])
