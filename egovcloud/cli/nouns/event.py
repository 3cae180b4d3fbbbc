"""Events: what happened, as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Verb, columns, ref, text
from egovcloud.cli.language import say
from egovcloud.cli.values import label, local_time
from egovcloud.cli.verbs import filters, lists

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

_ABOUT = (text("type"), text("subject_id", metavar="ID"), text("operation_id", metavar="ID"))


def run_follow(call: Call) -> None:
    """Events until Ctrl-C; after a break it goes on behind the last one seen."""
    from egovcloud.cli.stream import follow

    seen = str(call.values.get("since") or "")
    client = call.client
    call.output.note(say("cli.stream.open"))
    for event in follow(
        client,
        filters(call),
        last_id=seen,
        on_break=lambda error: call.output.note(say("cli.stream.again", detail=error)),
    ):
        document = event.document()
        call.output.line(document, _sentence(document))


def _sentence(event: dict[str, Any]) -> str:
    data = event.get("data")
    said = ", ".join(f"{key}={label(value)}" for key, value in data.items()) if isinstance(data, dict) else str(data)
    subject = f"{event.get('subject_type') or ''} {event.get('subject_id') or ''}".strip()
    return "  ".join(
        part for part in (local_time(event.get("at") or ""), str(event.get("type")), subject, said) if part
    )


NOUN = Noun(
    "event",
    "/events",
    names=("id",),
    searchable=False,
    columns=columns("id at:time type subject_type subject_id operation_id"),
    filters=(*_ABOUT, text("subject_type"), ref("department")),
    verbs=(
        lists(),
        Verb(
            "follow",
            run_follow,
            (*_ABOUT, text("since", metavar="ID", body=False)),
            examples=("event follow --type instance.active", "event follow -o json | jq .type"),
        ),
    ),
)
