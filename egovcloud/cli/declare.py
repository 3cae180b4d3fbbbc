"""The vocabulary in which every noun is declared: columns, parameters, verbs. Data, so that nouns are not programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

Run = Callable[["Call"], None]
Convert = Callable[["Call", Any], Any]


@dataclass(frozen=True)
class Column:
    """One column: ``key`` names it, ``path`` finds it in the answer (dots), ``style`` says how a table shows it."""

    key: str
    path: str
    style: str = "text"


def columns(text: str) -> tuple[Column, ...]:
    """``"name memory=memory_mib:mib"`` → columns; styles: text, state, time, mib, gib, flag, count, progress."""
    found = []
    for word in text.split():
        rest, _, style = word.partition(":")
        key, _, path = rest.partition("=")
        found.append(Column(key, path or key, style or ("state" if key == "state" else "text")))
    return tuple(found)


@dataclass(frozen=True)
class Param:
    """One option or positional argument.

    ``kind``: text, int, number, flag (given or not), switch (on/off/not said), choice, ref (a thing of ``noun`` by
    id or name → id), file (a path → its text), json (JSON text or ``@file``), target (what the verb acts on).
    ``many`` repeats it; ``commas`` allows several of its choices in one word. ``key`` is its place in the request's
    body or query, ``body`` whether it has one. ``within`` are other parameters of the command whose thing narrows
    the search for a ref's name.
    """

    name: str
    kind: str = "text"
    noun: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    many: bool = False
    argument: bool = False
    key: str = ""
    short: str = ""
    option: str = ""
    default: Any = None
    metavar: str = ""
    within: tuple[str, ...] = ()
    commas: bool = False
    convert: Convert | None = None
    body: bool = True

    @property
    def flag_name(self) -> str:
        """How it is written: ``--memory-mib``."""
        return self.option or "--" + self.name.replace("_", "-")

    @property
    def api_key(self) -> str:
        """Where it goes in the request."""
        if self.key:
            return self.key
        if self.kind == "ref":
            return self.name + ("_ids" if self.many else "_id")
        return self.name


def text(name: str, **more: Any) -> Param:
    return Param(name, "text", **more)


def integer(name: str, **more: Any) -> Param:
    return Param(name, "int", metavar=more.pop("metavar", "N"), **more)


def switch(name: str, **more: Any) -> Param:
    return Param(name, "switch", **more)


def flag(name: str, **more: Any) -> Param:
    return Param(name, "flag", **more)


def choice(name: str, *choices: str, **more: Any) -> Param:
    return Param(name, "choice", choices=choices, **more)


def ref(name: str, noun: str = "", **more: Any) -> Param:
    """A thing by id or name; a list is written in the singular (``--network a --network b`` → ``network_ids``)."""
    return Param(name, "ref", noun=noun or name.replace("_", "-"), **more)


@dataclass(frozen=True)
class Verb:
    """What can be done with a noun. The flags decide which shared options the command gets.

    ``danger`` asks for the name here; ``confirms`` hands it to the server too, which asks for it as well. ``filtered``
    takes the noun's filters though it is no list.
    """

    name: str
    run: Run
    params: tuple[Param, ...] = ()
    writes: bool = False
    slow: bool = False
    danger: bool = False
    confirms: bool = False
    lists: bool = False
    filtered: bool = False
    columns: tuple[Column, ...] = ()
    method: str = "POST"
    suffix: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Noun:
    """A noun of the API.

    ``names`` are the attributes that people call a thing by; ``scopes`` narrow a name; ``searchable`` says whether
    the list takes ``q``.
    """

    name: str
    path: str
    verbs: tuple[Verb, ...]
    columns: tuple[Column, ...] = ()
    names: tuple[str, ...] = ("name",)
    scopes: tuple[str, ...] = ()
    filters: tuple[Param, ...] = ()
    searchable: bool = True
    sections: dict[str, tuple[Column, ...]] = field(default_factory=dict)

    def verb(self, name: str) -> Verb:
        """The verb of that name; KeyError when there is none."""
        for verb in self.verbs:
            if verb.name == name:
                return verb
        raise KeyError(name)
