"""SSH keys: public ones, never the other half."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, columns, text
from egovcloud.cli.verbs import creates, deletes, lists
from egovcloud.domain.errors import Invalid

if TYPE_CHECKING:
    from egovcloud.cli.call import Call


def _public_key(call: Call, value: Any) -> str:
    """The file's text. A private key given by mistake must not leave this machine."""
    from egovcloud.cli.call import read_text

    content = read_text(str(value)).strip()
    if "PRIVATE KEY" in content:
        raise Invalid("cli.private_key", path=value)
    return content


NOUN = Noun(
    "ssh-key",
    "/ssh-keys",
    searchable=False,
    columns=columns("name fingerprint created=created_at:time id"),
    verbs=(
        lists(),
        creates(
            text("name", argument=True, required=True),
            Param("file", "text", argument=True, required=True, key="public_key", convert=_public_key, metavar="FILE"),
            name="add",
            examples=("ssh-key add laptop ~/.ssh/id_ed25519.pub",),
        ),
        deletes(),
    ),
)
