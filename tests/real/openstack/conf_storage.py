"""Configuration of Cinder, whose NFS driver finds its share mounted already, and of Swift with one device."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from tests.real.openstack.ini import MESSAGING, database, locks, login, save, service_user, token_check, transport
from tests.real.openstack.layout import Layout, write

_EXPORT = "127.0.0.1:/bed"


def share(layout: Layout) -> tuple[Path, Path]:
    """The directory that stands for the NFS server's, and where the driver expects it mounted."""
    digest = hashlib.md5(_EXPORT.encode(), usedforsecurity=False).hexdigest()
    return layout.data / "cinder/share", layout.data / "cinder/mnt" / digest


def cinder(layout: Layout) -> None:
    etc, data = layout.etc / "cinder", layout.data / "cinder"
    for folder in (etc, data / "conv", data / "coordination", *share(layout)):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("api-paste.ini", "resource_filters.json"):
        shutil.copy(layout.venv / "etc/cinder" / name, etc / name)
    write(etc / "nfs_shares", _EXPORT + "\n")
    helper = {"helper_command": f"{layout.bin}/privsep-helper --config-file {etc}/cinder.conf"}
    save(
        layout,
        "cinder/cinder.conf",
        {
            "DEFAULT": {
                "my_ip": "127.0.0.1",
                "host": "vol1",
                "auth_strategy": "keystone",
                "transport_url": transport(layout),
                "state_path": data,
                "api_paste_config": etc / "api-paste.ini",
                "resource_query_filters_file": etc / "resource_filters.json",
                "image_conversion_dir": data / "conv",
                "glance_api_servers": layout.url("glance"),
                "enabled_backends": "nfs1",
                "backup_driver": "cinder.backup.drivers.swift.SwiftBackupDriver",
                "backup_swift_auth": "per_user",
                "backup_swift_auth_version": 3,
                "backup_swift_url": layout.url("swift", "/v1/AUTH_"),
                "backup_swift_enable_progress_timer": "false",
                "backup_use_temp_snapshot": "false",
                "osapi_volume_workers": 1,
                "periodic_interval": 10,
                "report_interval": 10,
                "service_down_time": 60,
            },
            "nfs1": {
                "volume_driver": "egov_bed_volume.BedNfsDriver",
                "volume_backend_name": "nfs1",
                "nfs_shares_config": etc / "nfs_shares",
                "nfs_mount_point_base": data / "mnt",
                "nfs_sparsed_volumes": "true",
                "nfs_qcow2_volumes": "false",
                "nfs_snapshot_support": "true",
                "nas_secure_file_operations": "false",
                "nas_secure_file_permissions": "false",
                "max_over_subscription_ratio": "20.0",
            },
            "database": database(layout, "cinder"),
            "nova": login(layout, "nova"),
            "coordination": {"backend_url": f"file://{data}/coordination"},
            "privsep": helper,
            "privsep_osbrick": helper,
            "cinder_sys_admin": helper,
            "service_user": service_user(layout, "cinder"),
            "keystone_authtoken": token_check(layout, "cinder"),
            "oslo_concurrency": locks(layout, "cinder"),
            "oslo_messaging_rabbit": MESSAGING,
        },
    )


def swift(layout: Layout) -> None:
    (layout.data / "swift/d1").mkdir(parents=True, exist_ok=True)
    (layout.data / "swift-recon").mkdir(exist_ok=True)
    secret = layout.passwords["swift_hash"]
    save(
        layout,
        "swift/swift.conf",
        {
            "swift-hash": {"swift_hash_path_suffix": secret, "swift_hash_path_prefix": secret},
            "storage-policy:0": {"name": "Policy-0", "default": "yes"},
            "swift-constraints": {"max_header_size": 16384},
        },
    )
    for kind in ("account", "container", "object"):
        _swift_server(layout, kind)
    _swift_proxy(layout)


def _swift_server(layout: Layout, kind: str) -> None:
    save(
        layout,
        f"swift/{kind}-server.conf",
        {
            "DEFAULT": {
                "bind_ip": "127.0.0.1",
                "bind_port": layout.ports[f"swift_{kind}"],
                "user": "root",
                "swift_dir": layout.etc / "swift",
                "devices": layout.data / "swift",
                "mount_check": "false",
                "workers": 0,
                "disable_fallocate": "true",
                "log_name": kind,
                "log_address": "/dev/null",
            },
            "pipeline:main": {"pipeline": f"healthcheck recon {kind}-server"},
            f"app:{kind}-server": {"use": f"egg:swift#{kind}"},
            "filter:healthcheck": {"use": "egg:swift#healthcheck"},
            "filter:recon": {"use": "egg:swift#recon", "recon_cache_path": layout.data / "swift-recon"},
            f"{kind}-replicator": {},
            f"{kind}-updater": {},
            f"{kind}-auditor": {},
        },
    )


_FILTERS = {
    "catch_errors": "catch_errors",
    "gatekeeper": "gatekeeper",
    "healthcheck": "healthcheck",
    "proxy-logging": "proxy_logging",
    "listing_formats": "listing_formats",
    "bulk": "bulk",
    "ratelimit": "ratelimit",
    "copy": "copy",
    "container-quotas": "container_quotas",
    "account-quotas": "account_quotas",
    "slo": "slo",
    "dlo": "dlo",
    "symlink": "symlink",
}


def _swift_proxy(layout: Layout) -> None:
    pipeline = (
        "catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl ratelimit authtoken "
        "keystoneauth copy container-quotas account-quotas slo dlo versioned_writes symlink proxy-logging proxy-server"
    )
    memcached = f"127.0.0.1:{layout.ports['memcached']}"
    save(
        layout,
        "swift/proxy-server.conf",
        {
            "DEFAULT": {
                "bind_ip": "127.0.0.1",
                "bind_port": layout.ports["swift"],
                "user": "root",
                "swift_dir": layout.etc / "swift",
                "workers": 0,
            },
            "pipeline:main": {"pipeline": pipeline},
            "app:proxy-server": {
                "use": "egg:swift#proxy",
                "account_autocreate": "true",
                "allow_account_management": "true",
            },
            "filter:authtoken": {
                "paste.filter_factory": "keystonemiddleware.auth_token:filter_factory",
                **login(layout, "swift"),
                "www_authenticate_uri": layout.url("keystone"),
                "memcached_servers": memcached,
                "delay_auth_decision": "true",
                "cache": "swift.cache",
            },
            "filter:keystoneauth": {
                "use": "egg:swift#keystoneauth",
                "operator_roles": "admin, member, swiftoperator",
                "reseller_prefix": "AUTH",
                "reseller_admin_role": "ResellerAdmin",
            },
            "filter:cache": {"use": "egg:swift#memcache", "memcache_servers": memcached},
            **{f"filter:{name}": {"use": f"egg:swift#{egg}"} for name, egg in _FILTERS.items()},
            "filter:tempurl": {"use": "egg:swift#tempurl", "methods": "GET HEAD PUT POST DELETE"},
            "filter:versioned_writes": {
                "use": "egg:swift#versioned_writes",
                "allow_versioned_writes": "true",
                "allow_object_versioning": "true",
            },
        },
    )
