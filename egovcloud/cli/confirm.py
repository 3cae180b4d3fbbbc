"""Before something is lost: the person types its name, a script says ``--yes``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from egovcloud.cli.failures import Usage
from egovcloud.cli.language import say
from egovcloud.cli.values import harmless

if TYPE_CHECKING:
    from egovcloud.cli.call import Call


def confirm(call: Call, name: str) -> None:
    """Return when the name was typed or ``--yes`` was given; refuse otherwise."""
    if call.values.get("yes"):
        return
    command = f"{call.noun.name} {call.verb.name}"
    if not sys.stdin.isatty():
        raise Usage("cli.confirm.needs_yes", command=command, name=name)
    sys.stderr.write(say("cli.confirm.ask", command=command, name=harmless(name)) + " ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != name:
        raise Usage("cli.confirm.differs", name=name)
