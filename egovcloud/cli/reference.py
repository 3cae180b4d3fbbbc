"""The reference, made from the same declarations as the help: ``python -m egovcloud.cli.reference > docs/cli.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from egovcloud.cli import language
from egovcloud.cli.declare import Noun, Param, Verb
from egovcloud.cli.failures import EXIT_CODES
from egovcloud.cli.help import command_of, usage_of
from egovcloud.cli.language import say
from egovcloud.cli.nouns import GROUPS, TOP, load
from egovcloud.cli.options import COMMON, DRY_RUN, LISTING, WAITING, YES, param_help, params_of, verb_help, written

_SHARED = (*COMMON, *LISTING, DRY_RUN, *WAITING, YES)

_INTRODUCTION = """\
<!-- Made by `python -m egovcloud.cli.reference > docs/cli.md`; a test keeps it current. -->

# egovctl

`egovctl` works the computing centre through its REST API (`/api/v1`): a noun, then what to do with it.

```console
$ egovctl login --url https://cloud.example.gov.cn
$ egovctl request create -f request.yaml --submit
$ egovctl request list --state submitted
$ egovctl request approve R20261123-0001 --comment ok --wait
$ egovctl instance list --project 社会救助 -o csv > instances.csv
$ egovctl instance ssh web-1
```

Things are named by id or by exact name. A name that means several things is refused with the candidates; `--project`
and `--department` say where to look.

## Connection

The first of these that is given counts.

| what | option | environment | `egovctl.toml` |
|---|---|---|---|
| address of the server | `--url` | `EGOV_URL` | `url` |
| token | `--token-file` | `EGOV_TOKEN`, `EGOV_TOKEN_FILE` | `token_file`; else what `egovctl login` keeps |
| certificates to trust | `--ca` | `EGOV_CA` | `ca`; else the system's |
| plain HTTP to another machine | `--allow-http` | `EGOV_ALLOW_HTTP=1` | `allow_http = true` |
| language | `--lang` | `EGOV_LANG` | `lang` |
| output | `-o` | | `output` |

`egovctl.toml` and `credentials.toml` lie in `$XDG_CONFIG_HOME/egovcloud` (`~/.config/egovcloud`). Certificates are
always verified. A token is sent only to the address it was made for, never stands on a command line, and its file must
be readable by its owner alone. Passwords are asked for without an echo, or read from a file or standard input.

## Output

`-o table` is for people: columns line up whatever the script, times are local, and a window's width is kept.
`-o json` and `-o yaml` give what the server said. `-o csv` is for spreadsheets; cells that one of them would run as a
formula begin with an apostrophe. `--columns name,department.name` chooses columns by key or path. Data goes to standard
output, everything else to standard error.

Lists give 50 things unless `--limit` or `--all` says otherwise, and name the cursor to go on from.

## Waiting

What takes long answers at once with an operation. `--wait` follows it, shows its steps, and prints what came of it.
Ctrl-C ends the waiting, not the operation. Every POST bears an Idempotency-Key, and a try that failed on the way is
repeated under the same key, so that nothing is made twice.

`--dry-run` prints the request that would be sent. What destroys something asks for its name; without a terminal it
needs `--yes`.

## A request in a file

```yaml
title: 社会救助系统扩容
purpose: 冬季救助高峰
project: 社会救助
application: 社会救助系统
items:
  - kind: instance          # the default
    name: web
    count: 2
    flavor: small
    image: debian-12
    networks: [office]
    security_groups: [web]
    ssh_keys: [laptop]
    anti_affinity: true
    user_data_file: seed.yaml   # beside this file
    volumes:
      - {name: data, size_gib: 200}
  - {kind: volume, name: archive, size_gib: 500, instance: db-1}
  - {kind: bucket, name: 档案, quota_gib: 200, versioning: true, expire_days: 3650, expire_prefix: 日志/}
  - {kind: grow_volume, volume: data-1, size_gib: 300}
  - {kind: resize_instance, instance: db-1, flavor: large}
```

## Completion

```console
$ egovctl completion bash > /etc/bash_completion.d/egovctl
$ egovctl completion zsh > "${fpath[1]}/_egovctl"
$ egovctl completion fish > ~/.config/fish/completions/egovctl.fish
```

Names and ids are asked from the server within a second; when it is slow or away there are none.
"""


def page() -> str:
    """The whole reference in English."""
    language.use("en")
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield "## Exit codes\n"
    yield "| code | meaning |\n|---|---|"
    for code, sentence in EXIT_CODES.items():
        yield f"| {code} | {say(sentence)} |"
    yield "\n## Options that many commands share\n"
    top = load("top")
    yield from _options(top, top.verbs[0], [("common", param) for param in COMMON])
    yield "\nLists also take:\n"
    yield from _options(top, top.verbs[0], [("list", param) for param in LISTING])
    yield "\nWrites also take `--dry-run`; what answers with an operation takes:\n"
    yield from _options(top, top.verbs[0], [("write", param) for param in WAITING])
    yield "\nWhat destroys something takes `-y, --yes`.\n"
    for heading, names in GROUPS:
        yield f"\n## {say(f'cli.group.{heading}')}"
        for name in names:
            noun = load(name)
            yield f"\n### {name}\n\n{say(f'cli.about.{name}')}"
            for verb in noun.verbs:
                yield from _verb(noun, verb)
    yield f"\n## {say('cli.group.session')}"
    for name in TOP:
        yield from _verb(top, top.verb(name))


def _verb(noun: Noun, verb: Verb) -> Iterator[str]:
    yield f"\n#### `{command_of(noun, verb)}`\n"
    yield f"{verb_help(noun, verb)}\n"
    yield f"```text\n{command_of(noun, verb)} {usage_of(noun, verb)}\n```"
    own = [(group, param) for group, param in params_of(noun, verb) if param not in _SHARED and param.name != "target"]
    if own:
        yield ""
        yield from _options(noun, verb, own)
    shared = [param.flag_name for group, param in params_of(noun, verb) if group in ("list", "write")]
    if shared:
        yield f"\nAlso: {', '.join(f'`{flag}`' for flag in shared)}"
    if verb.examples:
        yield "\n```console"
        yield from (f"$ egovctl {example}" for example in verb.examples)
        yield "```"


def _options(noun: Noun, verb: Verb, params: list[tuple[str, Param]]) -> Iterator[str]:
    yield "| | |\n|---|---|"
    for group, param in params:
        left = written(noun, param).replace("|", "\\|")
        right = param_help(noun, verb, group, param).replace("|", "\\|")
        yield f"| `{left}` | {right} |"


if __name__ == "__main__":
    sys.stdout.write(page())
