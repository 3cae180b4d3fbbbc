"""What single nouns do of their own: quota, ssh, log, screen, overview."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.cloud import TOKEN, Cloud, Reply, ref, uid
from tests.unit.cli.conftest import Run, instance


def quota(number: int, name: str, limit: int | None, committed: int, *children: Any) -> dict[str, Any]:
    line = {"resource": "vcpus", "limit": limit, "reserved": 1, "committed": committed, "unmanaged": 0, "own": 0}
    return {"department": ref(number, name), "kind": "bureau", "resources": [line], "children": list(children)}


@pytest.fixture
def quotas(cloud: Cloud) -> dict[str, Any]:
    tree = quota(9, "市", 100, 59, quota(1, "民政局", None, 9, quota(3, "救助处", 5, 1)), quota(2, "市监局", 20, 0))
    cloud.put(
        "/departments", *({**ref(n, name), "code": c} for n, name, c in ((1, "民政局", "mzj"), (3, "救助处", "jzc")))
    )
    cloud.on("GET", "/quotas/tree", Reply(200, [tree]))
    return tree


def test_the_quota_tree_shows_used_of_limit(run: Run, quotas: dict[str, Any]) -> None:
    out = run("quota", "tree").out
    for part in ("60/100", "10/∞", "2/5", "1/20", "│  └─ 救助处"):
        assert part in out
    rows = run("quota", "tree", "-o", "csv").out.splitlines()
    assert rows[0] == "department,resource,limit,used,reserved,committed,unmanaged,own,id"
    assert rows[1] == f"市,vcpus,100,60,1,59,0,0,{uid(9)}"
    assert json.loads(run("quota", "tree", "-o", "json").out) == [quotas]


@pytest.mark.usefixtures("quotas")
def test_a_simulation_asks_every_ancestor(run: Run) -> None:
    fits = run("quota", "simulate", "救助处", "vcpus=3", "-o", "json")
    assert fits.code == 0
    assert [(row["department"]["name"], row["after"]) for row in json.loads(fits.out)] == [
        ("市", 63),
        ("民政局", 13),
        ("救助处", 5),
    ]
    over = run("quota", "simulate", "jzc", "vcpus=4")
    assert over.code == 7
    assert "救助处" in over.err
    assert run("quota", "simulate", "mzj", "vcpus=41").code == 7
    assert run("quota", "simulate", "mzj", "vcpus=none").code == 2
    assert run("quota", "simulate", "mzj", "beer=1").code == 2


@pytest.mark.usefixtures("quotas")
def test_limits_are_set_and_taken_away(run: Run, cloud: Cloud) -> None:
    cloud.on("PUT", "/quotas/.*", Reply(200, quota(1, "民政局", 5, 1)))
    assert run("quota", "set", "mzj", "vcpus=100", "memory-mib=none").code == 0
    assert cloud.sent("PUT")[0].path == f"/quotas/{uid(1)}"
    assert cloud.sent("PUT")[0].body == {"limits": {"vcpus": 100, "memory_mib": None}}


@pytest.mark.usefixtures("quotas")
def test_a_department_and_its_ledger(run: Run, cloud: Cloud) -> None:
    cloud.on("GET", f"/quotas/{uid(1)}", Reply(200, quota(1, "民政局", 5, 1)))
    movement = {"at": "2026-11-23T02:00:00Z", "movement": "reserve", "resource": "vcpus", "reserved": 2, "committed": 0}
    cloud.put(f"/quotas/{uid(1)}/ledger", {"id": uid(5), **movement})
    assert "vcpus" in run("quota", "show", "mzj").out
    assert "reserve" in run("quota", "ledger", "mzj", "--limit", "5").out
    assert cloud.requests[-1].query == {"limit": "5"}


def test_the_ssh_line_is_made_of_checked_parts(run: Run, cloud: Cloud) -> None:
    line = run("instance", "ssh", "web-1", "--print", "-i", "~/my key")
    assert line.out == "ssh -i '~/my key' root@10.0.0.5\n"
    assert run("instance", "ssh", "web-1", "--print", "--", "uptime", "-p").out == "ssh root@10.0.0.5 -- uptime -p\n"
    assert run("instance", "ssh", "web-1", "--print", "--address", "10.9.9.9").code == 2
    for odd in (
        {"login_user": "-oProxyCommand=touch /tmp/x"},
        {"addresses": ["-oProxyCommand=x"]},
        {"login_user": "a b"},
    ):
        cloud.put("/instances", instance(101, "web-1", **odd))
        assert run("instance", "ssh", "web-1", "--print").code == 6
    cloud.put("/instances", instance(101, "web-1", addresses=[]))
    assert run("instance", "ssh", "web-1", "--print").code == 4


def test_ssh_takes_the_place_of_the_command(cloud: Cloud, tmp_path: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\nexit 7\n')
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "egovcloud.cli.main", "instance", "ssh", "web-1", "--", "echo", "$HOME; id"],
        env={**os.environ, "EGOV_URL": cloud.url, "EGOV_TOKEN": TOKEN, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout == "root@10.0.0.5|--|echo|$HOME; id|"
    assert done.returncode == 7


def test_the_serial_log_is_printed_as_it_is_to_a_file(run: Run, cloud: Cloud) -> None:
    cloud.on("GET", "/instances/.*/serial-log", Reply(200, "boot\x1b[1m ok\r\n", content_type="text/plain"))
    assert run("instance", "log", "web-1", "--limit-bytes", "100").out == "boot\x1b[1m ok\r\n"
    assert cloud.requests[-1].query == {"limit": "100"}


def test_the_screen_is_a_page_of_the_console(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: bool(opened.append(url)))
    url = f"{cloud.url}/instances/{uid(101)}/screen"
    assert json.loads(run("instance", "screen", "web-1", "-o", "json").out)["url"] == url
    assert opened == []
    assert "no browser" in run("instance", "screen", "web-1", "--open").err
    assert opened == [url]


def test_a_snapshot_and_groups_go_through_their_own_addresses(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/snapshots", Reply(200, ref(300, "s")))
    run("instance", "snapshot", "web-1", "--name", "before", "--quiesce")
    expected = {"instance_id": uid(101), "name": "before", "external": None, "quiesce": True}
    assert cloud.sent("POST")[0].body == expected
    cloud.on("POST", "/instances/.*/security-groups", Reply(200, ref(300, "s")))
    run("instance", "security-groups", "web-1", "--security-group", "web")
    assert cloud.sent("POST")[1].body == {"security_group_ids": [uid(61)]}
    assert cloud.sent("GET", "/security-groups")[0].query["project_id"] == uid(11)


def test_the_timeline_and_search(run: Run, cloud: Cloud) -> None:
    item = {"at": "2026-11-23T02:00:00Z", "type": "instance.active", "text": "运行", "actor": "张三"}
    cloud.on("GET", "/instances/.*/timeline", Reply(200, {"items": [item]}))
    assert "张三" in run("instance", "timeline", "web-1").out
    cloud.on("GET", "/search", Reply(200, [{"type": "instance", "id": uid(101), "name": "web-1", "department": None}]))
    assert "web-1" in run("search", "web", "one").out
    assert cloud.requests[-1].query == {"q": "web one"}


def test_the_overview_shows_what_one_may_see(run: Run, cloud: Cloud) -> None:
    answer = {
        "instances": {"total": 3, "by_state": {"active": 2, "error": 1}},
        "hosts": None,
        "capacity": None,
        "quota": {"department": ref(1, "民政局"), "resources": quota(1, "", 10, 3)["resources"]},
        "requests": {"by_state": {"submitted": 1}},
        "approvals_pending": 4,
        "drifts_open": 2,
        "operations": {"running": 1, "failed_24h": 0},
        "forecast": {"storage_days_to_full": None},
        "recent_operations": [],
        "recent_requests": [{"number": "R1", "title": "扩容", "state": "submitted"}],
        "growth": [],
    }
    cloud.on("GET", "/overview", Reply(200, answer))
    out = run("overview").out
    assert "3 (active 2, error 1)" in out
    assert "扩容" in out
    assert "Hosts" not in out
    assert json.loads(run("overview", "-o", "json").out) == answer


def test_approvals_and_their_chain(run: Run, cloud: Cloud) -> None:
    request = {"id": uid(7), "number": "R20261123-0001", "title": "扩容"}
    cloud.put("/approvals", {"id": uid(6), "state": "pending", "level": "bureau", "mine": "true", "request": request})
    assert "扩容" in run("approval", "list", "--mine", "--state", "pending").out
    assert cloud.requests[-1].query == {"state": "pending", "mine": "true", "limit": "50"}
    cloud.on("GET", "/approval-levels", Reply(200, [{"position": 1, "level": "office"}]))
    assert "office" in run("approval", "levels").out
    cloud.on("PUT", "/approval-levels", Reply(200, []))
    run("approval", "set-levels", "office", "centre")
    assert cloud.sent("PUT")[0].body == [{"position": 1, "level": "office"}, {"position": 2, "level": "centre"}]
    assert run("approval", "set-levels", "moon").code == 2


def test_a_volume_starts_as_a_copy_of_one_thing(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/volumes", Reply(200, ref(300, "v")))
    common = ("volume", "create", "--name", "copy", "--project", uid(11), "--size-gib", "5")
    for option, kind in (("--from-volume", "volume"), ("--from-snapshot", "volume_snapshot")):
        run(*common, option, uid(77))
        assert cloud.sent("POST")[-1].body["source"] == {"kind": kind, "id": uid(77)}
    refused = run(*common, "--from-volume", uid(77), "--from-snapshot", uid(78))
    assert (refused.code, "--from-volume, --from-snapshot" in refused.err) == (2, True)
