"""The contract of object storage (云存储): what every endpoint that holds buckets must be able to say and do.

In the spirit of ``drivers.base``, in our own ids. A bucket is addressed by *our* id (a UUID), from which its name at
the endpoint derives together with the installation's digest, so that a step which runs again finds its own work:

* ``create_bucket`` of what is already there succeeds; a bucket of that name which belongs to somebody else is a
  ``Conflict``, and is never touched;
* ``delete_bucket`` of what is absent succeeds; one that holds anything is refused, unless it was emptied before;
* ``observe_bucket`` returns facts, or ``None`` when the endpoint answers that there is no such bucket; when it does
  not answer, it raises ``Transient``: silence is never taken for absence;
* ``list_owned`` returns every bucket that bears the mark of this installation, ``list_unmanaged`` all others, which
  nothing here ever changes.

Every call takes ``within``, its limit in seconds, and raises ``Transient("driver.timeout")`` when it is passed.
Failures are the kinds of ``egovcloud.domain.errors``. What is in a bucket is data, not a resource: it is read and
written by the one who asked, at once, and there is no journal of it.
A capability that a store declares is one that it passes in ``tests/contract_objects``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol, runtime_checkable

PART_BYTES = 8 * 1024 * 1024  # size of every part of an upload but the last; S3 takes none below 5 MiB
MAX_PARTS = 10_000
MAX_KEY_BYTES = 1024  # UTF-8 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)
PAGE = 1000  # names in one answer at most
RESERVED = ".egovcloud/"  # where a store keeps what it needs itself; no list shows it and no key begins with it

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class ObjectCapability(StrEnum):
    """What a store may declare beyond buckets, objects and their listing."""

    BUCKET_QUOTA = "bucket_quota"  # the endpoint itself refuses what goes beyond
    BUCKET_VERSIONING = "bucket_versioning"
    BUCKET_EXPIRY = "bucket_expiry"
    BUCKET_ACCESS_KEY = "bucket_access_key"
    TEMPORARY_URL = "temporary_url"
    MULTIPART_UPLOAD = "multipart_upload"


OBJECT_CAPABILITIES = frozenset(one.value for one in ObjectCapability)


@dataclass(frozen=True)
class BucketSpec:
    """What a bucket shall be. ``name`` is the user's text, kept for whoever looks at the endpoint itself.

    ``quota_bytes`` counts where the endpoint has quotas of its own. ``expire_days`` deletes objects whose key begins
    with ``expire_prefix`` so many days after they were written; ``None`` keeps them.
    """

    id: str
    name: str
    quota_bytes: int | None = None
    versioning: bool = False
    expire_days: int | None = None
    expire_prefix: str = ""


@dataclass(frozen=True)
class BucketFacts:
    """What is seen of a bucket now; ``external_id`` is its name at the endpoint."""

    id: str
    external_id: str
    quota_bytes: int | None = None
    versioning: bool = False
    expire_days: int | None = None
    expire_prefix: str = ""


@dataclass(frozen=True)
class OwnedBucket:
    """One bucket that bears our mark."""

    id: str
    external_id: str


@dataclass(frozen=True)
class UnmanagedBucket:
    """One bucket without our mark: reported, never touched."""

    external_id: str


@dataclass(frozen=True)
class Usage:
    """What a bucket holds: current objects and their bytes."""

    objects: int
    bytes: int


@dataclass(frozen=True)
class ObjectFacts:
    """One object. ``size`` in bytes."""

    key: str
    size: int
    modified: datetime
    content_type: str = ""


@dataclass(frozen=True)
class ObjectPage:
    """A page of names, in the order of the endpoint. ``prefixes`` stand for all keys below them."""

    objects: tuple[ObjectFacts, ...]
    prefixes: tuple[str, ...] = ()
    next: str | None = None


@dataclass(frozen=True)
class AccessKey:
    """A pair for programs that speak to the endpoint themselves. The secret is told once, by whoever made it."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class OwnedKey:
    """One access key that bears our mark; ``external_id`` is what the endpoint calls its holder."""

    id: str
    external_id: str


@dataclass(frozen=True)
class StoreAddress:
    """Where programs reach the endpoint by themselves, and how they write a bucket's name in the address."""

    endpoint: str
    region: str
    path_style: bool


@dataclass(frozen=True)
class Part:
    """One part of an upload as the endpoint acknowledged it."""

    number: int
    tag: str


