"""The guest image and an SSH key for real tests, kept between runs because neither changes."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

from egovcloud.cli.local.guest import GuestImage, build

_KEPT = Path(__file__).resolve().parents[2] / "var/tests"


def guest_image() -> GuestImage:
    """The small guest, built at the first call on a machine (some 10 s) and found at the next."""
    return build(_KEPT / "guest")


def ssh_key() -> Path:
    """A private key of the tests' own; its public half lies beside it with the suffix ``.pub``."""
    key = _KEPT / "id_ed25519"
    key.parent.mkdir(parents=True, exist_ok=True)
    with (_KEPT / ".lock").open("w") as lock:  # two test processes begin at the same moment
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(key)], check=True)
    return key
