"""Configuration of Keystone, Placement and Glance."""

from __future__ import annotations

import shutil

from tests.real.openstack.ini import SILENT, database, locks, save, token_check, transport
from tests.real.openstack.layout import Layout


def keystone(layout: Layout) -> None:
    """Cheap password hashes: what is tested is not Keystone's patience."""
    keys = {"key_repository": layout.etc / "keystone/fernet-keys"}
    save(
        layout,
        "keystone/keystone.conf",
        {
            "DEFAULT": {"max_token_size": 255},
            "database": database(layout, "keystone"),
            "token": {"provider": "fernet", "expiration": 14400},
            "fernet_tokens": keys,
            "fernet_receipts": keys,
            "credential": {"key_repository": layout.etc / "keystone/credential-keys"},
            "cache": {
                "enabled": "true",
                "backend": "dogpile.cache.pymemcache",
                "memcache_servers": f"127.0.0.1:{layout.ports['memcached']}",
            },
            "identity": {"password_hash_algorithm": "bcrypt", "password_hash_rounds": 4},
        },
    )


def placement(layout: Layout) -> None:
    save(
        layout,
        "placement/placement.conf",
        {
            "DEFAULT": {},
            "api": {"auth_strategy": "keystone"},
            "placement_database": database(layout, "placement"),
            "keystone_authtoken": token_check(layout, "placement"),
        },
    )


def glance(layout: Layout) -> None:
    """Images in a directory, one worker."""
    stores = {
        name: layout.data / "glance" / folder
        for name, folder in (
            ("fast", "images"),
            ("os_glance_tasks_store", "tasks"),
            ("os_glance_staging_store", "staging"),
        )
    }
    for folder in stores.values():
        folder.mkdir(parents=True, exist_ok=True)
    paste = layout.etc / "glance/glance-api-paste.ini"
    paste.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(layout.venv / "etc/glance/glance-api-paste.ini", paste)
    save(
        layout,
        "glance/glance-api.conf",
        {
            "DEFAULT": {
                "bind_host": "127.0.0.1",
                "transport_url": transport(layout),
                "enabled_backends": "fast:file",
                "enabled_import_methods": "[glance-direct,copy-image]",
                "node_staging_uri": f"file://{stores['os_glance_staging_store']}",
                "worker_self_reference_url": layout.url("glance"),
            },
            "database": database(layout, "glance"),
            "glance_store": {"default_backend": "fast"},
            **{name: {"filesystem_store_datadir": folder} for name, folder in stores.items()},
            "paste_deploy": {"flavor": "keystone", "config_file": paste},
            "oslo_messaging_notifications": SILENT,
            "keystone_authtoken": token_check(layout, "glance"),
            "oslo_concurrency": locks(layout, "glance"),
        },
    )
