"""The one table of states: (state, event) → state for every noun; nothing else decides what may follow what.

``store.transition`` is the only writer of a state; the diagrams in the docs and the CHECK constraints of the
database are made from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from egovcloud.domain.errors import Conflict


@dataclass(frozen=True)
class Lifecycle:
    """States of one noun. ``initial`` is where a new row starts; ``final`` are states with no way out."""

    noun: str
    initial: str
    moves: Mapping[tuple[str, str], str]
    final: frozenset[str] = frozenset()
    # Transitional states have an operation as owner and its deadline as theirs.
    transitional: frozenset[str] = frozenset()

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Every state, initial first, in the order of the table."""
        seen = {self.initial: None}
        for (source, _), target in self.moves.items():
            seen[source] = None
            seen[target] = None
        return tuple(seen)

    def next(self, state: str, event: str) -> str:
        """The state after ``event``; ``Conflict`` names what would have been possible."""
        try:
            return self.moves[state, event]
        except KeyError:
            raise Conflict(
                "state.refused", noun=self.noun, state=state, event=event, allowed=", ".join(self.events(state)) or "-"
            ) from None

    def events(self, state: str) -> list[str]:
        """Events possible in ``state``."""
        return [event for (source, event) in self.moves if source == state]


def _moves(*rows: tuple[str, str, str]) -> dict[tuple[str, str], str]:
    """``"a b", "event", "c"`` means that the event leads from a and from b to c."""
    return {(source, event): target for sources, event, target in rows for source in sources.split()}


INSTANCE = Lifecycle(
    "instance",
    "requested",
    _moves(
        ("requested", "build", "building"),
        ("building", "run", "active"),
        ("stopped active error", "start", "starting"),
        ("starting rebooting resizing rebuilding migrating reverting", "run", "active"),
        ("active error", "stop", "stopping"),
        ("stopping resizing rebuilding reverting starting migrating rebooting", "halt", "stopped"),
        ("active", "reboot", "rebooting"),
        ("active stopped", "resize", "resizing"),
        ("active stopped error", "rebuild", "rebuilding"),
        ("active", "migrate", "migrating"),
        ("active stopped", "revert", "reverting"),
        # Kept without a host: its room there is given back, and claimed again when it comes back.
        ("active stopped error", "shelve", "shelving"),
        ("shelving unshelving", "shelved", "shelved"),
        ("shelved", "unshelve", "unshelving"),
        ("unshelving", "run", "active"),
        ("active stopped error unknown", "seen_shelved", "shelved"),
        ("active stopped starting stopping rebooting error unknown shelved", "seen_running", "active"),
        ("active stopped starting stopping rebooting error unknown shelved", "seen_stopped", "stopped"),
        ("active stopped error", "lost", "unknown"),
        ("active stopped unknown shelved", "gone", "error"),
        (
            "requested building starting stopping rebooting resizing rebuilding migrating reverting deleting shelving "
            "unshelving",
            "fail",
            "error",
        ),
        ("error", "retry", "requested"),
        ("active stopped error unknown shelved", "delete", "deleting"),
        ("deleting", "deleted", "deleted"),
        # What others made comes in running or stopped; it goes as it came, and may come again under the same id.
        ("requested deleted", "adopt", "adopting"),
        ("adopting", "run", "active"),
        ("adopting", "halt", "stopped"),
        ("active stopped error unknown", "release", "releasing"),
        ("adopting releasing", "released", "deleted"),
        ("adopting releasing", "fail", "error"),
    ),
    transitional=frozenset(
        (
            "requested building starting stopping rebooting resizing rebuilding migrating reverting deleting "
            "adopting releasing shelving unshelving"
        ).split()
    ),
)

