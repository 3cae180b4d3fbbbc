"""Make, look at and disturb a simulated cloud: ``python -m egovcloud.drivers.simulator FILE COMMAND ...``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from egovcloud.drivers.simulator.faults import EVERY, LOST, Faults, FaultState
from egovcloud.drivers.simulator.log import CallLog
from egovcloud.drivers.simulator.schema import SimHost, SimPool, create_cloud

_HELP = """\
switches (NAME=VALUE; seconds, rates from 0 to 1, hosts and ids separated by commas, empty for none):
  latency=MEAN[,JITTER]          latency.CALL=MEAN[,JITTER]
  fail.KIND=RATE                 fail.KIND.CALL=RATE       (kinds of error: transient, permanent, conflict, ...)
  drop_answer=RATE               drop_answer.CALL=RATE
  hang=HOST,...                  unreachable=HOST,...
  duplicate_creation=0|1         visibility=SECONDS
  deaf=ID,...|*                  silent=ID,...|*
  boot=SECONDS                   shutdown=SECONDS          detach=SECONDS
"""


def apply(faults: Faults, setting: str) -> None:
    """Flip one switch given as ``name=value``; ``ValueError`` says what is wrong."""
    name, sign, value = setting.partition("=")
    if not sign:
        raise ValueError(f"{setting}: expected NAME=VALUE")
    head, _, rest = name.partition(".")
    names = tuple(part for part in value.split(",") if part)
    if head == "latency":
        mean, _, jitter = value.partition(",")
        faults.latency(float(mean), float(jitter or 0), call=rest or EVERY)
    elif head == "fail":
        kind, _, call = rest.partition(".")
        _forget(faults, kind, call or EVERY)
        if float(value):
            faults.fail(kind, float(value), call=call or EVERY)
    elif head == "drop_answer":
        _forget(faults, LOST, rest or EVERY)
        if float(value):
            faults.drop_answer(float(value), call=rest or EVERY)
    elif name in ("hang", "unreachable", "deaf", "silent"):
        field = "hung" if name == "hang" else name
        faults.set(**{field: names})
    elif name == "duplicate_creation":
        faults.duplicate_creation(value not in ("0", "false", "off", ""))
    elif name in ("visibility", "boot", "shutdown", "detach"):
        faults.set(**{name: float(value)})
    else:
        raise ValueError(f"{name}: no such switch")


def _forget(faults: Faults, kind: str, call: str) -> None:
    def edit(state: FaultState) -> FaultState:
        return replace(state, rules=tuple(r for r in state.rules if (r.kind, r.call) != (kind, call)))

    faults.change(edit)


def _host(text: str) -> SimHost:
    """``name[:vcpus[:memory_mib[:pool=gib,...]]]``; a pool that begins with ``+`` is shared between hosts."""
    name, vcpus, memory, pools = [*text.split(":"), "", "", ""][:4]
    made = [
        SimPool(pool.partition("=")[0].lstrip("+"), float(pool.partition("=")[2] or 2000), pool.startswith("+"))
        for pool in pools.split(",")
        if pool
    ]
    return SimHost(name, int(vcpus or 64), int(memory or 262_144), made or (SimPool("local"),))


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 for a switch that does not exist or a value that does not fit."""
    parser = argparse.ArgumentParser(
        prog="python -m egovcloud.drivers.simulator",
        description=__doc__,
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make the file; hosts as name:vcpus:memory_mib:pool=gib,+shared=gib")
    create.add_argument("hosts", nargs="+", type=_host)
    commands.add_parser("set", help="flip switches").add_argument("settings", nargs="+")
    commands.add_parser("show", help="the switches as they stand, as JSON")
    commands.add_parser("calm", help="every fault off")
    calls = commands.add_parser("calls", help="the log of mutating calls, one JSON object a line")
    calls.add_argument("--id", default=None)
    options = parser.parse_args(arguments)
    if options.command == "create":
        create_cloud(options.file, options.hosts)
        return 0
    faults = Faults(options.file)
    if options.command == "set":
        try:
            for setting in options.settings:
                apply(faults, setting)
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    elif options.command == "calm":
        faults.calm()
    elif options.command == "calls":
        for record in CallLog(options.file).records(our_id=options.id):
            sys.stdout.write(json.dumps(asdict(record)) + "\n")
        return 0
    sys.stdout.write(json.dumps(asdict(faults.show()), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
