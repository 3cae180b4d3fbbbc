"""The command line against the real server, as it is run: signing in, naming, waiting, following, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.services import user
from egovcloud.services.actor import SYSTEM
from tests.support.centre import Centre
from tests.support.server import Served
from tests.unit.cli.conftest import Result, Run


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A server with its worker, and the one-time password of ``admin``, who holds two roles of the centre."""
    state = tmp_path / "centre"
    state.mkdir()
    database = state / "centre.sqlite"
    database.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{database}"
    with Centre(url, state) as centre:
        roles = [("operator", centre.root), ("system_admin", centre.root), ("department_admin", centre.root)]
        _, once = user.create(
            centre.house,
            centre.installation.passwords,
            SYSTEM,
            username="admin",
            display_name="管理员",
            department_id=centre.root,
            roles=roles,
        )
    with Served(url, state, "--worker") as server:
        yield server, once


@pytest.fixture
def passwords(served: tuple[Served, str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options of a login that changes the first password; ``run`` speaks to the real server now."""
    server, once = served
    monkeypatch.setenv("EGOV_URL", server.url)
    monkeypatch.delenv("EGOV_TOKEN")
    first, new = tmp_path / "first", tmp_path / "new"
    for path, text in ((first, once), (new, "correct horse battery staple")):
        path.write_text(text + "\n", encoding="utf-8")
        path.chmod(0o600)
    return ["-u", "admin", "--password-file", str(first), "--new-password-file", str(new)]


def test_a_day_at_the_centre(run: Run, passwords: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    first, new = passwords[3], passwords[5]

    def ctl(*words: str, code: int = 0) -> Result:
        done = run(*words)
        assert done.code == code, (words, done.out, done.err)
        assert "Traceback" not in done.err
        return done

    ctl("login", *passwords)
    assert "admin" in ctl("whoami").out
    ctl("department", "create", "--name", "民政局", "--code", "mzj", "--kind", "bureau", "--parent", "city")
    ctl("department", "create", "--name", "救助处", "--code", "jzc", "--kind", "office", "--parent", "民政局")
    assert "└─ 民政局" in ctl("department", "tree").out
    ctl("project", "create", "--name", "社会救助", "--department", "mzj")
    ctl("flavor", "create", "--name", "small", "--vcpus", "2", "--memory-mib", "2048", "--disk-gib", "10")
    assert "2 GiB" in ctl("flavor", "show", "small").out
    group = ("security-group", "create", "--name", "web", "--project", "社会救助")
    ctl(*group, "--rule", "ingress,tcp,22,22,10.0.0.0/8", "--rule", "ingress,icmp,,,0.0.0.0/0")
    rules = json.loads(ctl("security-group", "show", "web", "-o", "json").out)["rules"]
    assert {(rule["protocol"], rule["port_min"]) for rule in rules} == {("tcp", 22), ("icmp", None)}
    # Slow work, followed to its end over the real event stream.
    changed = ctl("security-group", "set-rules", "web", "--rule", "none", "--wait", "-o", "json")
    assert json.loads(changed.out)["rules"] == []
    assert "succeeded" in changed.err
    ctl("quota", "set", "mzj", "vcpus=10", "memory_mib=none")
    assert "0/10" in ctl("quota", "tree").out
    assert "民政局" in ctl("quota", "simulate", "jzc", "vcpus=11", code=7).err
    ctl("quota", "simulate", "jzc", "vcpus=10")
    assert json.loads(ctl("operation", "list", "--state", "succeeded", "-o", "json").out)
    assert ctl("event", "list", "--count").out.strip() != "0"
    made = ctl(
        "user", "create", "--username", "zhang", "--display-name", "张三", "--department", "mzj", "--role", "member"
    )
    assert "One-time password" in made.out
    ctl("user", "revoke", "zhang", "member", "--department", "mzj", "--yes")
    ctl("security-group", "delete", "web", "--yes", "--wait")
    # Refusals of the real server, each with its exit code.
    ctl("flavor", "create", "--name", "small", "--vcpus", "2", "--memory-mib", "2048", "--disk-gib", "10", code=4)
    ctl("flavor", "create", "--name", "x", "--vcpus", "0", "--memory-mib", "1", "--disk-gib", "10", code=6)
    ctl("project", "show", "nothing", code=3)
    ctl("audit", "list", "--filter", "colour=red", code=6)
    refused = ctl("ssh-key", "add", "k", first, "--lang", "zh", code=6)
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.err)
    automation = ("token", "create", "--name", "robot", "--permission", "*:read", "-u", "admin")
    secret = json.loads(ctl(*automation, "--password-file", new, "-o", "json").out)["secret"]
    with monkeypatch.context() as robot:
        robot.setenv("EGOV_TOKEN", secret)
        assert "mzj,民政局" in ctl("department", "list", "-o", "csv").out
        assert "department:read" in ctl("whoami").out
        ctl("project", "create", "--name", "p", "--department", "mzj", code=5)
    ctl("logout")
    ctl("department", "list", code=5)


def test_names_complete_from_the_real_server(run: Run, passwords: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("login", *passwords).code == 0
    for name in ("large", "small"):
        words = ("flavor", "create", "--name", name, "--vcpus", "2", "--memory-mib", "2048", "--disk-gib", "10")
        assert run(*words).code == 0
    monkeypatch.setattr("egovcloud.cli.complete.TIME_LIMIT_S", 20.0)
    monkeypatch.setenv("_EGOVCTL_COMPLETE", "1")
    assert run("instance", "resize", "x", "--flavor", "s").out == "small\t\n"
