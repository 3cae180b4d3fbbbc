"""The eight kinds of failure, so that every floor can say what to do next without knowing the others.

Each error carries a stable ``code`` and the values that its sentence needs; the sentence itself stands once, in
both languages, in ``egovcloud.domain.messages``. Faces map the kind to an HTTP status (RFC 9457) or an exit code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """Base of every failure that a user may read.

    ``code`` is a key of the message catalogue, ``params`` its values, ``field`` the input field at fault.
    """

    kind: ClassVar[str] = "permanent"

    def __init__(self, code: str, /, *, field: str | None = None, **params: object) -> None:
        self.code = code
        self.field = field
        self.params: dict[str, object] = params
        super().__init__(code)

    def text(self, language: str = "en") -> str:
        """The sentence in ``language`` (``en`` or ``zh``)."""
        from egovcloud.domain.messages import render

        return render(self.code, self.params, language)

    def __str__(self) -> str:
        return self.text("en")


def cause(error: Mapping[str, Any] | None) -> object:
    """What a stored failure says, as a value of another problem: its sentence is made when that one's is."""
    return {"code": error["code"], "params": error.get("params") or {}} if error and "code" in error else "-"


class Transient(Problem):
    """May succeed when tried again after ``retry_after`` seconds."""

    kind = "transient"

    def __init__(self, code: str, /, *, retry_after: float = 1.0, field: str | None = None, **params: object) -> None:
        super().__init__(code, field=field, **params)
        self.retry_after = retry_after


class Permanent(Problem):
    """Will not succeed however often it is tried."""

    kind = "permanent"


class NotFound(Problem):
    """The named thing does not exist, or the caller may not know that it does."""

    kind = "not_found"


class Conflict(Problem):
    """The thing is not in the state (or generation) that the call needs."""

    kind = "conflict"


class Unsupported(Problem):
    """The driver does not declare the capability that the call needs."""

    kind = "unsupported"


class QuotaExceeded(Problem):
    """A department, pool or host would exceed its limit.

    ``path`` is the department's: whoever may not see it is told neither its name nor its numbers.
    """

    kind = "quota_exceeded"
    path: str = ""

    def at(self, path: str) -> QuotaExceeded:
        """The same, of the department at ``path``."""
        self.path = path
        return self


class Forbidden(Problem):
    """The caller is known but may not do this."""

    kind = "forbidden"


class Unauthenticated(Problem):
    """The caller is not known."""

    kind = "unauthenticated"


class Invalid(Problem):
    """The input breaks a rule; ``field`` names where."""

    kind = "invalid"


KINDS: dict[str, type[Problem]] = {
    cls.kind: cls
    for cls in (
        Transient,
        Permanent,
        NotFound,
        Conflict,
        Unsupported,
        QuotaExceeded,
        Forbidden,
        Unauthenticated,
        Invalid,
    )
}
