"""The systemd units: both run as an account of their own, shut in, with every place filled in."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from egovcloud.cli.local.up import daemons
from egovcloud.cli.local.up.places import Places

PLACES = Places(Path("/var/lib/egovcloud"))


def service(name: str) -> dict[str, str]:
    """The [Service] section; a setting that is given twice keeps its last value."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(daemons.unit(name, PLACES))
    return dict(parser["Service"])


@pytest.mark.parametrize("name", daemons.SERVICES)
def test_every_place_is_filled_in_and_is_there(name: str) -> None:
    text = daemons.unit(name, PLACES)
    assert "@" not in text.replace("@system-service", "")
    found = service(name)
    assert Path(found["ExecStart"].split()[0]).exists()
    code, state = found["BindReadOnlyPaths"].split()
    assert (Path(code) / "egovcloud" / "app.py").exists()
    assert (state, found["BindPaths"]) == (str(PLACES.state), str(PLACES.data))


@pytest.mark.parametrize("name", daemons.SERVICES)
def test_it_is_not_root_and_cannot_become_it(name: str) -> None:
    found = service(name)
    assert found["User"] == "egovcloud"
    assert found["NoNewPrivileges"] == "yes"
    assert found["ProtectSystem"] == "strict"
    assert found["CapabilityBoundingSet"] in ("", "CAP_NET_BIND_SERVICE")
    assert found["SystemCallFilter"] == "@system-service"


def test_the_two_differ_in_what_they_run_and_in_the_port_that_one_may_take() -> None:
    api, worker = map(service, daemons.SERVICES)
    differ = {key for key in api | worker if api.get(key) != worker.get(key)}
    assert differ == {"ExecStart", "CapabilityBoundingSet", "AmbientCapabilities"}