VOLUME = Lifecycle(
    "volume",
    "requested",
    _moves(
        ("requested", "build", "creating"),
        ("creating", "ready", "available"),
        ("available error", "attach", "attaching"),
        ("attaching", "attached", "in_use"),
        ("attaching", "detached", "available"),
        ("in_use error", "detach", "detaching"),
        ("detaching", "detached", "available"),
        ("detaching", "attached", "in_use"),
        ("available in_use", "grow", "growing"),
        ("growing", "ready", "available"),
        ("growing", "attached", "in_use"),
        ("requested creating attaching detaching growing deleting", "fail", "error"),
        ("available in_use", "gone", "error"),
        ("error", "ready", "available"),
        ("in_use", "seen_detached", "available"),
        ("available in_use", "seen_attached", "in_use"),
        ("error", "retry", "requested"),
        ("available error", "delete", "deleting"),
        ("deleting", "deleted", "deleted"),
        ("requested deleted", "adopt", "adopting"),
        ("adopting releasing", "ready", "available"),
        ("adopting releasing", "attached", "in_use"),
        ("available in_use error", "release", "releasing"),
        ("adopting releasing", "released", "deleted"),
        ("adopting releasing", "fail", "error"),
    ),
    transitional=frozenset("requested creating attaching detaching growing deleting adopting releasing".split()),
)

SNAPSHOT = Lifecycle(
    "snapshot",
    "requested",
    _moves(
        ("requested", "build", "creating"),
        ("creating", "ready", "available"),
        ("requested creating deleting", "fail", "error"),
        ("error", "retry", "requested"),
        ("available error", "delete", "deleting"),
        ("deleting", "deleted", "deleted"),
    ),
    final=frozenset({"deleted"}),
    transitional=frozenset("requested creating deleting".split()),
)

VOLUME_SNAPSHOT = Lifecycle(
    "volume_snapshot", SNAPSHOT.initial, SNAPSHOT.moves, final=SNAPSHOT.final, transitional=SNAPSHOT.transitional
)

# Images, networks and security groups are made on a host when an instance first needs them, so that their own
# state says only whether they may be used.
IMAGE = Lifecycle(
    "image",
    "active",
    _moves(
        ("active", "retire", "retired"),
        ("retired", "restore", "active"),
        ("active retired", "delete", "deleting"),
        ("deleting", "deleted", "deleted"),
        ("deleting", "fail", "retired"),
    ),
    final=frozenset({"deleted"}),
    transitional=frozenset({"deleting"}),
)

NETWORK = Lifecycle(
    "network",
    "active",
    _moves(("active error", "delete", "deleting"), ("deleting", "deleted", "deleted"), ("deleting", "fail", "error")),
    final=frozenset({"deleted"}),
    transitional=frozenset({"deleting"}),
)

FLOATING_ADDRESS = Lifecycle(
    "floating_address",
    "requested",
    _moves(
        ("requested", "build", "allocating"),
        ("allocating", "ready", "available"),
        ("available", "associate", "associating"),
        ("associating", "associated", "in_use"),
        ("associating", "disassociated", "available"),
        ("in_use", "disassociate", "disassociating"),
        ("disassociating", "disassociated", "available"),
        ("disassociating", "associated", "in_use"),
        ("in_use", "seen_disassociated", "available"),
        ("available in_use", "seen_associated", "in_use"),
        ("available in_use", "gone", "error"),
        ("requested allocating associating disassociating deleting", "fail", "error"),
        ("error", "retry", "requested"),
        ("available error", "delete", "deleting"),
        ("deleting", "deleted", "deleted"),
    ),
    final=frozenset({"deleted"}),
    transitional=frozenset("requested allocating associating disassociating deleting".split()),
)

SECURITY_GROUP = Lifecycle(
    "security_group",
    "active",
    _moves(
        ("active error", "change", "applying"),
        ("applying", "ready", "active"),
        ("applying deleting", "fail", "error"),
        ("active error", "delete", "deleting"),
        ("deleting", "deleted", "deleted"),
    ),
    final=frozenset({"deleted"}),
    transitional=frozenset({"applying", "deleting"}),
)

BUCKET = Lifecycle(
    "bucket",
    "creating",
    _moves(
        ("creating", "ready", "available"),
        ("available", "update", "updating"),
        ("updating", "ready", "available"),
        ("creating updating deleting", "fail", "error"),
        ("available", "gone", "error"),
        ("error", "ready", "available"),
        ("error", "retry", "creating"),
        ("available error", "delete", "deleting"),
        ("deleting", "deleted", "deleted"),
    ),
    final=frozenset({"deleted"}),
    transitional=frozenset({"creating", "updating", "deleting"}),
)

