"""Every entity, defined once; one module a noun."""

from egovcloud.store.models.access import Grant, Session, Token, User
from egovcloud.store.models.application import Application
from egovcloud.store.models.audit import AuditEntry
from egovcloud.store.models.bucket import Bucket, BucketSample, Upload, UploadPart
from egovcloud.store.models.bucket_key import BucketKey
from egovcloud.store.models.department import Department
from egovcloud.store.models.drift import Drift, DriftPolicy
from egovcloud.store.models.event import Event
from egovcloud.store.models.flavor import Flavor
from egovcloud.store.models.floating_address import FloatingAddress
from egovcloud.store.models.idempotency import IdempotencyKey
from egovcloud.store.models.image import Image
from egovcloud.store.models.instance import Instance, InstanceSecurityGroup, Port
from egovcloud.store.models.network import Network
from egovcloud.store.models.operation import Dependency, Operation, Step
from egovcloud.store.models.orphan import Sighting
from egovcloud.store.models.place import Host, HostPool, Provider, Site, StoragePool, Zone
from egovcloud.store.models.project import Project
from egovcloud.store.models.quota import LedgerEntry, Quota
from egovcloud.store.models.request import Approval, ApprovalLevel, Request
from egovcloud.store.models.security_group import SecurityGroup, SecurityRule
from egovcloud.store.models.setting import CapacitySample, Setting
from egovcloud.store.models.snapshot import Snapshot
from egovcloud.store.models.ssh_key import SshKey
from egovcloud.store.models.volume import Volume
from egovcloud.store.models.volume_snapshot import VolumeSnapshot
from egovcloud.store.models.wipe import Wipe

__all__ = [
    "Application",
    "Approval",
    "ApprovalLevel",
    "AuditEntry",
    "Bucket",
    "BucketKey",
    "BucketSample",
    "CapacitySample",
    "Department",
    "Dependency",
    "Drift",
    "DriftPolicy",
    "Event",
    "Flavor",
    "FloatingAddress",
    "Grant",
    "Host",
    "HostPool",
    "IdempotencyKey",
    "Image",
    "Instance",
    "InstanceSecurityGroup",
    "LedgerEntry",
    "Network",
    "Operation",
    "Port",
    "Project",
    "Provider",
    "Quota",
    "Request",
    "SecurityGroup",
    "SecurityRule",
    "Session",
    "Setting",
    "Sighting",
    "Site",
    "Snapshot",
    "SshKey",
    "Step",
    "StoragePool",
    "Token",
    "Upload",
    "UploadPart",
    "User",
    "Volume",
    "VolumeSnapshot",
    "Wipe",
    "Zone",
]
