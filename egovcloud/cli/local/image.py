"""``egovcloud image``: guest images made on the spot."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from egovcloud.cli.local import guest

commands = typer.Typer(help="Guest images.", no_args_is_help=True)


@commands.command()
def build(
    directory: Annotated[Path, typer.Argument(help="Where it is kept; one that is there and current stays.")],
) -> None:
    """Build the small guest image out of Debian's packages, and print how it is registered."""
    try:
        built = guest.build(directory.absolute(), say=typer.echo)
    except guest.GuestBuildError as error:
        raise _refused(str(error)) from error
    except OSError as error:
        reason = f"{error.filename or directory}: {error.strerror}; name a directory that can be written"
        raise _refused(reason) from error
    typer.echo(f"{built.name} {built.version} lies in {built.directory}; to offer it:")
    for variant in built.variants:
        typer.echo(shlex.join(registration(built, variant)))


def _refused(reason: str) -> typer.Exit:
    typer.echo(f"egovcloud: {reason}", err=True)
    return typer.Exit(1)


def registration(built: guest.GuestImage, variant: guest.Variant) -> list[str]:
    """The words of ``egovctl`` that register one way to boot."""
    words = ["egovctl", "image", "create", "--name", f"Debian {variant.name}", "--firmware", variant.boot]
    words += ["--disk", str(built.path(variant.disk)), "--sha256", built.files[variant.disk].sha256]
    if variant.boot == "direct":
        words += ["--kernel", str(built.path(variant.kernel)), "--initrd", str(built.path(variant.initrd))]
        words += ["--cmdline", variant.cmdline]
    words += ["--min-disk-gib", str(-(-variant.min_disk_mib // 1024)), "--login-user", built.login_user]
    return [*words, "--visibility", "public"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="image")
