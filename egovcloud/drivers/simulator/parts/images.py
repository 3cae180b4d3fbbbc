"""Images in a store. A path ``sim:<name>`` is a picture of an image: it has no file and nothing to check."""

from __future__ import annotations

import hashlib
from pathlib import Path

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import ImageSpec, OwnedKind, Ref
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.removal import remove_image
from egovcloud.drivers.simulator.room import take_store
from egovcloud.drivers.simulator.schema import GIB

FICTIONAL = "sim:"
_FICTIONAL_BYTES = 600 * 1024 * 1024


class ImagesPart(Part):
    """An image is copied to a store once and checked on the way."""

    def ensure_image(self, host: str, pool: str, image: ImageSpec, *, within: float) -> Ref:
        with self.change("ensure_image", host, our_id=image.id, within=within) as call:
            call.look(OwnedKind.IMAGE, image.id, lambda tx: find.store_of(tx, host, pool))
            size = self._check_image(host, image)
            with call.write() as tx:
                store = find.store_of(tx, host, pool)
                ext = call.known(tx, OwnedKind.IMAGE, image.id, store)
                if ext is not None:
                    (held,) = tx.execute("SELECT sha256 FROM images WHERE ext = ?", (ext,)).fetchone()
                    if held != image.sha256:
                        raise Permanent("image.checksum", name=image.name, actual=held, expected=image.sha256)
                else:
                    take_store(tx, host, pool, store, 0, size)
                    ext = find.add_object(
                        tx,
                        OwnedKind.IMAGE,
                        self.installation,
                        image.id,
                        store,
                        host,
                        image.name,
                        call.now,
                        call.now + call.faults.visibility,
                    )
                    tx.execute(
                        "INSERT INTO images VALUES (?, ?, ?, ?, ?)",
                        (ext, store, image.sha256, image.min_disk_gib, size),
                    )
                call.external_id = ext
        return Ref(ext, host)

    def _check_image(self, host: str, image: ImageSpec) -> int:
        """Bytes of the image, whose checksum is computed anew only when path, time or size changed."""
        if image.disk.startswith(FICTIONAL):
            return min(_FICTIONAL_BYTES, image.min_disk_gib * GIB)
        try:
            stat = Path(image.disk).stat()
            with self.cloud.read() as tx:
                row = tx.execute(
                    "SELECT sha256 FROM checksums WHERE path = ? AND mtime_ns = ? AND size = ?",
                    (image.disk, stat.st_mtime_ns, stat.st_size),
                ).fetchone()
            if row is not None:
                actual = row[0]
            else:
                with Path(image.disk).open("rb") as file:
                    actual = hashlib.file_digest(file, "sha256").hexdigest()
                with self.cloud.write(host) as tx:
                    tx.execute(
                        "INSERT OR REPLACE INTO checksums VALUES (?, ?, ?, ?)",
                        (image.disk, stat.st_mtime_ns, stat.st_size, actual),
                    )
        except OSError as error:
            raise Permanent("driver.failed", host=host, detail=f"image {image.name}: {error.strerror}") from None
        if actual != image.sha256:
            raise Permanent("image.checksum", name=image.name, actual=actual, expected=image.sha256)
        return stat.st_size

    def delete_image(self, host: str, pool: str, image_id: str, *, within: float) -> None:
        with self.change("delete_image", host, our_id=image_id, within=within) as call, call.write() as tx:
            store = find.store_of(tx, host, pool)
            for ext in find.every(tx, OwnedKind.IMAGE, self.installation, image_id, store, call.now):
                call.external_id = ext
                remove_image(tx, ext, call.now)
