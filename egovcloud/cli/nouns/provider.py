"""Providers (云平台): configured endpoints."""

from egovcloud.cli.declare import Noun, Param, choice, columns, ref, switch, text
from egovcloud.cli.verbs import action, creates, deletes, lists, shows, updates

NOUN = Noun(
    "provider",
    "/providers",
    columns=columns("name driver site health hosts_up hosts latency=latency_ms checked=checked_at:time detail id"),
    filters=(ref("site"), choice("driver", "libvirt", "simulator", "openstack", "s3", "swift"), switch("enabled")),
    verbs=(
        lists(),
        shows(),
        creates(
            text("name", required=True),
            choice("driver", "libvirt", "simulator", "openstack", "s3", "swift", required=True),
            ref("site", required=True),
            Param("config", "json", required=True, metavar="JSON|@FILE"),
            examples=("provider create --name rack-a --driver libvirt --site main --config @hosts.json",),
        ),
        updates(switch("enabled"), Param("config", "json", metavar="JSON|@FILE")),
        action("check", slow=True),
        deletes(),
    ),
)