@runtime_checkable
class ObjectStore(Protocol):
    """One configured endpoint. Instances are safe to use from many threads."""

    kind: str
    capabilities: frozenset[ObjectCapability]
    address: StoreAddress | None  # None: nobody but us gets there

    # -- buckets ---------------------------------------------------------------------------------------------------
    def create_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        """Make it and configure it; ``Conflict("bucket.foreign")`` when its name belongs to somebody else."""
        ...

    def configure_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        """Let quota, versioning and expiry be as in ``spec``; ``NotFound("bucket.absent")`` without the bucket."""
        ...

    def observe_bucket(self, bucket_id: str, *, within: float) -> BucketFacts | None: ...

    def empty_bucket(self, bucket_id: str, *, within: float) -> bool:
        """Delete some of what it holds, old versions and unfinished uploads too; true when nothing is left."""
        ...

    def delete_bucket(self, bucket_id: str, *, within: float) -> None:
        """``Conflict("bucket.not_empty")`` while it holds anything, whatever the endpoint itself would do."""
        ...

    def usage(self, bucket_id: str, *, within: float) -> Usage: ...

    def list_owned(self, *, within: float) -> Sequence[OwnedBucket]: ...

    def list_unmanaged(self, *, within: float) -> Sequence[UnmanagedBucket]: ...

    # -- objects ---------------------------------------------------------------------------------------------------
    def list_objects(
        self, bucket_id: str, *, prefix: str, after: str | None, limit: int, deep: bool, within: float
    ) -> ObjectPage:
        """Keys that begin with ``prefix``, at most ``limit``; ``after`` is ``next`` of the page before.

        Unless ``deep``, what lies below the next slash is told as one prefix.
        """
        ...

    def stat_object(self, bucket_id: str, key: str, *, within: float) -> ObjectFacts | None: ...

    def put_object(
        self, bucket_id: str, key: str, data: BinaryIO, size: int, content_type: str, *, within: float
    ) -> None:
        """Store ``size`` bytes of the seekable file ``data`` in one piece, in the place of what had that key."""
        ...

    def get_object(
        self, bucket_id: str, key: str, *, start: int = 0, length: int | None = None, within: float
    ) -> Iterator[bytes]:
        """The bytes in pieces of 64 KiB or so; ``NotFound("object.absent")`` is raised before the first of them."""
        ...

    def delete_object(self, bucket_id: str, key: str, *, within: float) -> None: ...

    # -- uploads in parts --------------------------------------------------------------------------------------------
    def begin_upload(self, bucket_id: str, key: str, content_type: str, *, within: float) -> str:
        """The endpoint's name of a new upload; nothing is seen of it before it is completed."""
        ...

    def put_part(
        self, bucket_id: str, key: str, upload: str, number: int, data: BinaryIO, size: int, *, within: float
    ) -> Part:
        """Part ``number`` (from 1), in the place of what was sent under that number before."""
        ...

    def complete_upload(
        self, bucket_id: str, key: str, upload: str, parts: Sequence[Part], *, within: float
    ) -> ObjectFacts:
        """Make the object of these parts, in their order; again, when it was completed before, is no error."""
        ...

    def abort_upload(self, bucket_id: str, key: str, upload: str, *, within: float) -> None:
        """Throw the parts away; of an upload that is not there succeeds."""
        ...

    # -- ways around us ----------------------------------------------------------------------------------------------
    def temporary_url(self, bucket_id: str, key: str, method: str, seconds: int, *, within: float) -> str:
        """An address that anyone may ``GET`` from or ``PUT`` to, at the endpoint itself, for so long."""
        ...

    def create_key(self, bucket_id: str, key_id: str, *, writes: bool, within: float) -> AccessKey:
        """A key for this bucket alone. Asked again, it makes another one and the former ends."""
        ...

    def delete_key(self, key_id: str, *, within: float) -> None:
        """Whatever was made under ``key_id`` opens nothing any more; of what is absent succeeds."""
        ...

    def list_keys(self, *, within: float) -> Sequence[OwnedKey]:
        """Every key of this installation, of whatever bucket, half-made ones too."""
        ...


class Names:
    """From our ids to names at the endpoint and back, for one installation.

    A name holds 16 hex digits of the installation's digest and the id: it is the mark, and no two meet by accident.
    S3 takes 3 to 63 lower-case letters, digits and dashes.
    """

    def __init__(self, installation: str) -> None:
        self.prefix = f"egov-{hashlib.sha256(installation.encode()).hexdigest()[:16]}-"

    def of(self, bucket_id: str) -> str:
        """The bucket's name at the endpoint."""
        if not _UUID.fullmatch(bucket_id):
            raise ValueError("a bucket's id is a UUID in lower case")
        return self.prefix + bucket_id.replace("-", "")

    def id_of(self, external_id: str) -> str | None:
        """Our id of a bucket of this name; ``None`` for somebody else's."""
        digits = external_id.removeprefix(self.prefix)
        if digits == external_id or not re.fullmatch(r"[0-9a-f]{32}", digits):
            return None
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_id(text: str) -> bool:
    """Whether it has the form of our ids."""
    return _UUID.fullmatch(text) is not None


def flaw(key: str) -> str | None:
    """What makes ``key`` no good on some endpoint or in a downloaded file's path; ``None`` when it is good everywhere.

    Endpoints differ in what they make of empty or dotted parts, of backslashes and of control characters: such a key
    is refused before one of them stores it under another name.
    """
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "encoding"
    if not key or size > MAX_KEY_BYTES:
        return "size"
    if unfit(key):
        return "characters"
    if any(part in ("", ".", "..") for part in key.split("/")):
        return "parts"
    return "reserved" if key.startswith(RESERVED) or len(key.rpartition("/")[2].encode()) > 255 else None


def unfit(text: str) -> bool:
    """Whether it holds a character that some endpoint changes, or that no line of text shows."""
    return any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F or char in "\\\u2028\u2029\ufffe\uffff" for char in text)
