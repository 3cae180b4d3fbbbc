"""Images (镜像): what instances boot from."""

from egovcloud.cli.declare import Noun, choice, columns, integer, ref, text
from egovcloud.cli.verbs import action, creates, deletes, lists, shows, updates

NOUN = Noun(
    "image",
    "/images",
    columns=columns("name state visibility department format firmware min_disk=min_disk_gib:gib login_user id"),
    filters=(
        choice("state", "active", "retired", "deleting", "deleted"),
        choice("visibility", "public", "department"),
        choice("firmware", "bios", "uefi", "direct"),
        ref("department"),
    ),
    verbs=(
        lists(),
        shows(),
        creates(
            text("name", required=True),
            text("disk", required=True, metavar="PATH"),
            text("sha256", required=True, metavar="HEX"),
            choice("format", "qcow2", "raw"),
            choice("firmware", "bios", "uefi", "direct"),
            text("kernel", metavar="PATH"),
            text("initrd", metavar="PATH"),
            text("cmdline"),
            choice("visibility", "public", "department"),
            ref("department"),
            integer("min_disk_gib", metavar="GIB"),
            text("login_user"),
            text("source"),
        ),
        updates(text("name")),
        action("retire"),
        action("restore"),
        deletes(slow=True),
    ),
)
