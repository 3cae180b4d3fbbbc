"""What the cloud itself remembers of the calls that were made to it, so that a chaos test can ask it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from egovcloud.drivers.base import OwnedKind
from egovcloud.drivers.simulator.cloudfile import CloudFile


@dataclass(frozen=True)
class CallRecord:
    """One mutating call. ``answer`` is ``ok``, ``lost``, or kind and code of the error; ``changed`` tells effects."""

    seq: int
    at: float
    pid: int
    call: str
    host: str
    our_id: str
    external_id: str
    answer: str
    changed: bool


class CallLog:
    """Reads the call log of one cloud file."""

    def __init__(self, path: Path | str) -> None:
        self._cloud = CloudFile(path)

    def records(self, *, call: str | None = None, our_id: str | None = None, after: int = 0) -> list[CallRecord]:
        """In order; only this kind of call, only this object, only what came after a number, as asked."""
        with self._cloud.read() as tx:
            rows = tx.execute(
                "SELECT seq, at, pid, call, host, our_id, external_id, answer, changed FROM calls"
                " WHERE seq > ? AND coalesce(?, call) = call AND coalesce(?, our_id) = our_id ORDER BY seq",
                (after, call, our_id),
            ).fetchall()
        return [
            CallRecord(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], bool(row[8])) for row in rows
        ]

    def doubled(self) -> list[tuple[OwnedKind, str, int]]:
        """Marks that more than one thing of a kind that exists once bears now, in the whole cloud: kind, id, count."""
        with self._cloud.read() as tx:
            rows = tx.execute(
                "SELECT kind, id, count(*) FROM objects WHERE owner IS NOT NULL"
                " AND kind IN ('instance', 'volume', 'snapshot', 'volume_snapshot', 'floating_address')"
                " GROUP BY owner, kind, id HAVING count(*) > 1"
            ).fetchall()
        return [(OwnedKind(row[0]), row[1], row[2]) for row in rows]

    def count(self, kind: OwnedKind) -> int:
        """How many objects of this kind the cloud holds, whoever's they are."""
        with self._cloud.read() as tx:
            return int(tx.execute("SELECT count(*) FROM objects WHERE kind = ?", (kind,)).fetchone()[0])

    def clear(self) -> None:
        """Forget all calls."""
        with self._cloud.write() as tx:
            tx.execute("DELETE FROM calls")
