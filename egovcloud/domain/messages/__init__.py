"""Every sentence that a user may read, once, in both languages: code → (English, Chinese).

A sentence names the thing, the limit and the remedy. Values are filled in as text and never evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

Sentence = tuple[str, str]


def _load() -> dict[str, Sentence]:
    found: dict[str, Sentence] = {}
    for module in iter_modules(__path__):
        sentences: Mapping[str, Sentence] = import_module(f"{__name__}.{module.name}").SENTENCES
        for code, sentence in sentences.items():
            if code in found:
                raise ValueError(f"the message {code} is defined twice")
            found[code] = sentence
    return found


CATALOGUE: dict[str, Sentence] = _load()


def render(code: str, params: Mapping[str, object], language: str = "en") -> str:
    """The sentence for ``code`` in ``language`` (``zh``, else English); an unknown code is its own sentence.

    A value that is a problem of its own, ``{"code", "params"}``, becomes its sentence: causes are told in one language.
    """
    sentence = CATALOGUE.get(code)
    if sentence is None:
        return f"{code}: " + ", ".join(f"{k}={v}" for k, v in sorted(params.items()))
    column = 1 if language.startswith("zh") else 0
    values = _Lenient({name: _said(value, language) for name, value in params.items()})
    if (word := CATALOGUE.get(f"word.{params.get('resource')}")) is not None:
        values["resource"] = word[column]
    return sentence[column].format_map(values)


def _said(value: object, language: str) -> object:
    if isinstance(value, Mapping) and "code" in value:
        return render(str(value["code"]), value.get("params") or {}, language)
    return value


class _Lenient(dict[str, object]):
    """A value that is missing shows as its name, because a broken sentence must not hide the error that it tells."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
