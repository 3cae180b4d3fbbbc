"""The commands themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from egovcloud.cli.failures import Refused
from egovcloud.cli.local.main import Local, local
from egovcloud.cli.local.up import account, centre, cleaning, daemons, hypervisor, job
from egovcloud.cli.local.up.places import Places, systemd_runs
from egovcloud.cli.local.up.report import Stop, step
from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import Driver

STATE = Path("/var/lib/egovcloud")
StateDir = Annotated[Path, typer.Option("--state-dir", help="Where everything is kept.")]
REMEDY = "No hypervisor at hand? `make demo` shows everything on a simulated centre, without root."


def up(
    context: typer.Context,
    state_dir: StateDir = STATE,
    bind: Annotated[str, typer.Option(help="host:port of API and console.")] = "127.0.0.1:8080",
) -> None:
    """Set up a whole centre on this machine and run the main job once."""
    if os.geteuid() != 0:
        raise _refused(f"this needs root, to manage libvirt. {REMEDY}")
    places = Places(state_dir.absolute())
    try:
        places.make()
        _settings(places, bind)
        here = local(context).at(places.settings)
        hypervisor.start(places)
        built = hypervisor.image(places)
        virt = hypervisor.acceleration(places, built)
        with step("Database"):
            here.upgrade()
        centre.establish(here, places, built, virt)
        origin = here.settings.origin
        begun = here.house.clock()
        if daemons.start(places, origin):
            centre.await_look(here.house, since=begun)
        machines = job.run(here.house, places, origin)
        job.show(machines, origin, places)
    except (Stop, Problem, Refused) as problem:
        raise _refused(str(problem)) from problem


def down(
    context: typer.Context,
    state_dir: StateDir = STATE,
    everything: Annotated[bool, typer.Option("--all", help="Power off the machines too.")] = False,
) -> None:
    """Stop API, worker and console; machines keep running unless --all is given."""
    places = _existing(state_dir)
    try:
        with step("API, worker and console") as said:
            said.append("stopped" if daemons.stop(places) else "were not running")
        if everything:
            _with_driver(local(context).at(places.settings), cleaning.power_off)
            if not systemd_runs():
                with step("Hypervisor: libvirt"):
                    hypervisor.stop_own(places)
    except (Stop, Problem, Refused) as problem:
        raise _refused(str(problem)) from problem


def clean(context: typer.Context, state_dir: StateDir = STATE) -> None:
    """Remove everything that `up` made: machines, networks, pools, images, settings and database."""
    if not Places(state_dir.absolute()).settings.exists():
        typer.echo(f"There is nothing to remove: no centre is kept in {state_dir}.")
        return
    places = _existing(state_dir)
    try:
        with step("API, worker and console"):
            daemons.stop(places)
        hypervisor.start(places)
        here = local(context).at(places.settings)
        _with_driver(here, lambda driver, host: cleaning.remove(places, driver, host))
        daemons.remove_units()
        account.remove(places)
        if not systemd_runs():
            with step("Hypervisor: libvirt"):
                hypervisor.stop_own(places)
        with step(f"Directory {places.state}"):
            places.remove()
    except (Stop, Problem, Refused) as problem:
        raise _refused(str(problem)) from problem


def _with_driver(here: Local, act: Callable[[Driver, str], None]) -> None:
    found = cleaning.driver_of(here.house, here.providers)
    if found is not None:
        act(*found)


def _existing(state_dir: Path) -> Places:
    """The centre that is kept there, or the refusal."""
    places = Places(state_dir.absolute())
    if not places.settings.exists():
        raise _refused(f"no centre is kept in {state_dir}; `make up` makes one")
    return places


def _settings(places: Places, bind: str) -> None:
    """The settings file that every part of this centre reads; an edited one is kept."""
    if not places.settings.exists():
        lines = [f'state_dir = "{places.data}"', f'image_dir = "{places.images}"', f'bind = "{bind}"']
        places.settings.write_text("\n".join(lines) + "\n")


def _refused(sentence: str) -> typer.Exit:
    typer.echo(f"egovcloud: {sentence}", err=True)
    return typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("clean")(clean)
