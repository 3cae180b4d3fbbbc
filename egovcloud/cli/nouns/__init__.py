"""The nouns, by name; each module is loaded only when its noun is used, which keeps every start short."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from egovcloud.cli.declare import Noun

# In the order of the help and the reference: (heading, nouns).
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "work",
        ("request", "approval", "instance", "volume", "snapshot", "volume-snapshot", "bucket", "operation", "event"),
    ),
    ("catalogue", ("flavor", "image", "network", "floating-address", "security-group", "ssh-key")),
    ("tenants", ("department", "project", "application", "quota", "user", "role", "token", "session", "audit")),
    ("resources", ("site", "zone", "host-pool", "host", "storage-pool", "provider", "adopt", "placement", "drift")),
)
TOP = ("login", "logout", "whoami", "overview", "search", "completion")
NAMES: tuple[str, ...] = tuple(name for _, names in GROUPS for name in names)


@cache
def load(name: str) -> Noun:
    """The declaration of a noun; KeyError for a name that is none. ``top`` holds the commands without a noun."""
    if name not in NAMES and name != "top":
        raise KeyError(name)
    noun = import_module(f"{__name__}.{name.replace('-', '_')}").NOUN
    assert isinstance(noun, Noun)
    return noun


def by_type(subject_type: str) -> Noun | None:
    """The noun of a subject type of the API (``security_group``)."""
    name = subject_type.replace("_", "-")
    return load(name) if name in NAMES else None
