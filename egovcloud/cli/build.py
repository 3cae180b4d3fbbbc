"""The command tree for Typer, made from the declarations; a command is built only when it is the one that runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from egovcloud.cli import help as pages
from egovcloud.cli.declare import Noun, Param, Verb
from egovcloud.cli.failures import Usage
from egovcloud.cli.nouns import NAMES, TOP, load
from egovcloud.cli.options import COMMON, params_of, verb_help, written

Invoke = Callable[[Noun, Verb, Mapping[str, Any]], None]
_PREFIX = "value_"


class Plain:
    """Turns words into values. Typer's own way imports pydantic, a tenth of a second for texts and numbers."""

    def __init__(self, param: Param, shown: str) -> None:
        self._param = param
        self._shown = shown

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The contract of Typer's runtime parameters: None stays None, a list stays a list."""
        if value is None:
            return [] if self._param.many else None
        if self._param.many:
            return [self._one(word) for word in value]
        return self._one(value)

    def _one(self, word: Any) -> Any:
        kind = self._param.kind
        if kind == "int" and not isinstance(word, int):
            try:
                return int(word)
            except ValueError:
                raise Usage("cli.bad_number", option=self._shown, value=word) from None
        if kind == "number" and not isinstance(word, float):
            try:
                return float(word)
            except ValueError:
                raise Usage("cli.bad_number", option=self._shown, value=word) from None
        words = str(word).split(",") if self._param.commas else [word]
        if self._param.choices and any(one not in self._param.choices for one in words):
            choices = ", ".join(self._param.choices)
            raise Usage("cli.bad_choice", option=self._shown, value=word, choices=choices)
        return word


class Command(TyperCommand):
    """A verb; its help page is ours."""

    page: Callable[[], str]

    def get_help(self, ctx: Any) -> str:
        return self.page()

    def get_help_option(self, ctx: Any) -> Any:
        return _light_help(super().get_help_option(ctx))


class Group(TyperGroup):
    """Verbs of a noun, or nouns of the program; children are made when they are asked for."""

    page: Callable[[], str]
    children: dict[str, Callable[[], Any]]
    title = ""

    def get_help(self, ctx: Any) -> str:
        return self.page()

    def get_help_option(self, ctx: Any) -> Any:
        return _light_help(super().get_help_option(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.children)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.children:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = self.children[cmd_name]()
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.children and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.children, n=3, cutoff=0.5)
            code = "cli.usage.no_command_near" if near else "cli.usage.no_command"
            raise Usage(code, name=args[0], near=", ".join(near), command=f"{pages.PROGRAM} {self.title}".rstrip())
        return super().resolve_command(ctx, args)


def root(invoke: Invoke, version: Callable[[], str]) -> Any:
    """The whole program. Options before the noun count for every command behind it."""
    given: dict[str, Any] = {}

    def remember(**values: Any) -> None:
        found = _named(values)
        if found.pop("version", False):
            typer.echo(version())
            raise typer.Exit(0)
        given.update({name: value for name, value in found.items() if value not in (None, False, [])})

    def remember_too(**values: Any) -> None:
        remember(**values)

    def run(noun: Noun, verb: Verb, values: Mapping[str, Any]) -> None:
        own = {name: value for name, value in values.items() if value not in (None, False, [])}
        invoke(noun, verb, {**values, **given, **own})

    top = load("top")
    group = _group(remember, (*COMMON, Param("version", "flag")), pages.root_page)
    group.children = {name: _noun_factory(name, remember_too, run) for name in NAMES}
    group.children |= {name: _verb_factory(top, top.verb(name), run) for name in TOP}
    return group


def noun_group(noun: Noun, remember: Callable[..., None], run: Invoke) -> Group:
    """One noun with its verbs."""
    group = _group(remember, COMMON, lambda: pages.noun_page(noun))
    group.title = noun.name
    group.children = {verb.name: _verb_factory(noun, verb, run) for verb in noun.verbs}
    return group


def verb_command(noun: Noun, verb: Verb, run: Invoke) -> Command:
    """One verb as a Typer command whose signature is made from its parameters."""

    def callback(**values: Any) -> None:
        run(noun, verb, _named(values))

    params = tuple(param for _, param in params_of(noun, verb))
    _sign(callback, noun, params)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(verb.name, cls=Command, help=verb_help(noun, verb))(callback)
    command = typer.main.get_command(app)
    assert isinstance(command, Command)
    command.page = lambda: pages.verb_page(noun, verb)
    _lighten(command, params, noun)
    return command


def _noun_factory(name: str, remember: Callable[..., None], run: Invoke) -> Callable[[], Any]:
    return lambda: noun_group(load(name), remember, run)


def _verb_factory(noun: Noun, verb: Verb, run: Invoke) -> Callable[[], Any]:
    return lambda: verb_command(noun, verb, run)


def _group(callback: Callable[..., None], params: tuple[Param, ...], page: Callable[[], str]) -> Group:
    noun = load("top")
    _sign(callback, noun, params)
    app = typer.Typer(
        cls=Group, add_completion=False, rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False
    )
    app.callback()(callback)
    group = typer.main.get_command(app)
    assert isinstance(group, Group)
    _lighten(group, params, noun)
    group.page = page
    return group


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(_PREFIX): value for name, value in values.items()}


def _sign(function: Callable[..., None], noun: Noun, params: tuple[Param, ...]) -> None:
    """Give ``function`` the signature that Typer reads its parameters from."""
    parameters = []
    for param in params:
        kind: Any = {"int": int, "number": float, "flag": bool, "switch": bool}.get(param.kind, str)
        required = param.required
        default = inspect.Parameter.empty if required else param.default
        if param.many:
            kind = list[kind]
        elif param.kind == "flag":
            default = False
        elif not required and param.default is None:
            kind = kind | None
        # No metavar, no help: the pages are ours, and what Typer does not get it need not format.
        if param.argument:
            annotation: Any = Annotated[kind, typer.Argument(metavar=written(noun, param))]
        else:
            names = [name for name in (param.short, param.flag_name) if name]
            if param.kind == "switch":
                names = [f"{param.flag_name}/--no-{param.flag_name[2:]}"]
            annotation = Annotated[kind, typer.Option(*names)]
        parameters.append(
            inspect.Parameter(
                _PREFIX + param.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
        )
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {}


def _light_help(option: Any) -> Any:
    """``--help`` is Typer's own option and needs no pydantic either."""
    if option is not None and hasattr(option, "_runtime_param"):
        option._runtime_param = Plain(Param("help", "flag"), "--help")
    return option


def _lighten(command: Any, params: tuple[Param, ...], noun: Noun) -> None:
    """Put ``Plain`` in the place of Typer's coercion; a Typer without that place keeps its own."""
    declared = {_PREFIX + param.name: param for param in params}
    for made in command.params:
        if made.name in declared and hasattr(made, "_runtime_param"):
            param = declared[made.name]
            made._runtime_param = Plain(param, param.flag_name if not param.argument else written(noun, param))
