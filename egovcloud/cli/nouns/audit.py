"""The audit record: who did what, when, from where, and whether it was allowed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, ref, text
from egovcloud.cli.language import say
from egovcloud.cli.verbs import filters, lists, shows
from egovcloud.domain.errors import Invalid

if TYPE_CHECKING:
    from egovcloud.cli.call import Call


def run_export(call: Call) -> None:
    """The trail as a file, written as it comes; a file that broke off does not bear its name."""
    params = filters(call) | {"q": call.values.get("query")}
    path = f"/audit-entries.{call.values['format']}"
    if call.values.get("file") in (None, "-"):
        call.client.download(path, params, sys.stdout.buffer)
        return
    target = Path(str(call.values["file"])).expanduser()
    part = target.with_name(target.name + ".part")
    try:
        with _private(part) as file:
            call.client.download(path, params, file)
        part.replace(target)
    except OSError as error:
        raise Invalid("cli.file.unwritable", path=target, detail=error.strerror) from None
    finally:
        part.unlink(missing_ok=True)
    call.output.note(say("cli.audit.exported", path=target, size=target.stat().st_size))


def _private(path: Path) -> BinaryIO:
    """For one's own eyes: who did what is nobody else's business."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


NOUN = Noun(
    "audit",
    "/audit-entries",
    names=("id",),
    columns=columns("at:time actor=actor_name action subject_type subject=subject_name outcome code address id"),
    filters=(
        ref("actor", "user"),
        text("action"),
        ref("department"),
        text("subject_type"),
        text("subject_id", metavar="ID"),
        choice("outcome", "success", "failure"),
        Param("from", metavar="TIME"),
        Param("to", metavar="TIME"),
    ),
    verbs=(
        lists(examples=("audit list --outcome failure --from 2026-11-01T00:00:00Z --all -o csv",)),
        shows(),
        Verb(
            "export",
            run_export,
            (
                choice("format", "csv", "jsonl", default="jsonl", body=False),
                Param("file", metavar="FILE", short="-f", body=False),
                Param("query", short="-q", metavar="TEXT", body=False),
            ),
            filtered=True,
            examples=("audit export --from 2026-01-01T00:00:00Z --file audit-2026.jsonl",),
        ),
    ),
)
