"""The account that API and worker run as where systemd starts them, and the files that are its own."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from pathlib import Path

from egovcloud.cli.local.up.places import Places

NAME = "egovcloud"
# libvirtd answers whoever is in the first (its polkit rule asks for members); sockets of screens belong to the second.
GROUPS = ("libvirt", "libvirt-qemu")


def ensure(places: Places) -> None:
    """The account is there and the data is its own; what is root's stays root's."""
    groups = [name for name in GROUPS if _group(name)]
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        words = ["--system", "--user-group", "--no-create-home", "--home-dir", str(places.state)]
        subprocess.run(["useradd", *words, "--shell", "/usr/sbin/nologin", NAME], check=True)
        _made(places).touch()
    made = pwd.getpwnam(NAME)
    if groups:
        subprocess.run(["usermod", "--append", "--groups", ",".join(groups), NAME], check=True)
    for path in (places.data, *places.data.rglob("*")):
        os.chown(path, made.pw_uid, made.pw_gid, follow_symlinks=False)


def remove(places: Places) -> None:
    """The account, if it was made here."""
    if _made(places).exists():
        subprocess.run(["userdel", NAME], check=True)
        _made(places).unlink()


def _made(places: Places) -> Path:
    return places.run / "account"


def _group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
