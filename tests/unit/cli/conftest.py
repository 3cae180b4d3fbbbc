"""A cloud to talk to, and the command line as a person would run it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egovcloud.cli.main import main
from tests.unit.cli.cloud import TOKEN, Cloud, ref, uid


@dataclass(frozen=True)
class Result:
    """What a person sees of one run."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A server with a few things in it."""
    made = Cloud()
    civil, market = ref(1, "民政局"), ref(2, "市监局")
    made.put(
        "/departments",
        {**civil, "code": "mzj", "kind": "bureau", "parent": ref(9, "市")},
        {**market, "code": "sjj", "kind": "bureau", "parent": ref(9, "市")},
    )
    made.put("/projects", {**ref(11, "社会救助"), "department": civil}, {**ref(12, "市场监管"), "department": market})
    made.put("/flavors", *({**ref(21 + i, name), "vcpus": 2} for i, name in enumerate(("small", "large"))))
    made.put("/images", ref(31, "debian-12"))
    made.put("/networks", ref(41, "office"))
    made.put("/ssh-keys", ref(51, "laptop"))
    made.put("/security-groups", {**ref(61, "web"), "project": ref(11, "社会救助"), "department": civil})
    made.put("/instances", instance(101, "web-1"), instance(102, "web-2"), instance(103, "数据库"))
    yield made
    made.close()


def instance(number: int, name: str, **more: Any) -> dict[str, Any]:
    """An instance as the API shows it."""
    return {
        **ref(number, name),
        "generation": 3,
        "state": "active",
        "department": ref(1, "民政局"),
        "project": ref(11, "社会救助"),
        "addresses": ["10.0.0.5"],
        "vcpus": 2,
        "memory_mib": 4096,
        "disk_gib": 20,
        "host": None,
        "login_user": "root",
        "ports": [{"network": ref(41, "office"), "mac": "52:54:00:00:00:01", "address": "10.0.0.5"}],
        "security_groups": [ref(61, "web")],
        "created_at": "2026-11-23T02:00:00Z",
        **more,
    }


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home of its own, no settings of whoever runs the tests, and the clock's zone UTC."""
    for name in ("EGOV_LANG", "EGOV_TOKEN_FILE", "EGOV_CA", "EGOV_ALLOW_HTTP", "EGOV_URL", "EGOV_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    return tmp_path


@pytest.fixture
def run(cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``egovctl`` against ``cloud``, signed in by EGOV_TOKEN."""
    monkeypatch.setenv("EGOV_URL", cloud.url)
    monkeypatch.setenv("EGOV_TOKEN", TOKEN)

    def call(*words: str) -> Result:
        capsys.readouterr()
        code = main(list(words))
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


__all__ = ["Result", "Run", "instance", "uid"]
