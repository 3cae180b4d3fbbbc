"""``egovctl``: the entry point. Whatever happens below ends here as a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from egovcloud.cli import connection, failures, language
from egovcloud.cli.failures import Interrupted, Refused
from egovcloud.cli.language import say
from egovcloud.cli.values import harmless
from egovcloud.domain.errors import Problem


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is one of ``failures.EXIT_CODES``."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows a replacement; it must not end the command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if "_EGOVCTL_COMPLETE" in os.environ:
        from egovcloud.cli.complete import answer

        return answer(arguments)
    language.use(language.detect(arguments, os.environ))
    try:
        config = connection.configuration()
        language.use(language.detect(arguments, os.environ, str(config.get("lang") or "")))
        return _run(arguments, config)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return failures.INTERRUPTED
    except BrokenPipeError:
        return _quietly()
    except Exception as error:
        _tell(error)
        return failures.exit_code(error)


def _run(arguments: list[str], config: Mapping[str, Any]) -> int:
    import typer

    from egovcloud.cli import build
    from egovcloud.cli.call import Call
    from egovcloud.cli.declare import Noun, Verb

    def invoke(noun: Noun, verb: Verb, values: Mapping[str, Any]) -> None:
        try:
            call = Call(noun, verb, values, config)
            verb.run(call)
            sys.stdout.flush()
        except BrokenPipeError:
            raise typer.Exit(_quietly()) from None

    command = build.root(invoke, _version)
    try:
        code = command.main(args=arguments, prog_name="egovctl", standalone_mode=False)
    except typer.Abort:
        return failures.INTERRUPTED
    except typer.TyperException as error:
        _tell_usage(error)
        return failures.USAGE
    return code if isinstance(code, int) else failures.OK


def _quietly() -> int:
    """The reader of our output has gone (``| head``): nothing is wrong, and nothing more can be said."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return failures.OK


def _tell(error: Exception) -> None:
    sys.stdout.flush()
    for line in sentences(error):
        sys.stderr.write(f"egovctl: {harmless(line)}\n")


def sentences(error: Exception) -> list[str]:
    """What the user reads: the sentence, then the fields at fault, then how to find the trace on the server."""
    if isinstance(error, Interrupted):
        return [say("cli.interrupted", id=error.operation_id)]
    if isinstance(error, Refused):
        lines = [f"{error.sentence} ({error.field})" if error.field else error.sentence]
        lines += [f"  {entry.get('field') or '-'}: {entry.get('detail') or ''}" for entry in error.errors]
        if error.kind == "unauthenticated":
            lines.append(say("cli.sign_in"))
        if error.status >= 500 and error.trace_id:
            lines.append(say("cli.trace", id=error.trace_id))
        return lines
    if isinstance(error, Problem):
        return [error.text(language.current())]
    return [say("cli.unexpected", error=f"{type(error).__name__}: {error}", path=_keep_trace(error))]


def _keep_trace(error: Exception) -> str:
    """The traceback goes to a file for whoever mends this, never to the terminal; the path, or a dash."""
    import traceback
    from pathlib import Path

    base = os.environ.get("XDG_STATE_HOME")
    path = (Path(base) if base else Path.home() / ".local" / "state") / "egovcloud" / "egovctl-error.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(traceback.format_exception(error))
    except OSError:
        return "-"
    return str(path)


def _tell_usage(error: Any) -> None:
    """Typer's words for a wrong command line, in the language of this run."""
    name = type(error).__name__
    if name == "NoArgsIsHelpError":
        sys.stderr.write(error.format_message() + "\n")
        return
    param = getattr(error, "param", None)
    hint = "/".join(getattr(param, "opts", ())) if param is not None else ""
    if param is not None and getattr(param, "param_type_name", "") == "argument":
        hint = str(param.metavar or param.name)
    if name == "NoSuchOption":
        text = say("cli.usage.no_option", option=error.option_name)
        near = [option for option in error.possibilities or () if option]
        if near:
            text += " " + say("cli.usage.near", near=", ".join(near))
    elif name == "MissingParameter":
        text = say("cli.usage.missing", option=hint)
    elif language.current() == "zh":
        text = say("cli.usage.other", detail=error.format_message())
    else:
        text = str(error.format_message())
    sys.stderr.write(f"egovctl: {harmless(text)}\n")
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", None)
    if context is not None:
        names = []
        while context is not None:
            names.append(str(context.info_name))
            context = context.parent
        path = " ".join(reversed(names))
    sys.stderr.write(say("cli.usage.help", command=f"{path or 'egovctl'} --help") + "\n")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"egovctl {version('egovcloud')}"
    except PackageNotFoundError:
        return "egovctl (not installed)"


if __name__ == "__main__":
    sys.exit(main())
