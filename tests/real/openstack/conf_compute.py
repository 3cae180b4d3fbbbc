"""Configuration of Neutron and Nova: ports that are bound at once, and compute hosts without a hypervisor."""

from __future__ import annotations

import shutil

from tests.real.openstack.ini import MESSAGING, SILENT, Section, database, locks, login, save, service_user, token_check
from tests.real.openstack.ini import transport as transport_url
from tests.real.openstack.layout import COMPUTES, Layout

_LEVELS = (
    "amqp=WARN,amqplib=WARN,sqlalchemy=WARN,neutronclient=ERROR,oslo.messaging=INFO,oslo_messaging=INFO,"
    "stevedore=WARN,keystonemiddleware=WARN,keystoneauth=WARN,glanceclient=WARN"
)
_FILTERS = (
    "ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,"
    "ServerGroupAffinityFilter,SameHostFilter,DifferentHostFilter,AggregateInstanceExtraSpecsFilter"
)


def neutron(layout: Layout) -> None:
    (layout.etc / "neutron").mkdir(parents=True, exist_ok=True)
    paste = layout.etc / "neutron/api-paste.ini"
    shutil.copy(layout.venv / "etc/neutron/api-paste.ini", paste)
    save(
        layout,
        "neutron/neutron.conf",
        {
            "DEFAULT": {
                "core_plugin": "ml2",
                "service_plugins": "router,qos,port_forwarding,segments,metering",
                "auth_strategy": "keystone",
                "transport_url": transport_url(layout),
                "state_path": layout.data / "neutron",
                "api_paste_config": paste,
                "notify_nova_on_port_status_changes": "true",
                "notify_nova_on_port_data_changes": "true",
                "rpc_workers": 1,
                "rpc_state_report_workers": 0,
                "dns_domain": "bed.test.",
            },
            "database": database(layout, "neutron"),
            "nova": login(layout, "nova"),
            "placement": login(layout, "placement"),
            "quotas": {"default_quota": -1},
            "keystone_authtoken": token_check(layout, "neutron"),
            "oslo_concurrency": locks(layout, "neutron"),
            "oslo_messaging_rabbit": MESSAGING,
        },
    )
    save(
        layout,
        "neutron/ml2_conf.ini",
        {
            "ml2": {
                "type_drivers": "flat,vlan,vxlan,local",
                "tenant_network_types": "vxlan",
                "mechanism_drivers": "egov_bed",
                "extension_drivers": "port_security,qos,dns",
            },
            "ml2_type_flat": {"flat_networks": "*"},
            "ml2_type_vlan": {"network_vlan_ranges": "physnet1:100:1999"},
            "ml2_type_vxlan": {"vni_ranges": "1:100000"},
            "securitygroup": {"enable_security_group": "true"},
        },
    )


def nova(layout: Layout) -> None:
    """One file for the controllers; one for each compute host, which must not see the databases."""
    paste = layout.etc / "nova/api-paste.ini"
    paste.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(layout.venv / "etc/nova/api-paste.ini", paste)
    databases = {"api_database": database(layout, "nova_api"), "database": database(layout, "nova")}
    _nova(layout, "nova", {}, databases)
    for name in COMPUTES:
        host(layout, name)


def host(layout: Layout, name: str) -> None:
    """One compute host."""
    _nova(layout, name, {"host": name, "compute_driver": "egov_bed_virt.BedDriver"}, {})


def _nova(layout: Layout, name: str, extra: Section, databases: dict[str, Section]) -> None:
    state = layout.data / "nova" / name
    state.mkdir(parents=True, exist_ok=True)
    save(
        layout,
        f"nova/{name}.conf",
        {
            "DEFAULT": {
                "my_ip": "127.0.0.1",
                "transport_url": transport_url(layout),
                "default_log_levels": _LEVELS,
                "state_path": state,
                **extra,
                "service_down_time": 60,
                "report_interval": 10,
                "max_concurrent_builds": 20,
                "vif_plugging_timeout": 60,
                "sync_power_state_interval": -1,
                "update_resources_interval": 60,
                "heal_instance_info_cache_interval": -1,
                "rpc_response_timeout": 120,
                "allow_resize_to_same_host": "true",
            },
            **databases,
            "api": {"auth_strategy": "keystone"},
            "wsgi": {"api_paste_config": layout.etc / "nova/api-paste.ini"},
            "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": 5},
            "conductor": {"workers": 1},
            "filter_scheduler": {"enabled_filters": _FILTERS},
            "glance": login(layout, "glance"),
            "neutron": {**login(layout, "neutron"), "service_metadata_proxy": "false"},
            "placement": login(layout, "placement"),
            "cinder": {**login(layout, "cinder"), "catalog_info": "block-storage::publicURL"},
            "vnc": {
                "enabled": "true",
                "server_listen": "127.0.0.1",
                "server_proxyclient_address": "127.0.0.1",
                "novncproxy_host": "127.0.0.1",
                "novncproxy_port": layout.ports["novnc"],
                "novncproxy_base_url": layout.url("novnc", "/vnc_auto.html"),
            },
            "spice": {"enabled": "false"},
            "oslo_messaging_notifications": SILENT,
            "service_user": service_user(layout, "nova"),
            "keystone_authtoken": token_check(layout, "nova"),
            "oslo_concurrency": locks(layout, "nova"),
            "oslo_messaging_rabbit": MESSAGING,
        },
    )
