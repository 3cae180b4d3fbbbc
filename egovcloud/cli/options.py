"""Which parameters a command has: its own, and those that its kind of verb brings along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from egovcloud.cli.declare import Noun, Param, Verb
from egovcloud.cli.language import LANGUAGES, first_known, say
from egovcloud.cli.output import FORMATS
from egovcloud.cli.values import title

COMMON = (
    Param("output", "choice", short="-o", choices=FORMATS, body=False),
    Param("columns", metavar="KEY[,KEY]", body=False),
    Param("url", metavar="URL", body=False),
    Param("token_file", metavar="FILE", body=False),
    Param("ca", metavar="FILE", body=False),
    Param("allow_http", "flag", body=False),
    Param("lang", "choice", choices=LANGUAGES, body=False),
)
LISTING = (
    Param("query", short="-q", metavar="TEXT", body=False),
    Param("filter", many=True, metavar="KEY=VALUE", body=False),
    Param("sort", metavar="[-]FIELD", body=False),
    Param("limit", "int", metavar="N", body=False),
    Param("all", "flag", body=False),
    Param("after", metavar="CURSOR", body=False),
    Param("count", "flag", body=False),
)
DRY_RUN = Param("dry_run", "flag", body=False)
WAITING = (
    Param("wait", "flag", short="-w", body=False),
    Param("timeout", "int", metavar="SECONDS", default=900, body=False),
)
YES = Param("yes", "flag", short="-y", body=False)


def params_of(noun: Noun, verb: Verb) -> Iterator[tuple[str, Param]]:
    """(group, parameter) in the order of the help: own, scope, list, write, common; no name twice."""
    seen: set[str] = set()
    groups: list[tuple[str, tuple[Param, ...]]] = [("own", verb.params)]
    if verb.filtered or (verb.name == "list" and verb.lists):
        groups.append(("filter", tuple(replace(param, commas=param.kind == "choice") for param in noun.filters)))
    if any(param.name == "target" for param in verb.params):
        groups.append(("scope", tuple(_scope(noun, name) for name in noun.scopes)))
    if verb.lists:
        searched = noun.searchable and verb.name == "list"
        groups.append(("list", LISTING if searched else LISTING[1:]))
    own: tuple[Param, ...] = ()
    if verb.writes:
        own += (DRY_RUN,)
    if verb.slow:
        own += WAITING
    if verb.danger:
        own += (YES,)
    groups += [("write", own), ("common", COMMON)]
    for group, params in groups:
        for param in params:
            if param.name not in seen:
                seen.add(param.name)
                yield group, param


def _scope(noun: Noun, name: str) -> Param:
    within = tuple(other for other in noun.scopes if other in ("department", "project") and other != name)
    return Param(name, "ref", noun=name.replace("_", "-"), within=within if name != "department" else (), body=False)


def metavar(noun: Noun, param: Param) -> str:
    """What stands for the value in a usage line; empty for flags."""
    if param.kind in ("flag", "switch"):
        return ""
    if param.metavar:
        return param.metavar
    if param.kind == "target":
        return (param.noun or noun.name).upper()
    if param.kind == "ref":
        return param.noun.upper()
    if param.choices:
        return "|".join(param.choices)
    if param.argument:
        return param.name.upper()
    return {"int": "N", "number": "X", "json": "JSON"}.get(param.kind, "TEXT")


def written(noun: Noun, param: Param) -> str:
    """The parameter as the help's left column shows it."""
    value = metavar(noun, param)
    if param.argument:
        return value + ("..." if param.many and not value.endswith("]") else "")
    if param.kind == "switch":
        return f"{param.flag_name}/--no-{param.flag_name[2:]}"
    names = f"{param.short}, {param.flag_name}" if param.short else param.flag_name
    return f"{names} {value}".rstrip()


def param_help(noun: Noun, verb: Verb, group: str, param: Param) -> str:
    """Its sentence: the most particular one that the catalogue has."""
    code = help_code(noun, verb, group, param)
    text = say(code, noun=_word(param, noun), title=title(param.name).lower())
    notes = []
    if param.required and not param.argument:
        notes.append(say("cli.help.required"))
    if param.many and not param.argument:
        notes.append(say("cli.help.repeat"))
    if param.default not in (None, ""):
        notes.append(say("cli.help.default", value=param.default))
    return f"{text} [{'; '.join(notes)}]" if notes else text


def help_code(noun: Noun, verb: Verb, group: str, param: Param) -> str:
    """The catalogue's code for a parameter's help."""
    particular = (
        f"cli.param.{noun.name}.{verb.name}.{param.name}",
        f"cli.param.{noun.name}.{param.name}",
    )
    if group in ("filter", "scope"):
        return first_known(*particular, f"cli.{group}.{param.name}", f"cli.{group}.{param.kind}")
    if group in ("list", "write", "common"):
        return f"cli.param.{param.name}"
    return first_known(*particular, f"cli.param.{param.name}", f"cli.param.{param.kind}")


def verb_help(noun: Noun, verb: Verb) -> str:
    """What the verb does, in one sentence."""
    code = first_known(f"cli.verb.{noun.name}.{verb.name}", f"cli.verb.{verb.name}")
    word = say(f"cli.noun.{noun.name}")
    return say(code, noun=word, nouns=plural(noun.name), a_noun=_with_article(word))


def _with_article(word: str) -> str:
    """English wants "an" before a vowel's sound ("a user"); Chinese words pass as they are."""
    if not word.isascii():
        return word
    return f"an {word}" if word[:1].lower() in "aeio" or word.startswith("SSH") else f"a {word}"


def plural(name: str) -> str:
    """The noun for many, in the language of this run."""
    from egovcloud.cli.language import current

    word = say(f"cli.noun.{name}")
    if current() == "zh":
        return word
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("s") else "s")


def _word(param: Param, noun: Noun) -> str:
    return say(f"cli.noun.{param.noun or noun.name}")
