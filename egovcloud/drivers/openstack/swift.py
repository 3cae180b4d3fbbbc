"""Swift behind the contract of object storage: a bucket is a container, a large object a list of segments.

Segments lie in a second container beside the first, in a folder an upload, which the object's metadata names: so that
a list of the bucket shows objects alone, and what is replaced or deleted takes its segments along.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

import requests

from egovcloud.domain.errors import Conflict, Invalid, NotFound, Unsupported
from egovcloud.drivers.objects import (
    PAGE,
    AccessKey,
    BucketFacts,
    BucketSpec,
    Names,
    ObjectCapability,
    ObjectFacts,
    ObjectPage,
    OwnedBucket,
    OwnedKey,
    Part,
    StoreAddress,
    UnmanagedBucket,
    Usage,
)
from egovcloud.drivers.openstack.config import CloudConfig
from egovcloud.drivers.openstack.deadline import Deadline
from egovcloud.drivers.openstack.errors import Refused, of_exception
from egovcloud.drivers.openstack.swift_calls import SERVICE, Headers, Swift, SwiftCall

QUOTA = "X-Container-Meta-Quota-Bytes"
URL_KEY = "X-Container-Meta-Temp-Url-Key"
UPLOAD = "X-Object-Meta-Egov-Upload"
PIECE = 64 * 1024
SEGMENTS = "-parts"


@dataclass(frozen=True)
class SwiftConfig:
    """``versioning`` false: this cloud has no object versioning (``allow_object_versioning``)."""

    cloud: CloudConfig
    versioning: bool = True


class SwiftStore:
    """``SwiftStore(installation, config)``; Swift expires no objects by rule and has no keys of a container's own."""

    kind = "swift"

    def __init__(self, installation: str, config: SwiftConfig) -> None:
        self._swift = Swift(config.cloud)
        self._names = Names(installation)
        self._versioning = config.versioning
        lacking = {ObjectCapability.BUCKET_EXPIRY, ObjectCapability.BUCKET_ACCESS_KEY}
        if not config.versioning:
            lacking.add(ObjectCapability.BUCKET_VERSIONING)
        self.capabilities = frozenset(ObjectCapability) - lacking
        self.address: StoreAddress | None = None  # who has no key of the account's has no way in

    # -- buckets ---------------------------------------------------------------------------------------------------
    def create_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        with self._swift.call(within) as call:
            call.put(self._names.of(spec.id))
            return self._configure(call, spec)

    def configure_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        with self._swift.call(within) as call:
            self._require(call, spec.id)
            return self._configure(call, spec)

    def _configure(self, call: SwiftCall, spec: BucketSpec) -> BucketFacts:
        headers = {QUOTA: "" if spec.quota_bytes is None else str(spec.quota_bytes)}
        if self._versioning:
            headers["X-Versions-Enabled"] = "true" if spec.versioning else "false"
        call.post(self._names.of(spec.id), headers)
        found = call.head(self._names.of(spec.id))
        if found is None:
            raise NotFound("bucket.absent", id=spec.id)
        return self._facts(spec.id, found)

    def _facts(self, bucket_id: str, headers: Headers) -> BucketFacts:
        quota = headers.get(QUOTA)
        return BucketFacts(
            bucket_id,
            self._names.of(bucket_id),
            int(quota) if quota else None,
            headers.get("X-Versions-Enabled", "").lower() == "true",
        )

    def _require(self, call: SwiftCall, bucket_id: str) -> Headers:
        headers = call.head(self._names.of(bucket_id))
        if headers is None:
            raise NotFound("bucket.absent", id=bucket_id)
        return headers

    def observe_bucket(self, bucket_id: str, *, within: float) -> BucketFacts | None:
        name = self._names.of(bucket_id)
        with self._swift.call(within) as call:
            headers = call.head(name)
            return None if headers is None else self._facts(bucket_id, headers)

    def empty_bucket(self, bucket_id: str, *, within: float) -> bool:
        name = self._names.of(bucket_id)
        with self._swift.call(within) as call:
            headers = call.head(name)
            while doomed := self._everything(call, name, headers):
                for container, key, params in doomed:
                    call.delete(container, key, **params)
                    if call.deadline.left() < 1.0:
                        return False
            return True

    def _everything(
        self, call: SwiftCall, name: str, headers: Headers | None, limit: int = PAGE
    ) -> list[tuple[str, str, dict[str, str]]]:
        """The first of all that would keep the bucket from going: (container, key, parameters of its deletion)."""
        segments = name + SEGMENTS
        found = [(segments, str(one["name"]), dict[str, str]()) for one in call.list(segments, limit=limit)]
        if headers is not None and "X-Versions-Enabled" in headers:
            listed = call.list(name, versions="true", limit=limit)
            return found + [(name, str(one["name"]), {"version-id": str(one["version_id"])}) for one in listed]
        return found + [(name, str(one["name"]), {}) for one in call.list(name, limit=limit)]

    def delete_bucket(self, bucket_id: str, *, within: float) -> None:
        name = self._names.of(bucket_id)
        with self._swift.call(within) as call:
            if self._everything(call, name, call.head(name), 1):
                raise Conflict("bucket.not_empty", id=bucket_id)
            for container in (name + SEGMENTS, name):
                try:
                    call.delete(container)
                except Refused as refused:
                    if refused.status == 409:
                        raise Conflict("bucket.not_empty", id=bucket_id) from None
                    raise

    def usage(self, bucket_id: str, *, within: float) -> Usage:
        with self._swift.call(within) as call:
            headers = self._require(call, bucket_id)
            segments = call.head(self._names.of(bucket_id) + SEGMENTS) or {}
            size = int(headers.get("X-Container-Bytes-Used", 0)) + int(segments.get("X-Container-Bytes-Used", 0))
            return Usage(int(headers.get("X-Container-Object-Count", 0)), size)

    def list_owned(self, *, within: float) -> Sequence[OwnedBucket]:
        return [OwnedBucket(id_, name) for name in self._all(within) if (id_ := self._names.id_of(name))]

    def list_unmanaged(self, *, within: float) -> Sequence[UnmanagedBucket]:
        def ours(name: str) -> bool:
            return self._names.id_of(name.removesuffix(SEGMENTS)) is not None

        return [UnmanagedBucket(name) for name in self._all(within) if not ours(name)]

    def _all(self, within: float) -> list[str]:
        found: list[str] = []
        with self._swift.call(within) as call:
            while page := call.list(None, limit=PAGE, marker=found[-1] if found else ""):
                found += [str(one["name"]) for one in page]
        return found

    # -- objects ---------------------------------------------------------------------------------------------------
    def list_objects(
        self, bucket_id: str, *, prefix: str, after: str | None, limit: int, deep: bool, within: float
    ) -> ObjectPage:
        with self._swift.call(within) as call:
            size = min(limit, PAGE)
            delimiter = "" if deep else "/"
            page = call.list(self._names.of(bucket_id), prefix=prefix, delimiter=delimiter, marker=after, limit=size)
            if not page:
                self._require(call, bucket_id)
        objects = tuple(_listed(one) for one in page if "name" in one)
        prefixes = tuple(str(one["subdir"]) for one in page if "subdir" in one)
        last = str(page[-1].get("name") or page[-1].get("subdir")) if len(page) == size else None
        return ObjectPage(objects, prefixes, last)

    def stat_object(self, bucket_id: str, key: str, *, within: float) -> ObjectFacts | None:
        with self._swift.call(within) as call:
            return self._stat(call, bucket_id, key)

    def _stat(self, call: SwiftCall, bucket_id: str, key: str) -> ObjectFacts | None:
        headers = call.head(self._names.of(bucket_id), key)
        if headers is None:
            return None
        modified = parsedate_to_datetime(headers["Last-Modified"])
        return ObjectFacts(key, int(headers["Content-Length"]), modified, headers.get("Content-Type", ""))

    def put_object(
        self, bucket_id: str, key: str, data: BinaryIO, size: int, content_type: str, *, within: float
    ) -> None:
        headers = {"Content-Type": content_type or "application/octet-stream"}
        with self._swift.call(within) as call:
            before = self._upload_of(call, bucket_id, key)
            if call.write(self._names.of(bucket_id), key, data, size, headers) is None:
                raise NotFound("bucket.absent", id=bucket_id)
            self._drop_segments(call, bucket_id, before)

    def get_object(
        self, bucket_id: str, key: str, *, start: int = 0, length: int | None = None, within: float
    ) -> Iterator[bytes]:
        end = "" if length is None else str(start + length - 1)
        headers = {} if start == 0 and length is None else {"Range": f"bytes={start}-{end}"}
        with self._swift.call(within) as call:
            answer = call.read(self._names.of(bucket_id), key, headers)
        if answer is None:
            raise NotFound("object.absent", key=key)
        return self._pieces(answer, within)

    def _pieces(self, answer: requests.Response, within: float) -> Iterator[bytes]:
        try:
            yield from answer.iter_content(PIECE)
        except requests.RequestException as error:
            raise of_exception(error, self._swift.name, SERVICE, Deadline(within).limit).problem from error
        finally:
            answer.close()

    def delete_object(self, bucket_id: str, key: str, *, within: float) -> None:
        with self._swift.call(within) as call:
            before = self._upload_of(call, bucket_id, key)
            call.delete(self._names.of(bucket_id), key)
            self._drop_segments(call, bucket_id, before)

    def _upload_of(self, call: SwiftCall, bucket_id: str, key: str) -> str | None:
        """Whose segments an object has; ``None`` when it has none, or former versions may still need them."""
        headers = call.head(self._names.of(bucket_id), key)
        if headers is None or UPLOAD not in headers:
            return None
        bucket = call.head(self._names.of(bucket_id)) or {}
        return None if bucket.get("X-Versions-Enabled", "").lower() == "true" else headers[UPLOAD]

    def _drop_segments(self, call: SwiftCall, bucket_id: str, folder: str | None) -> None:
        container = self._names.of(bucket_id) + SEGMENTS
        while folder and (page := call.list(container, prefix=f"{folder}/", limit=PAGE)):
            for one in page:
                call.delete(container, str(one["name"]))

    # -- uploads in parts --------------------------------------------------------------------------------------------
    def begin_upload(self, bucket_id: str, key: str, content_type: str, *, within: float) -> str:
        """Nothing is kept of it until its first part: its name holds what its completion has to know."""
        with self._swift.call(within) as call:
            self._require(call, bucket_id)
            call.put(self._names.of(bucket_id) + SEGMENTS)
        kept = base64.urlsafe_b64encode((content_type or "application/octet-stream").encode()).decode()
        return f"{uuid.uuid4().hex}.{kept}"

    def put_part(
        self, bucket_id: str, key: str, upload: str, number: int, data: BinaryIO, size: int, *, within: float
    ) -> Part:
        container = self._names.of(bucket_id) + SEGMENTS
        with self._swift.call(within) as call:
            tag = call.write(container, f"{_folder(upload)}/{number:08}", data, size, {})
        if tag is None:
            raise NotFound("upload.absent", key=key)
        return Part(number, tag)

    def complete_upload(
        self, bucket_id: str, key: str, upload: str, parts: Sequence[Part], *, within: float
    ) -> ObjectFacts:
        name, folder = self._names.of(bucket_id), _folder(upload)
        listed = [
            {"path": f"/{name}{SEGMENTS}/{folder}/{part.number:08}", "etag": part.tag}
            for part in sorted(parts, key=lambda part: part.number)
        ]
        manifest = json.dumps(listed).encode()
        kind = base64.urlsafe_b64decode(upload.partition(".")[2]).decode()
        headers = {"Content-Type": kind, UPLOAD: folder}
        with self._swift.call(within) as call:
            before = self._upload_of(call, bucket_id, key)
            if call.write(name, key, manifest, len(manifest), headers, **{"multipart-manifest": "put"}) is None:
                raise NotFound("upload.absent", key=key)
            if before != folder:
                self._drop_segments(call, bucket_id, before)
            seen = self._stat(call, bucket_id, key)
        if seen is None:
            raise NotFound("upload.absent", key=key)
        return seen

    def abort_upload(self, bucket_id: str, key: str, upload: str, *, within: float) -> None:
        with self._swift.call(within) as call:
            if self._upload_of(call, bucket_id, key) != _folder(upload):
                self._drop_segments(call, bucket_id, _folder(upload))

    # -- ways around us ----------------------------------------------------------------------------------------------
    def temporary_url(self, bucket_id: str, key: str, method: str, seconds: int, *, within: float) -> str:
        """Signed with a key of the container's own, as Swift's TempURL middleware asks."""
        name = self._names.of(bucket_id)
        with self._swift.call(within) as call:
            secret = self._require(call, bucket_id).get(URL_KEY)
            if not secret:
                secret = secrets.token_hex(32)
                call.post(name, {URL_KEY: secret})
            account = urlsplit(self._swift.endpoint())
        path = f"{unquote(account.path)}/{name}/{key}"
        ends = int(time.time()) + seconds
        signature = hmac.new(secret.encode(), f"{method}\n{ends}\n{path}".encode(), hashlib.sha256).hexdigest()
        return f"{account.scheme}://{account.netloc}{quote(path)}?temp_url_sig={signature}&temp_url_expires={ends}"

    def create_key(self, bucket_id: str, key_id: str, *, writes: bool, within: float) -> AccessKey:
        raise Unsupported("driver.unsupported", capability=ObjectCapability.BUCKET_ACCESS_KEY.value)

    def delete_key(self, key_id: str, *, within: float) -> None:
        raise Unsupported("driver.unsupported", capability=ObjectCapability.BUCKET_ACCESS_KEY.value)

    def list_keys(self, *, within: float) -> Sequence[OwnedKey]:
        raise Unsupported("driver.unsupported", capability=ObjectCapability.BUCKET_ACCESS_KEY.value)


def _folder(upload: str) -> str:
    folder = upload.partition(".")[0]
    if not folder.isalnum():
        raise Invalid("driver.failed", host=SERVICE, detail="no upload has that name")
    return folder


def _listed(one: dict[str, Any]) -> ObjectFacts:
    modified = datetime.fromisoformat(str(one["last_modified"]))
    modified = modified if modified.tzinfo else modified.replace(tzinfo=UTC)
    return ObjectFacts(str(one["name"]), int(one["bytes"]), modified, str(one.get("content_type", "")))
