"""Why a host was taken or refused, as the faces show it."""

from __future__ import annotations

from collections.abc import Iterable

from egovcloud.api.schemas import Answer, Ref
from egovcloud.domain.messages import render
from egovcloud.scheduler import Reason, Verdict

WEIGHER = "weigh_"


class ReasonView(Answer):
    """One filter that a host passed or not, or one weigher's say."""

    filter: str | None = None
    weigher: str | None = None
    ok: bool
    text: str


class HostReason(Answer):
    """One host's verdict; ``score`` is 0 to 1, higher is better, and 0 when the host was refused."""

    host: Ref
    accepted: bool
    score: float
    reasons: list[ReasonView]


def host_reasons(verdicts: Iterable[Verdict], language: str) -> list[HostReason]:
    """Verdicts in sentences, in the order of the scheduler."""
    return [
        HostReason(
            host=Ref(id=verdict.host_id, name=verdict.host_name),
            accepted=verdict.accepted,
            score=verdict.score,
            reasons=[_reason(reason, language) for reason in verdict.reasons],
        )
        for verdict in verdicts
    ]


def _reason(reason: Reason, language: str) -> ReasonView:
    text = render(reason.code, reason.params, language)
    if reason.name.startswith(WEIGHER):
        return ReasonView(weigher=reason.name.removeprefix(WEIGHER), ok=reason.ok, text=text)
    return ReasonView(filter=reason.name, ok=reason.ok, text=text)
