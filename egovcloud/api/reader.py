"""Who reads this answer: the caller, in the language that this request asks for."""

from __future__ import annotations

from dataclasses import replace

from egovcloud.api.call import Call
from egovcloud.api.problems import language
from egovcloud.services.actor import Actor


def reader(call: Call) -> Actor:
    """The caller with the request's language, for answers that hold sentences."""
    return replace(call.actor, language=language())
