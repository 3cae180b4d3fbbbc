"""Access keys of a bucket's own: an IAM user for each, whose policy names this bucket alone.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from egovcloud.drivers.objects import AccessKey, OwnedKey, is_id
from egovcloud.drivers.s3.client import Endpoint
from egovcloud.drivers.s3.errors import ABSENT, code_of

POLICY = "egovcloud-bucket"
READS = ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"]
WRITES = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]


class Keys:
    """``installation`` makes the users' names ours."""

    def __init__(self, endpoint: Endpoint, installation: str) -> None:
        self._endpoint = endpoint
        self._prefix = f"egov-{hashlib.sha256(installation.encode()).hexdigest()[:16]}-"

    @property
    def _iam(self) -> Any:
        return self._endpoint.iam

    def create(self, bucket: str, key_id: str, *, writes: bool) -> AccessKey:
        """The user is found by its name; keys that it has are ended, since nobody knows their secret any more."""
        user = self._prefix + key_id
        try:
            self._iam.create_user(UserName=user)
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
        statement = {
            "Effect": "Allow",
            "Action": READS + (WRITES if writes else []),
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_user_policy(UserName=user, PolicyName=POLICY, PolicyDocument=document)
        self._end(user)
        made = self._iam.create_access_key(UserName=user)["AccessKey"]
        return AccessKey(str(made["AccessKeyId"]), str(made["SecretAccessKey"]))

    def delete(self, key_id: str) -> None:
        user = self._prefix + key_id
        try:
            self._end(user)
            self._iam.delete_user_policy(UserName=user, PolicyName=POLICY)
        except ClientError as error:
            if code_of(error) not in ABSENT:
                raise
        try:
            self._iam.delete_user(UserName=user)
        except ClientError as error:
            if code_of(error) not in ABSENT:
                raise

    def owned(self) -> list[OwnedKey]:
        """A key is seen by its user, which is made first and goes last."""
        found = []
        for user in self._users():
            id_ = user.removeprefix(self._prefix)
            if id_ != user and is_id(id_):
                found.append(OwnedKey(id_, user))
        return found

    def _users(self) -> Iterator[str]:
        more: dict[str, Any] = {}
        while True:
            page = self._iam.list_users(**more)
            yield from (str(one["UserName"]) for one in page.get("Users") or [])
            if not page.get("IsTruncated") or not page.get("Marker"):
                return
            more = {"Marker": page["Marker"]}

    def _end(self, user: str) -> None:
        for one in self._iam.list_access_keys(UserName=user).get("AccessKeyMetadata") or []:
            self._iam.delete_access_key(UserName=user, AccessKeyId=one["AccessKeyId"])
