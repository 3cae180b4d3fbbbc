"""Buckets: made, configured, counted, emptied and removed. Paths are those of the S3 API, 2006-03-01."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.objects import RESERVED, BucketFacts, BucketSpec, Names, OwnedBucket, UnmanagedBucket, Usage
from egovcloud.drivers.s3.client import Endpoint
from egovcloud.drivers.s3.errors import ABSENT, code_of

RULE = "egovcloud-expiry"
BATCH = 500  # keys in one DeleteObjects; 1,000 are allowed
ROUNDS = 20  # batches in one call of ``empty``, so that no call lasts for ever


class Buckets:
    """``names`` says which of the endpoint's buckets are ours."""

    def __init__(self, endpoint: Endpoint, names: Names) -> None:
        self._endpoint = endpoint
        self._names = names

    @property
    def _s3(self) -> Any:
        return self._endpoint.s3

    def create(self, spec: BucketSpec) -> BucketFacts:
        name = self._names.of(spec.id)
        if not self.there(name):
            region = self._endpoint.config.region
            # The oldest region is the one that must not be named (CreateBucket, LocationConstraint).
            place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            try:
                self._s3.create_bucket(Bucket=name, **place)
            except ClientError as error:
                if code_of(error) == "BucketAlreadyExists":
                    raise Conflict("bucket.foreign", name=name) from None
                if code_of(error) != "BucketAlreadyOwnedByYou":
                    raise
        return self.configure(spec)

    def there(self, name: str) -> bool:
        """Whether it exists and is ours; ``Conflict("bucket.foreign")`` when it exists and we may not look."""
        try:
            self._s3.head_bucket(Bucket=name)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return False
            if code_of(error) == "403":
                raise Conflict("bucket.foreign", name=name) from None
            raise
        return True

    def require(self, bucket_id: str) -> str:
        """Its name; ``NotFound("bucket.absent")`` without it."""
        name = self._names.of(bucket_id)
        if not self.there(name):
            raise NotFound("bucket.absent", id=bucket_id)
        return name

    def configure(self, spec: BucketSpec) -> BucketFacts:
        name = self.require(spec.id)
        seen = self._facts(spec.id, name)
        if self._endpoint.config.versioning and spec.versioning != seen.versioning:
            status = "Enabled" if spec.versioning else "Suspended"
            self._s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        if self._endpoint.config.expiry:
            wanted = (spec.expire_days, spec.expire_prefix if spec.expire_days else "")
            if wanted != (seen.expire_days, seen.expire_prefix):
                self._expire(name, spec)
        return self._facts(spec.id, name)

    def _expire(self, name: str, spec: BucketSpec) -> None:
        if spec.expire_days is None:
            self._s3.delete_bucket_lifecycle(Bucket=name)
            return
        rule = {
            "ID": RULE,
            "Status": "Enabled",
            "Filter": {"Prefix": spec.expire_prefix},
            "Expiration": {"Days": spec.expire_days},
        }
        self._s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})

    def observe(self, bucket_id: str) -> BucketFacts | None:
        name = self._names.of(bucket_id)
        return self._facts(bucket_id, name) if self.there(name) else None

    def _facts(self, bucket_id: str, name: str) -> BucketFacts:
        versioning = False
        if self._endpoint.config.versioning:
            versioning = self._s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"
        days, prefix = self._expiry(name) if self._endpoint.config.expiry else (None, "")
        return BucketFacts(bucket_id, name, versioning=versioning, expire_days=days, expire_prefix=prefix)

    def _expiry(self, name: str) -> tuple[int | None, str]:
        try:
            rules = self._s3.get_bucket_lifecycle_configuration(Bucket=name).get("Rules", [])
        except ClientError as error:
            if code_of(error) == "NoSuchLifecycleConfiguration":
                return None, ""
            raise
        for rule in rules:
            if rule.get("ID") == RULE and rule.get("Status") == "Enabled":
                found = rule.get("Filter", {}).get("Prefix", rule.get("Prefix", ""))
                return rule.get("Expiration", {}).get("Days"), str(found or "")
        return None, ""

    def empty(self, bucket_id: str) -> bool:
        """Versions, delete markers and unfinished uploads too."""
        name = self._names.of(bucket_id)
        if not self.there(name):
            return True
        for upload in self._s3.list_multipart_uploads(Bucket=name).get("Uploads") or []:
            self._s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        for _ in range(ROUNDS):
            doomed = self._everything(name)
            if not doomed:
                return True
            answer = self._s3.delete_objects(Bucket=name, Delete={"Objects": doomed, "Quiet": True})
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise Conflict("driver.failed", host=self._endpoint.config.endpoint, detail=str(first.get("Message")))
            if self._endpoint.left() < 1.0:
                break
        return False

    def _everything(self, name: str) -> list[dict[str, str]]:
        """The first of all that would keep the bucket from going."""
        if self._endpoint.config.versioning:
            page = self._s3.list_object_versions(Bucket=name, MaxKeys=BATCH)
            listed = [*(page.get("Versions") or []), *(page.get("DeleteMarkers") or [])]
            if listed:
                return [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]
        page = self._s3.list_objects_v2(Bucket=name, MaxKeys=BATCH)
        return [{"Key": one["Key"]} for one in page.get("Contents") or []]

    def delete(self, bucket_id: str) -> None:
        """Some endpoints would take a full bucket along with its contents, so that it is looked into first."""
        name = self._names.of(bucket_id)
        if not self.there(name):
            return
        if self._everything(name):
            raise Conflict("bucket.not_empty", id=bucket_id)
        try:
            self._s3.delete_bucket(Bucket=name)
        except ClientError as error:
            if code_of(error) == "BucketNotEmpty":
                raise Conflict("bucket.not_empty", id=bucket_id) from None
            if code_of(error) not in ABSENT:
                raise

    def usage(self, bucket_id: str) -> Usage:
        """S3 has no call for it: every name is read, page by page."""
        name = self.require(bucket_id)
        objects = size = 0
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for one in page.get("Contents") or []:
                if not one["Key"].startswith(RESERVED):
                    objects += 1
                    size += int(one["Size"])
        return Usage(objects, size)

    def owned(self) -> list[OwnedBucket]:
        return [OwnedBucket(id_, name) for name in self._all() if (id_ := self._names.id_of(name))]

    def unmanaged(self) -> list[UnmanagedBucket]:
        return [UnmanagedBucket(name) for name in self._all() if self._names.id_of(name) is None]

    def _all(self) -> Iterator[str]:
        for page in self._s3.get_paginator("list_buckets").paginate():
            for one in page.get("Buckets") or []:
                yield str(one["Name"])
