"""Buckets on any S3 endpoint, through boto3; the only place that knows it."""

from egovcloud.drivers.s3.config import EndpointConfig
from egovcloud.drivers.s3.store import S3Store

__all__ = ["EndpointConfig", "S3Store"]
