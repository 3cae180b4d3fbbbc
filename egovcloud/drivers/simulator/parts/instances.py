"""Instances: creation, what is seen of them, power, size, and their end."""

from __future__ import annotations

import json
import sqlite3

from egovcloud.domain.errors import Conflict, NotFound, Permanent
from egovcloud.drivers.base import InstanceFacts, InstanceSpec, OwnedKind, Power, Ref, WipeRecord
from egovcloud.drivers.simulator import find, grants
from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.ports import plug
from egovcloud.drivers.simulator.removal import charge, commit, remove_instance, remove_snapshot, wipe_instance
from egovcloud.drivers.simulator.room import keep_apart, take_host, take_store, written
from egovcloud.drivers.simulator.serial import MAX_STARTS

_CREATE = (
    "INSERT INTO instances (ext, pool, store, hostname, vcpus, memory_mib, disk_gib, allocated, image, seed, power,"
    " ready_at, starts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?)"
)


class InstancesPart(Part):
    """Power is kept as the cloud would see it: a guest that was asked to power off is off when its time has come."""

    def create_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        with self.change("create_instance", spec.host, our_id=spec.id, within=within) as call:
            call.look(OwnedKind.INSTANCE, spec.id, lambda _: spec.host)
            with call.write() as tx:
                store = find.store_of(tx, spec.host, spec.pool)
                ext = call.known(tx, OwnedKind.INSTANCE, spec.id, spec.host)
                if ext is None:
                    ext = self._create(tx, call, spec, store)
                call.external_id = ext
        return Ref(ext, spec.host)

    def _create(self, tx: sqlite3.Connection, call: Call, spec: InstanceSpec, store: str) -> str:
        image = self._image(tx, spec, store)
        tenant = grants.tenant_of(tx, self.installation, spec.tenant if self.tenancy else None, spec.host)
        addresses = len(spec.nics)
        grants.take(
            tx, spec.host, tenant, instances=1, vcpus=spec.vcpus, memory_mib=spec.memory_mib, addresses=addresses
        )
        take_host(tx, spec.host, spec.vcpus, spec.memory_mib)
        keep_apart(tx, self.installation, spec.id, spec.apart, spec.host)
        allocated = written(spec.id, spec.disk_gib, 5, 40)
        take_store(tx, spec.host, spec.pool, store, spec.disk_gib, allocated)
        ext = find.add_object(
            tx,
            OwnedKind.INSTANCE,
            self.installation,
            spec.id,
            spec.host,
            spec.host,
            spec.name,
            call.now,
            call.now + call.faults.visibility,
        )
        tx.execute(
            _CREATE,
            (
                ext,
                spec.pool,
                store,
                spec.hostname,
                spec.vcpus,
                spec.memory_mib,
                spec.disk_gib,
                allocated,
                image,
                _seed(spec),
                call.now + call.faults.boot,
                json.dumps([[call.now, call.faults.boot]]),
            ),
        )
        grants.settle(tx, ext, tenant)
        plug(tx, self.installation, ext, spec)
        return ext

    def _image(self, tx: sqlite3.Connection, spec: InstanceSpec, store: str) -> str:
        """External id of the image in the store, which a hypervisor would need as the backing file."""
        image = find.first(tx, OwnedKind.IMAGE, self.installation, spec.image.id, store, None)
        if image is None:
            raise NotFound("image.absent", id=spec.image.id, host=spec.host, pool=spec.pool)
        if spec.disk_gib < spec.image.min_disk_gib:
            raise Permanent(
                "driver.failed",
                host=spec.host,
                detail=f"a disk of {spec.disk_gib} GiB is smaller than its image ({spec.image.min_disk_gib} GiB)",
            )
        return image

    def observe_instance(self, host: str, instance_id: str, *, within: float) -> InstanceFacts | None:
        with self.ask("observe_instance", host, within=within) as call, call.read() as tx:
            ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if ext is None:
                find.check_host(tx, host)
                return None
            row = find.instance_row(tx, ext)
            booted = find.booted(row, call.now)
            nics = tx.execute("SELECT address FROM nics WHERE instance = ? ORDER BY position", (ext,)).fetchall()
            volumes = tx.execute(
                "SELECT o.id, v.target, v.instance, v.detach_at FROM volumes v JOIN objects o ON o.ext = v.ext"
                " WHERE v.instance = ? ORDER BY length(v.target), v.target",
                (ext,),
            ).fetchall()
        return InstanceFacts(
            instance_id,
            Ref(ext, host),
            find.power(row, call.now),
            row["vcpus"],
            row["memory_mib"],
            tuple(nic[0] for nic in nics) if booted else (),
            tuple((volume[0], volume[1]) for volume in volumes if find.attached(volume, call.now)),
            booted and call.faults.has_agent(instance_id),
        )

    def _need(self, tx: sqlite3.Connection, call: Call, host: str, instance_id: str) -> sqlite3.Row:
        """The instance, or ``NotFound``; its external id goes to the log."""
        find.check_host(tx, host)
        ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
        if ext is None:
            raise NotFound("instance.absent", id=instance_id, host=host)
        call.external_id = ext
        return find.instance_row(tx, ext)

    def _boot(self, tx: sqlite3.Connection, call: Call, row: sqlite3.Row) -> None:
        """The guest's system starts from the beginning."""
        starts = [*json.loads(row["starts"]), [call.now, call.faults.boot]][-MAX_STARTS:]
        tx.execute(
            "UPDATE instances SET power = 'running', stop_at = NULL, ready_at = ?, starts = ? WHERE ext = ?",
            (call.now + call.faults.boot, json.dumps(starts), row["ext"]),
        )

    def start_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self.change("start_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            row = self._need(tx, call, host, instance_id)
            state = find.power(row, call.now)
            if state is Power.SHELVED:
                raise Conflict("instance.shelved", id=instance_id)
            if state is Power.PAUSED:
                tx.execute("UPDATE instances SET power = 'running' WHERE ext = ?", (row["ext"],))
            elif state is not Power.RUNNING:
                self._boot(tx, call, row)

    def stop_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None:
        with self.change("stop_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            row = self._need(tx, call, host, instance_id)
            if find.power(row, call.now) in (Power.STOPPED, Power.SHELVED):
                return
            if force:
                tx.execute("UPDATE instances SET power = 'stopped', stop_at = ? WHERE ext = ?", (call.now, row["ext"]))
            elif row["stop_at"] is None and not call.faults.ignores_shutdown(instance_id):
                stop_at = max(call.now, row["ready_at"]) + call.faults.shutdown
                tx.execute("UPDATE instances SET stop_at = ? WHERE ext = ?", (stop_at, row["ext"]))

    def reboot_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None:
        """``Conflict("instance.stopped")`` when it does not run."""
        with self.change("reboot_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            row = self._need(tx, call, host, instance_id)
            if find.power(row, call.now) in (Power.STOPPED, Power.SHELVED):
                raise Conflict("instance.stopped", id=instance_id)
            if force or not call.faults.ignores_shutdown(instance_id):
                self._boot(tx, call, row)

    def resize_instance(self, host: str, instance_id: str, vcpus: int, memory_mib: int, *, within: float) -> None:
        with self.change("resize_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            row = self._need(tx, call, host, instance_id)
            find.refuse_adopted(tx, row["ext"], instance_id)
            if (row["vcpus"], row["memory_mib"]) == (vcpus, memory_mib):
                return
            self._need_stopped(row, call, instance_id)
            tenant = find.tenant(tx, row["ext"])
            grants.take(tx, host, tenant, vcpus=vcpus - row["vcpus"], memory_mib=memory_mib - row["memory_mib"])
            commit(tx, host, -row["vcpus"], -row["memory_mib"])
            take_host(tx, host, vcpus, memory_mib)
            tx.execute("UPDATE instances SET vcpus = ?, memory_mib = ? WHERE ext = ?", (vcpus, memory_mib, row["ext"]))

    @staticmethod
    def _need_stopped(row: sqlite3.Row, call: Call, instance_id: str) -> None:
        state = find.power(row, call.now)
        if state is Power.SHELVED:
            raise Conflict("instance.shelved", id=instance_id)
        if state is not Power.STOPPED:
            raise Conflict("instance.running", id=instance_id)

    def rebuild_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        """The snapshots of the old disk go with it."""
        with self.change("rebuild_instance", spec.host, our_id=spec.id, within=within) as call:
            with call.write() as tx:
                row = self._need(tx, call, spec.host, spec.id)
                find.refuse_adopted(tx, row["ext"], spec.id)
                self._need_stopped(row, call, spec.id)
                image = self._image(tx, spec, row["store"])
                for snapshot in tx.execute("SELECT ext FROM snapshots WHERE instance = ?", (row["ext"],)).fetchall():
                    remove_snapshot(tx, snapshot[0], call.now)
                charge(tx, row["store"], -row["disk_gib"], -row["allocated"])
                allocated = written(spec.id, spec.disk_gib, 5, 40)
                take_store(tx, spec.host, row["pool"], row["store"], spec.disk_gib, allocated)
                tx.execute(
                    "UPDATE instances SET image = ?, disk_gib = ?, allocated = ?, seed = ?, hostname = ?, content = '',"
                    " starts = '[]' WHERE ext = ?",
                    (image, spec.disk_gib, allocated, _seed(spec), spec.hostname, row["ext"]),
                )
                tx.execute("UPDATE objects SET name = ? WHERE ext = ?", (spec.name, row["ext"]))
            return Ref(row["ext"], spec.host)

    def wipe_instance(self, host: str, instance_id: str, *, within: float) -> WipeRecord | None:
        size, disks = 0, list[str]()
        with self.change("wipe_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            for ext in find.every(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now):
                call.external_id = ext
                find.refuse_adopted(tx, ext, instance_id)
                more, names = wipe_instance(tx, ext, call.now)
                size, disks = size + more, disks + names
        return WipeRecord("zero", size, tuple(disks)) if disks else None

    def delete_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self.change("delete_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            for ext in find.every(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now):
                call.external_id = ext
                find.refuse_adopted(tx, ext, instance_id)
                remove_instance(tx, ext, call.now)


def _seed(spec: InstanceSpec) -> str:
    """What the guest reads at its first start."""
    return json.dumps(
        {
            "hostname": spec.hostname,
            "ssh_keys": spec.ssh_keys,
            "user_data": spec.user_data,
            "firmware": spec.image.firmware,
            "cmdline": spec.image.cmdline,
            "image": spec.image.name,
            "name": spec.name,
            "apart": spec.apart,
        }
    )
