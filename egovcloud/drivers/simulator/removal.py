"""Taking things away by external id, with what hangs on them; shared by deletion, the sweep and hands from outside."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from egovcloud.domain.errors import Conflict
from egovcloud.drivers.base import OwnedKind, Power
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.schema import GIB


def wipe_instance(tx: sqlite3.Connection, ext: str, now: float) -> tuple[int, list[str]]:
    """Cut the power and empty its disks, which stay. Returns the bytes of them and their names."""
    row = find.instance_row(tx, ext)
    size, disks = row["disk_gib"] * GIB, [f"{row['store']}/{row['id']}.root"]
    for snapshot in tx.execute(
        "SELECT ext, allocated FROM snapshots WHERE instance = ? AND external ORDER BY ext", (ext,)
    ).fetchall():
        size += snapshot["allocated"]
        disks.append(f"{row['store']}/{row['id']}.{snapshot['ext']}")
    tx.execute("UPDATE snapshots SET content = '' WHERE instance = ?", (ext,))
    tx.execute("UPDATE instances SET content = '' WHERE ext = ?", (ext,))
    if row["power"] != Power.SHELVED:
        tx.execute("UPDATE instances SET power = 'stopped', stop_at = ? WHERE ext = ?", (now, ext))
    return size, disks


def remove_instance(tx: sqlite3.Connection, ext: str, now: float) -> None:
    """Cut the power, drop disks, snapshots, ports; volumes stay."""
    row = find.instance_row(tx, ext)
    freed = row["allocated"]
    for snapshot in tx.execute("SELECT ext FROM snapshots WHERE instance = ?", (ext,)).fetchall():
        tx.execute("DELETE FROM snapshot_volumes WHERE snapshot = ?", (snapshot["ext"],))
        find.remove_object(tx, snapshot["ext"])
    freed += tx.execute("SELECT coalesce(sum(allocated), 0) FROM snapshots WHERE instance = ?", (ext,)).fetchone()[0]
    tx.execute("DELETE FROM snapshots WHERE instance = ?", (ext,))
    tx.execute("UPDATE volumes SET instance = NULL, target = NULL, detach_at = NULL WHERE instance = ?", (ext,))
    tx.execute("DELETE FROM nics WHERE instance = ?", (ext,))
    tx.execute("DELETE FROM nic_groups WHERE instance = ?", (ext,))
    tx.execute("UPDATE floating_addresses SET instance = NULL WHERE instance = ?", (ext,))
    tx.execute("DELETE FROM instances WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)
    if row["power"] == Power.SHELVED:
        leave(tx, row, -1)
    charge(tx, row["store"], -row["disk_gib"], -freed)
    commit(tx, row["host"], -row["vcpus"], -row["memory_mib"])


def wipe_volume(tx: sqlite3.Connection, ext: str, now: float) -> tuple[int, str]:
    """Empty the volume, which stays; ``Conflict`` while an instance holds it. Returns its bytes and its name."""
    row = _free_volume(tx, ext, now)
    tx.execute("UPDATE volumes SET content = '' WHERE ext = ?", (ext,))
    return row["size_gib"] * GIB, f"{row['store']}/{row['id']}.data"


def remove_volume(tx: sqlite3.Connection, ext: str, now: float) -> None:
    """``Conflict`` while an instance holds it, or snapshots of it are there."""
    row = _free_volume(tx, ext, now)
    (left,) = tx.execute("SELECT count(*) FROM volume_snapshots WHERE volume = ?", (ext,)).fetchone()
    if left:
        raise Conflict("volume.snapshots_left", id=row["id"], count=left)
    tx.execute("DELETE FROM snapshot_volumes WHERE volume = ?", (ext,))
    tx.execute("DELETE FROM volumes WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)
    charge(tx, row["store"], -row["size_gib"], -row["allocated"])


def _free_volume(tx: sqlite3.Connection, ext: str, now: float) -> sqlite3.Row:
    row = find.volume_row(tx, ext)
    if find.attached(row, now):
        holder = tx.execute("SELECT id FROM objects WHERE ext = ?", (row["instance"],)).fetchone()
        raise Conflict("volume.in_use", id=row["id"], instance=holder[0] if holder else row["instance"])
    return row


def remove_snapshot(tx: sqlite3.Connection, ext: str, now: float) -> None:
    row = tx.execute(
        "SELECT s.allocated, i.store FROM snapshots s JOIN instances i ON i.ext = s.instance WHERE s.ext = ?", (ext,)
    ).fetchone()
    charge(tx, row["store"], 0, -row["allocated"])
    tx.execute("DELETE FROM snapshot_volumes WHERE snapshot = ?", (ext,))
    tx.execute("DELETE FROM snapshots WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)


def remove_volume_snapshot(tx: sqlite3.Connection, ext: str, now: float) -> None:
    row = tx.execute(
        "SELECT s.allocated, v.store FROM volume_snapshots s JOIN volumes v ON v.ext = s.volume WHERE s.ext = ?", (ext,)
    ).fetchone()
    charge(tx, row["store"], 0, -row["allocated"])
    tx.execute("DELETE FROM volume_snapshots WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)


def remove_network(tx: sqlite3.Connection, ext: str, now: float) -> None:
    """``Conflict`` while it has ports."""
    row = tx.execute("SELECT id, host FROM objects WHERE ext = ?", (ext,)).fetchone()
    count = tx.execute("SELECT count(*) FROM nics WHERE network = ?", (ext,)).fetchone()[0]
    if count:
        raise Conflict("network.in_use", id=row["id"], host=row["host"], count=count)
    tx.execute("DELETE FROM networks WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)


def remove_floating_address(tx: sqlite3.Connection, ext: str, now: float) -> None:
    """Whoever has it is not asked."""
    tx.execute("DELETE FROM floating_addresses WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)


def remove_security_group(tx: sqlite3.Connection, ext: str, now: float) -> None:
    """``Conflict`` while it guards ports."""
    row = tx.execute("SELECT id, host FROM objects WHERE ext = ?", (ext,)).fetchone()
    count = tx.execute("SELECT count(*) FROM nic_groups WHERE security_group = ?", (ext,)).fetchone()[0]
    if count:
        raise Conflict("security_group.in_use", id=row["id"], host=row["host"], count=count)
    tx.execute("DELETE FROM security_groups WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)


def remove_image(tx: sqlite3.Connection, ext: str, now: float) -> None:
    """``Conflict`` while a disk is based on it."""
    row = tx.execute(
        "SELECT o.name, i.store, i.allocated FROM objects o JOIN images i ON i.ext = o.ext WHERE o.ext = ?", (ext,)
    ).fetchone()
    count = tx.execute("SELECT count(*) FROM instances WHERE image = ?", (ext,)).fetchone()[0]
    if count:
        raise Conflict("image.in_use", name=row["name"], count=count)
    charge(tx, row["store"], 0, -row["allocated"])
    tx.execute("DELETE FROM images WHERE ext = ?", (ext,))
    find.remove_object(tx, ext)


def charge(tx: sqlite3.Connection, store: str, provisioned_gib: int, allocated: int) -> None:
    """Account for space taken from a store, or given back."""
    tx.execute(
        "UPDATE stores SET provisioned_gib = provisioned_gib + ?, allocated = allocated + ? WHERE name = ?",
        (provisioned_gib, allocated, store),
    )


def commit(tx: sqlite3.Connection, host: str, vcpus: int, memory_mib: int) -> None:
    """Account for a host's processors and memory taken, or given back."""
    tx.execute(
        "UPDATE hosts SET used_vcpus = used_vcpus + ?, used_memory_mib = used_memory_mib + ? WHERE name = ?",
        (vcpus, memory_mib, host),
    )


def leave(tx: sqlite3.Connection, row: sqlite3.Row, sign: int = 1) -> None:
    """A shelved instance takes nothing of its host, and of a store only where all hosts share it; -1 takes it back."""
    commit(tx, row["host"], -sign * row["vcpus"], -sign * row["memory_mib"])
    if not find.shared(tx, row["host"], row["pool"]):
        charge(tx, row["store"], -sign * row["disk_gib"], -sign * row["allocated"])


REMOVERS: dict[OwnedKind, Callable[[sqlite3.Connection, str, float], None]] = {
    OwnedKind.INSTANCE: remove_instance,
    OwnedKind.VOLUME: remove_volume,
    OwnedKind.SNAPSHOT: remove_snapshot,
    OwnedKind.VOLUME_SNAPSHOT: remove_volume_snapshot,
    OwnedKind.NETWORK: remove_network,
    OwnedKind.FLOATING_ADDRESS: remove_floating_address,
    OwnedKind.SECURITY_GROUP: remove_security_group,
    OwnedKind.IMAGE: remove_image,
}
