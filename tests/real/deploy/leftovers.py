"""What a run leaves on disk and among control groups, removed when whoever made it has ended, however that came."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.real.namespaces import until

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 60.0


class Warden:
    """A process that outlives this one and waits for its end, to clean up behind it.

    Nobody else holds the other end of its pipe: the kernel closes that when this process ends, be it by SIGKILL.
    """

    def __init__(self, directory: Path, groups: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(directory), *groups],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def release(self) -> None:
        """Let it clean up, and wait until all is gone."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(2 * LIMIT)
        assert code == 0, f"cleaning up ended with {code}"


def forget(groups: Sequence[str]) -> None:
    """Remove control groups whose processes have ended or are about to."""
    with tempfile.TemporaryDirectory(prefix="egov-groups-") as place:
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", place], check=True)
        try:
            for name in groups:
                until(f"end of control group {name}", lambda top=Path(place) / name: _removed(top), limit=LIMIT)
        finally:
            subprocess.run(["umount", place], check=True)


def _removed(top: Path) -> bool:
    for directory, _, _ in os.walk(top, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(directory)
    return not top.exists()


if __name__ == "__main__":
    sys.stdin.read()
    forget(sys.argv[2:])
    shutil.rmtree(sys.argv[1])
