"""The audit record: who did what, when, from where, and whether it was allowed."""

from egovcloud.cli.declare import Noun, Param, choice, columns, ref, text
from egovcloud.cli.verbs import lists, shows

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
    ),
)
