"""What can go wrong for a user of the command line, and the exit code that a script may rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from egovcloud.domain.errors import Problem

OK = 0
UNEXPECTED = 1
USAGE = 2
NOT_FOUND = 3
CONFLICT = 4
FORBIDDEN = 5
INVALID = 6
QUOTA = 7
OPERATION_FAILED = 8
TIMEOUT = 9
UNREACHABLE = 10
INTERRUPTED = 130

# Code → key of its sentence in the reference; the order is the order of the documentation.
EXIT_CODES: dict[int, str] = {
    OK: "cli.exit.ok",
    UNEXPECTED: "cli.exit.unexpected",
    USAGE: "cli.exit.usage",
    NOT_FOUND: "cli.exit.not_found",
    CONFLICT: "cli.exit.conflict",
    FORBIDDEN: "cli.exit.forbidden",
    INVALID: "cli.exit.invalid",
    QUOTA: "cli.exit.quota",
    OPERATION_FAILED: "cli.exit.operation",
    TIMEOUT: "cli.exit.timeout",
    UNREACHABLE: "cli.exit.unreachable",
    INTERRUPTED: "cli.exit.interrupted",
}

BY_KIND: dict[str, int] = {
    "permanent": UNEXPECTED,
    "not_found": NOT_FOUND,
    "conflict": CONFLICT,
    "precondition": CONFLICT,
    "unsupported": CONFLICT,
    "forbidden": FORBIDDEN,
    "unauthenticated": FORBIDDEN,
    "invalid": INVALID,
    "quota_exceeded": QUOTA,
    "transient": UNREACHABLE,
    "usage": USAGE,
    "operation": OPERATION_FAILED,
    "timeout": TIMEOUT,
}

_BY_STATUS = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    410: "not_found",
    412: "precondition",
    413: "invalid",
    415: "invalid",
    422: "invalid",
    429: "transient",
    502: "transient",
    503: "transient",
    504: "transient",
}


class Usage(Problem):
    """The command line itself is wrong."""

    kind: ClassVar[str] = "usage"


class OperationFailed(Problem):
    """The operation that was waited for ended in failure or was cancelled."""

    kind: ClassVar[str] = "operation"


class WaitedTooLong(Problem):
    """The operation goes on, but ``--timeout`` is over."""

    kind: ClassVar[str] = "timeout"


class Refused(Exception):
    """The server's answer, as a problem document (RFC 9457); its sentence is already in the user's language."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(document.get("code") or "")
        self.sentence = str(document.get("detail") or document.get("title") or f"HTTP {status}")
        self.field = document.get("field")
        errors = document.get("errors")
        self.errors: Sequence[Mapping[str, Any]] = (
            [error for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
        )
        self.trace_id = document.get("trace_id")
        kind = str(document.get("kind") or "")
        self.kind = kind if kind in BY_KIND else _kind(status, self.code)
        super().__init__(self.sentence)


class Interrupted(Exception):
    """Ctrl-C while an operation was being followed."""

    def __init__(self, operation_id: str) -> None:
        self.operation_id = operation_id
        super().__init__(operation_id)


def _kind(status: int, code: str) -> str:
    """The status says it, but for quotas, which share 409 with other conflicts."""
    if status == 409 and code.startswith("quota."):
        return "quota_exceeded"
    return _BY_STATUS.get(status, "transient" if status >= 502 else "permanent")


def exit_code(error: BaseException) -> int:
    """The exit code of ``error``; whatever is not foreseen is 1."""
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return INTERRUPTED
    if isinstance(error, (Problem, Refused)):
        return BY_KIND.get(error.kind, UNEXPECTED)
    return UNEXPECTED