BUCKET_KEY = Lifecycle(
    "bucket_key",
    "creating",
    _moves(
        ("creating", "ready", "available"),
        ("available", "gone", "error"),
        ("error", "ready", "available"),
        ("creating available error", "delete", "deleting"),
        ("creating deleting", "fail", "error"),
        # A bucket takes its keys along, whatever became of them.
        ("creating available error deleting", "deleted", "deleted"),
    ),
    final=frozenset({"deleted"}),
    transitional=frozenset({"creating", "deleting"}),
)

REQUEST = Lifecycle(
    "request",
    "draft",
    _moves(
        ("draft returned", "submit", "submitted"),
        ("submitted", "approve", "approved"),
        ("submitted", "reject", "rejected"),
        ("submitted", "return", "returned"),
        ("draft submitted returned", "withdraw", "withdrawn"),
        ("approved failed", "provision", "provisioning"),
        ("provisioning", "fulfil", "fulfilled"),
        ("provisioning", "fail", "failed"),
    ),
    final=frozenset({"rejected", "withdrawn", "fulfilled"}),
    transitional=frozenset({"approved", "provisioning"}),
)

APPROVAL = Lifecycle(
    "approval",
    "waiting",
    _moves(
        ("waiting", "open", "pending"),
        ("pending", "approve", "approved"),
        ("pending", "reject", "rejected"),
        ("pending", "return", "returned"),
        ("waiting pending", "void", "void"),
    ),
    final=frozenset({"approved", "rejected", "returned", "void"}),
)

OPERATION = Lifecycle(
    "operation",
    "queued",
    _moves(
        ("queued", "claim", "running"),
        ("running", "claim", "running"),
        ("running", "succeed", "succeeded"),
        ("running queued", "undo", "undoing"),
        ("undoing", "claim", "undoing"),
        ("undoing", "fail", "failed"),
        ("undoing", "cancel", "cancelled"),
        ("failed", "retry", "queued"),
    ),
    final=frozenset({"succeeded", "cancelled"}),
    transitional=frozenset({"queued", "running", "undoing"}),
)

STEP = Lifecycle(
    "step",
    "pending",
    _moves(
        ("pending", "start", "running"),
        ("running", "start", "running"),
        ("running", "finish", "done"),
        ("running pending", "fail", "failed"),
        ("failed", "start", "running"),
        ("done running failed", "undo", "undone"),
        ("undone failed", "reset", "pending"),
    ),
)

HOST = Lifecycle(
    "host",
    "enabled",
    _moves(
        ("enabled draining maintenance disabled", "drain", "draining"),
        ("draining", "drained", "maintenance"),
        ("draining maintenance disabled", "enable", "enabled"),
        ("enabled draining maintenance", "disable", "disabled"),
    ),
    transitional=frozenset({"draining"}),
)

USER = Lifecycle(
    "user",
    "active",
    _moves(("active", "disable", "disabled"), ("disabled", "enable", "active")),
)

# A drift that is seen no more is closed, whoever mended it; one that was accepted and is seen again is open again.
DRIFT = Lifecycle(
    "drift",
    "open",
    _moves(
        ("open", "accept", "accepted"),
        ("accepted", "reopen", "open"),
        ("open", "repair", "repairing"),
        ("repairing", "fail", "open"),
        ("repairing", "repaired", "closed"),
        ("open accepted", "vanish", "closed"),
    ),
    final=frozenset({"closed"}),
    transitional=frozenset({"repairing"}),
)

LIFECYCLES: dict[str, Lifecycle] = {
    table.noun: table
    for table in (
        INSTANCE,
        VOLUME,
        SNAPSHOT,
        VOLUME_SNAPSHOT,
        IMAGE,
        NETWORK,
        FLOATING_ADDRESS,
        SECURITY_GROUP,
        BUCKET,
        BUCKET_KEY,
        REQUEST,
        APPROVAL,
        OPERATION,
        STEP,
        HOST,
        USER,
        DRIFT,
    )
}
