"""Finds out whether hardware virtualisation works here, by using it.

A ``/dev/kvm`` that opens proves nothing: under some nested hypervisors a guest's kernel then hangs for ever.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from pathlib import Path

_WORD = b"EGOV-PROBE-OK"  # what the guest image's ramdisk says when its command line holds egov.probe
_QEMU = "qemu-system-x86_64"


def kvm_works(kernel: Path, initrd: Path, *, limit: float = 5.0, accel: str = "kvm", device: str = "/dev/kvm") -> bool:
    """Whether the image's kernel boots under KVM to its first program within ``limit`` seconds.

    Takes about a second where KVM works and ``limit`` where it hangs; leaves no process behind. ``accel`` and
    ``device`` exist for tests. See https://www.qemu.org/docs/master/system/introduction.html on accelerators.
    """
    if not os.access(device, os.R_OK | os.W_OK) or shutil.which(_QEMU) is None:
        return False
    argv = [
        _QEMU, "-accel", accel, "-machine", "q35", "-cpu", "max", "-m", "128", "-nodefaults", "-no-user-config",
        "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", str(kernel), "-initrd", str(initrd),
        "-append", "console=ttyS0 quiet panic=-1 egov.probe",
    ]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        return _says(process, _WORD, time.monotonic() + limit)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _says(process: subprocess.Popen[bytes], word: bytes, deadline: float) -> bool:
    """Whether ``word`` appears on the process's output before the deadline (monotonic seconds) and before it ends."""
    assert process.stdout is not None
    heard = b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            return False
        piece = os.read(process.stdout.fileno(), 4096)
        if not piece:
            return False
        heard = (heard + piece)[-65536:]
        if word in heard:
            return True
    return False
