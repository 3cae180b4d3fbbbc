"""An S3 endpoint behind the contract of object storage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from egovcloud.domain.errors import NotFound, Unsupported
from egovcloud.drivers.objects import (
    PAGE,
    RESERVED,
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
from egovcloud.drivers.s3.buckets import Buckets
from egovcloud.drivers.s3.client import Endpoint
from egovcloud.drivers.s3.config import EndpointConfig
from egovcloud.drivers.s3.errors import ABSENT, code_of, problem_of
from egovcloud.drivers.s3.keys import Keys

PIECE = 64 * 1024


class S3Store:
    """``S3Store(installation, config)``; S3 knows no quota of a bucket, so that none is declared."""

    kind = "s3"

    def __init__(self, installation: str, config: EndpointConfig) -> None:
        self._endpoint = Endpoint(config)
        self._names = Names(installation)
        self._buckets = Buckets(self._endpoint, self._names)
        self._keys = Keys(self._endpoint, installation)
        lacking = {ObjectCapability.BUCKET_QUOTA}
        if not config.versioning:
            lacking.add(ObjectCapability.BUCKET_VERSIONING)
        if not config.expiry:
            lacking.add(ObjectCapability.BUCKET_EXPIRY)
        if not config.iam:
            lacking.add(ObjectCapability.BUCKET_ACCESS_KEY)
        self.capabilities = frozenset(ObjectCapability) - lacking
        self.address: StoreAddress | None = StoreAddress(
            config.public_endpoint or config.endpoint, config.region, config.path_style
        )

    # -- buckets ---------------------------------------------------------------------------------------------------
    def create_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        with self._endpoint.call(within):
            return self._buckets.create(spec)

    def configure_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        with self._endpoint.call(within):
            return self._buckets.configure(spec)

    def observe_bucket(self, bucket_id: str, *, within: float) -> BucketFacts | None:
        with self._endpoint.call(within):
            return self._buckets.observe(bucket_id)

    def empty_bucket(self, bucket_id: str, *, within: float) -> bool:
        with self._endpoint.call(within):
            return self._buckets.empty(bucket_id)

    def delete_bucket(self, bucket_id: str, *, within: float) -> None:
        with self._endpoint.call(within):
            self._buckets.delete(bucket_id)

    def usage(self, bucket_id: str, *, within: float) -> Usage:
        with self._endpoint.call(within):
            return self._buckets.usage(bucket_id)

    def list_owned(self, *, within: float) -> Sequence[OwnedBucket]:
        with self._endpoint.call(within):
            return self._buckets.owned()

    def list_unmanaged(self, *, within: float) -> Sequence[UnmanagedBucket]:
        with self._endpoint.call(within):
            return self._buckets.unmanaged()

    # -- objects ---------------------------------------------------------------------------------------------------
    def list_objects(
        self, bucket_id: str, *, prefix: str, after: str | None, limit: int, deep: bool, within: float
    ) -> ObjectPage:
        with self._endpoint.call(within):
            options: dict[str, Any] = {} if deep else {"Delimiter": "/"}
            if after:
                options["ContinuationToken"] = after
            try:
                page = self._endpoint.s3.list_objects_v2(
                    Bucket=self._names.of(bucket_id), Prefix=prefix, MaxKeys=min(limit, PAGE), **options
                )
            except ClientError as error:
                raise self._absent(error, bucket_id) from error
        objects = [_facts(one["Key"], one["Size"], one["LastModified"]) for one in page.get("Contents") or []]
        prefixes = [str(one["Prefix"]) for one in page.get("CommonPrefixes") or []]
        return ObjectPage(
            tuple(one for one in objects if not one.key.startswith(RESERVED)),
            tuple(one for one in prefixes if one != RESERVED),
            page.get("NextContinuationToken") if page.get("IsTruncated") else None,
        )

    def stat_object(self, bucket_id: str, key: str, *, within: float) -> ObjectFacts | None:
        with self._endpoint.call(within):
            try:
                seen = self._endpoint.s3.head_object(Bucket=self._names.of(bucket_id), Key=key)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise
            return _facts(key, seen["ContentLength"], seen["LastModified"], seen.get("ContentType", ""))

    def put_object(
        self, bucket_id: str, key: str, data: BinaryIO, size: int, content_type: str, *, within: float
    ) -> None:
        with self._endpoint.call(within):
            name = self._buckets.require(bucket_id)  # some endpoints would make a missing bucket on the way
            self._endpoint.s3.put_object(
                Bucket=name, Key=key, Body=data, ContentLength=size, ContentType=content_type or "binary/octet-stream"
            )

    def get_object(
        self, bucket_id: str, key: str, *, start: int = 0, length: int | None = None, within: float
    ) -> Iterator[bytes]:
        with self._endpoint.call(within):
            end = "" if length is None else str(start + length - 1)
            options = {} if start == 0 and length is None else {"Range": f"bytes={start}-{end}"}
            try:
                answer = self._endpoint.s3.get_object(Bucket=self._names.of(bucket_id), Key=key, **options)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    raise NotFound("object.absent", key=key) from None
                raise
        return self._pieces(answer["Body"], within)

    def _pieces(self, body: Any, within: float) -> Iterator[bytes]:
        try:
            while piece := body.read(PIECE):
                yield piece
        except Exception as error:
            raise problem_of(error, self._endpoint.config.endpoint, within) from error
        finally:
            body.close()

    def delete_object(self, bucket_id: str, key: str, *, within: float) -> None:
        with self._endpoint.call(within):
            try:
                self._endpoint.s3.delete_object(Bucket=self._names.of(bucket_id), Key=key)
            except ClientError as error:
                if code_of(error) not in ABSENT:
                    raise

    # -- uploads in parts --------------------------------------------------------------------------------------------
    def begin_upload(self, bucket_id: str, key: str, content_type: str, *, within: float) -> str:
        with self._endpoint.call(within):
            name = self._buckets.require(bucket_id)
            made = self._endpoint.s3.create_multipart_upload(
                Bucket=name, Key=key, ContentType=content_type or "binary/octet-stream"
            )
            return str(made["UploadId"])

    def put_part(
        self, bucket_id: str, key: str, upload: str, number: int, data: BinaryIO, size: int, *, within: float
    ) -> Part:
        with self._endpoint.call(within):
            try:
                made = self._endpoint.s3.upload_part(
                    Bucket=self._names.of(bucket_id),
                    Key=key,
                    UploadId=upload,
                    PartNumber=number,
                    Body=data,
                    ContentLength=size,
                )
            except ClientError as error:
                if code_of(error) in ABSENT:
                    raise NotFound("upload.absent", key=key) from None
                raise
            return Part(number, str(made["ETag"]))

    def complete_upload(
        self, bucket_id: str, key: str, upload: str, parts: Sequence[Part], *, within: float
    ) -> ObjectFacts:
        listed = [{"PartNumber": part.number, "ETag": part.tag} for part in parts]
        with self._endpoint.call(within):
            name = self._names.of(bucket_id)
            try:
                self._endpoint.s3.complete_multipart_upload(
                    Bucket=name, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}
                )
            except ClientError as error:
                if code_of(error) not in ABSENT:
                    raise
            seen = self.stat_object(bucket_id, key, within=max(0.1, self._endpoint.left()))
        if seen is None:
            raise NotFound("upload.absent", key=key)
        return seen

    def abort_upload(self, bucket_id: str, key: str, upload: str, *, within: float) -> None:
        with self._endpoint.call(within):
            try:
                self._endpoint.s3.abort_multipart_upload(Bucket=self._names.of(bucket_id), Key=key, UploadId=upload)
            except ClientError as error:
                if code_of(error) not in ABSENT:
                    raise

    # -- ways around us ----------------------------------------------------------------------------------------------
    def temporary_url(self, bucket_id: str, key: str, method: str, seconds: int, *, within: float) -> str:
        with self._endpoint.call(within):
            call = {"GET": "get_object", "PUT": "put_object"}[method]
            params = {"Bucket": self._names.of(bucket_id), "Key": key}
            return str(self._endpoint.public.generate_presigned_url(call, Params=params, ExpiresIn=seconds))

    def create_key(self, bucket_id: str, key_id: str, *, writes: bool, within: float) -> AccessKey:
        self._need(ObjectCapability.BUCKET_ACCESS_KEY)
        with self._endpoint.call(within):
            return self._keys.create(self._buckets.require(bucket_id), key_id, writes=writes)

    def delete_key(self, key_id: str, *, within: float) -> None:
        self._need(ObjectCapability.BUCKET_ACCESS_KEY)
        with self._endpoint.call(within):
            self._keys.delete(key_id)

    def list_keys(self, *, within: float) -> Sequence[OwnedKey]:
        self._need(ObjectCapability.BUCKET_ACCESS_KEY)
        with self._endpoint.call(within):
            return self._keys.owned()

    def _need(self, capability: ObjectCapability) -> None:
        if capability not in self.capabilities:
            raise Unsupported("driver.unsupported", capability=capability.value)

    def _absent(self, error: ClientError, bucket_id: str) -> Exception:
        return NotFound("bucket.absent", id=bucket_id) if code_of(error) in ABSENT else error


def _facts(key: str, size: int, modified: Any, content_type: str = "") -> ObjectFacts:
    return ObjectFacts(str(key), int(size), modified, str(content_type))
