"""The language of this run, known before the command tree is built because help texts are part of the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from egovcloud.domain.messages import CATALOGUE, render

LANGUAGES = ("en", "zh")

_current = "en"


def detect(argv: Sequence[str], environ: Mapping[str, str], configured: str | None = None) -> str:
    """``--lang`` wherever it stands, else ``EGOV_LANG``, else the configuration file, else English."""
    wanted = configured or ""
    wanted = environ.get("EGOV_LANG") or wanted
    for position, word in enumerate(argv):
        if word == "--":
            break
        if word.startswith("--lang="):
            wanted = word.partition("=")[2]
        elif word == "--lang" and position + 1 < len(argv):
            wanted = argv[position + 1]
    return "zh" if wanted.lower().startswith("zh") else "en"


def use(language: str) -> None:
    """Make ``language`` the one that ``say`` speaks."""
    global _current
    _current = language if language in LANGUAGES else "en"


def current() -> str:
    """``en`` or ``zh``: what is sent as Accept-Language too."""
    return _current


def say(code: str, /, **params: object) -> str:
    """The sentence for ``code`` in the language of this run."""
    return render(code, params, _current)


def known(code: str) -> bool:
    """Whether the catalogue has a sentence of its own for ``code``."""
    return code in CATALOGUE


def first_known(*codes: str) -> str:
    """The most particular code that has a sentence; the last one when none has."""
    return next((code for code in codes if code in CATALOGUE), codes[-1])
