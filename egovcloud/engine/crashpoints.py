"""Named points at which a test may kill or stop the worker; nothing happens at them otherwise."""

from __future__ import annotations

from collections.abc import Callable

BEFORE_CALL = "before_call"
AFTER_EFFECT = "after_effect"
AFTER_RECORD = "after_record"
POINTS = (BEFORE_CALL, AFTER_EFFECT, AFTER_RECORD)
BEFORE_UNDO = "before_undo"
AFTER_UNDO = "after_undo"
AFTER_UNDO_RECORD = "after_undo_record"
UNDO_POINTS = (BEFORE_UNDO, AFTER_UNDO, AFTER_UNDO_RECORD)

Hook = Callable[[str, str, str, str], None]
_hook: Hook | None = None


def install(hook: Hook | None) -> None:
    """Call ``hook(kind, step, point, operation_id)`` at every point; ``None`` removes it."""
    global _hook
    _hook = hook


def reach(kind: str, step: str, point: str, operation_id: str) -> None:
    """The worker is at this point."""
    if _hook is not None:
        _hook(kind, step, point, operation_id)
