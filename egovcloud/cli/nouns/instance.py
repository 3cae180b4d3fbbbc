"""Instances (云主机)."""

from __future__ import annotations

from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, flag, integer, ref, text
from egovcloud.cli.nouns.instance_verbs import run_groups, run_log, run_screen, run_snapshot, run_ssh, run_timeline
from egovcloud.cli.verbs import TARGET, action, creates, deletes, lists, shows, updates

NOUN = Noun(
    "instance",
    "/instances",
    columns=columns("name state addresses vcpus memory=memory_mib:mib disk=disk_gib:gib project department host id"),
    scopes=("department", "project"),
    filters=(
        ref("department"),
        ref("project", within=("department",)),
        ref("application", within=("project",)),
        text("state", metavar="STATE[,STATE]"),
        ref("zone"),
        ref("host"),
        ref("network"),
        ref("security_group", within=("project",)),
        ref("image"),
        ref("flavor"),
        ref("request"),
        choice("adopted", "true", "false"),
    ),
    sections={
        "ports": columns("network address mac"),
        "volumes": columns("name size=size_gib:gib device state id"),
    },
    verbs=(
        lists(examples=("instance list --department mzj --state active,stopped -q web -o csv",)),
        shows(),
        creates(
            text("name", required=True),
            ref("project", required=True),
            ref("application", within=("project",)),
            ref("flavor", required=True),
            ref("image", required=True),
            ref("network", many=True, required=True),
            ref("security_group", many=True, within=("project",)),
            ref("ssh_key", many=True),
            ref("zone"),
            Param("user_data", "file", metavar="FILE"),
            text("anti_affinity", metavar="GROUP"),
            slow=True,
            examples=(
                "instance create --name web-1 --project 社会救助 --flavor small --image debian-12"
                " --network office --ssh-key laptop --wait",
            ),
        ),
        updates(text("name")),
        action("start", slow=True),
        action("stop", flag("force"), integer("limit_seconds", metavar="SECONDS"), slow=True),
        action("reboot", flag("force"), slow=True),
        action("shelve", slow=True),
        action("unshelve", slow=True),
        action("resize", ref("flavor", required=True), slow=True, many=False),
        action("rebuild", ref("image", required=True), slow=True, danger=True, confirms=True, many=False),
        action("migrate", ref("host"), slow=True, many=False),
        action("release", slow=True, danger=True, confirms=True),
        Verb(
            "snapshot",
            run_snapshot,
            (TARGET, text("name", required=True), flag("external"), flag("quiesce")),
            writes=True,
            slow=True,
        ),
        Verb(
            "security-groups",
            run_groups,
            (TARGET, ref("security_group", many=True, required=True, within=("project",))),
            writes=True,
            slow=True,
        ),
        Verb("screen", run_screen, (TARGET, flag("open"))),
        Verb("log", run_log, (TARGET, integer("limit_bytes", default=65536, metavar="BYTES"), flag("raw"))),
        Verb("timeline", run_timeline, (TARGET,)),
        Verb(
            "ssh",
            run_ssh,
            (
                TARGET,
                text("command", argument=True, many=True, metavar="[-- COMMAND...]"),
                flag("print"),
                text("address", metavar="ADDRESS"),
                text("identity", short="-i", metavar="FILE"),
            ),
            examples=("instance ssh web-1", "instance ssh web-1 -- uptime", "instance ssh web-1 --print"),
        ),
        deletes(slow=True, confirms=True),
    ),
)
