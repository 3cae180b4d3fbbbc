"""Completion of nouns, verbs, options, choices, and of names and ids asked from the server within a second.

The scripts insert each answer as one quoted word and never evaluate it: names come from other people.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from egovcloud.cli import connection, language
from egovcloud.cli.declare import Noun, Param, Verb
from egovcloud.cli.nouns import NAMES, TOP, load
from egovcloud.cli.options import COMMON, param_help, params_of, verb_help
from egovcloud.cli.values import harmless, label

# The shell waits for us; a slow server must not make the keyboard feel broken.
TIME_LIMIT_S = 1.0
MOST = 40
FILES = ":files"

Candidate = tuple[str, str]


def answer(words: Sequence[str]) -> int:
    """Candidates for the last of ``words``, one ``value<TAB>description`` a line; trouble is silence."""
    try:
        config = connection.configuration()
        language.use(language.detect(words, os.environ, str(config.get("lang") or "")))
        for value, about in candidates(list(words), config):
            sys.stdout.write(f"{harmless(value)}\t{harmless(about)}\n")
        sys.stdout.flush()
    except Exception:
        # Whatever is wrong shows when the command is run; a key press is no place for an error.
        return 1
    return 0


def candidates(words: list[str], config: dict[str, Any]) -> Iterator[Candidate]:
    """What may stand in the place of the last word."""
    before, current = words[:-1], words[-1] if words else ""
    before = _without_common(before)
    if not before:
        names: list[Candidate] = [(name, language.say(f"cli.about.{name}")) for name in NAMES]
        top = load("top")
        names += [(name, verb_help(top, top.verb(name))) for name in TOP]
        yield from _starting(names, current)
        return
    if before[0] in TOP:
        noun, verb, rest = load("top"), load("top").verb(before[0]), before[1:]
    elif before[0] not in NAMES:
        return
    else:
        noun = load(before[0])
        if len(before) == 1:
            yield from _starting([(verb.name, verb_help(noun, verb)) for verb in noun.verbs], current)
            return
        verb, rest = noun.verb(before[1]), before[2:]
    yield from _of_verb(noun, verb, rest, current, config)


def _of_verb(noun: Noun, verb: Verb, rest: list[str], current: str, config: dict[str, Any]) -> Iterator[Candidate]:
    params = list(params_of(noun, verb))
    by_flag = {flag: param for _, param in params for flag in (param.flag_name, param.short) if flag}
    values, position, waiting = _parse(rest, by_flag)
    if waiting is not None:
        yield from _values(noun, waiting, current, values, config)
    elif current.startswith("--") and "=" in current:
        flag, _, start = current.partition("=")
        if flag in by_flag:
            for value, about in _values(noun, by_flag[flag], start, values, config):
                yield f"{flag}={value}", about
    elif current.startswith("-"):
        flags = [(p.flag_name, param_help(noun, verb, group, p)) for group, p in params if not p.argument]
        yield from _starting([*flags, ("--help", language.say("cli.help.help"))], current)
    else:
        arguments = [param for _, param in params if param.argument]
        here = arguments[min(position, len(arguments) - 1)] if arguments else None
        if here is not None and (position < len(arguments) or here.many):
            yield from _values(noun, here, current, values, config)


def _parse(words: Sequence[str], by_flag: dict[str, Param]) -> tuple[dict[str, str], int, Param | None]:
    """(options given, positional words so far, the option that waits for its value)."""
    values: dict[str, str] = {}
    position = 0
    waiting: Param | None = None
    for word in words:
        if waiting is not None:
            values[waiting.name] = word
            waiting = None
            continue
        flag, equals, value = word.partition("=")
        param = by_flag.get(flag)
        if param is None:
            position += 0 if word.startswith("-") else 1
        elif equals:
            values[param.name] = value
        elif param.kind not in ("flag", "switch"):
            waiting = param
    return values, position, waiting


def _values(
    noun: Noun, param: Param, start: str, values: dict[str, str], config: dict[str, Any]
) -> Iterator[Candidate]:
    if param.choices:
        yield from _starting([(choice, "") for choice in param.choices], start)
    elif param.kind == "file" or param.metavar in ("FILE", "JSON|@FILE"):
        yield FILES, ""
    elif param.kind == "target":
        yield from _things(load(param.noun) if param.noun else noun, start, values, config)
    elif param.kind == "ref":
        yield from _things(load(param.noun), start, values, config)


def _things(noun: Noun, start: str, values: dict[str, str], config: dict[str, Any]) -> Iterator[Candidate]:
    """Names of things that begin like ``start``; an ambiguous name is offered as its ids."""
    from egovcloud.cli.client import Client
    from egovcloud.cli.resolve import is_id

    found = connection.connect(values, config)
    if not found.token:
        return
    client = Client(found, timeout=TIME_LIMIT_S, attempts=1)
    params: dict[str, Any] = {"limit": MOST, "q": start if noun.searchable and not _idlike(start) else ""}
    for scope in noun.scopes:
        value = values.get(scope, "")
        if is_id(value):
            params[f"{scope}_id"] = value
    items = client.get(noun.path, params)["items"]
    names = [str(item.get(noun.names[0]) or "") for item in items]
    for item, name in zip(items, names, strict=True):
        about = ", ".join(label(item[part]) for part in ("department", "project", "state") if item.get(part))
        if _idlike(start) and str(item.get("id", "")).startswith(start):
            yield str(item["id"]), f"{name} {about}".strip()
        elif name and name.startswith(start) and name == harmless(name):
            # A name that others bear too says nothing; its id does.
            yield (name if names.count(name) == 1 else str(item["id"])), about


def _idlike(start: str) -> bool:
    return len(start) >= 4 and all(character in "0123456789abcdef-" for character in start)


def _starting(pairs: Sequence[Candidate], start: str) -> Iterator[Candidate]:
    return (pair for pair in pairs if pair[0].startswith(start))


def _without_common(words: list[str]) -> list[str]:
    """The words from the noun on: options before it are taken off."""
    valued = {flag for param in COMMON if param.kind != "flag" for flag in (param.flag_name, param.short) if flag}
    index = 0
    while index < len(words) and words[index].startswith("-"):
        index += 2 if words[index] in valued else 1
    return words[index:]


_BASH = r"""# bash completion of egovctl
_egovctl() {
  local -a lines
  local line value
  COMPREPLY=()
  mapfile -t lines < <(_EGOVCTL_COMPLETE=1 egovctl "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  for line in "${lines[@]}"; do
    value=${line%%$'\t'*}
    if [ "$value" = ":files" ]; then
      compopt -o default
      return
    fi
    printf -v value '%q' "$value"
    COMPREPLY+=("$value")
  done
}
complete -F _egovctl egovctl
"""

_ZSH = r"""#compdef egovctl
_egovctl() {
  local -a values about
  local line
  while IFS= read -r line; do
    if [[ ${line%%$'\t'*} == ":files" ]]; then
      _files
      return
    fi
    values+=("${line%%$'\t'*}")
    about+=("${line/$'\t'/  -- }")
  done < <(_EGOVCTL_COMPLETE=1 egovctl "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  compadd -l -d about -a values
}
# In a directory of fpath the file itself is the function, and is called for the first completion.
if [[ ${funcstack[1]} == _egovctl ]]; then
  _egovctl "$@"
else
  compdef _egovctl egovctl
fi
"""

_FISH = r"""# fish completion of egovctl
function __egovctl_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (env _EGOVCTL_COMPLETE=1 egovctl $words[2..-1] 2>/dev/null)
        if string match -q ":files*" -- $line
            __fish_complete_path (commandline -ct)
            return
        end
        echo $line
    end
end
complete -c egovctl -f -a "(__egovctl_complete)"
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
