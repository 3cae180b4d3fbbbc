"""Requests: from a file and from flags, checked, submitted, decided."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.unit.cli.cloud import Cloud, Reply, ref, uid
from tests.unit.cli.conftest import Run

FILE = """
title: 社会救助系统扩容
purpose: 冬季救助高峰
project: 社会救助
items:
  - name: web
    count: 2
    flavor: small
    image: debian-12
    networks: [office]
    security_groups: [web]
    ssh_keys: [laptop]
    anti_affinity: true
    user_data_file: seed.yaml
    volumes: [{name: data, size_gib: 200}]
  - {kind: volume, name: archive, size_gib: 500, instance: web-1}
  - {kind: bucket, name: 档案, quota_gib: 200}
  - {kind: resize_instance, instance: web-2, flavor: large}
"""
DRAFT = {"id": uid(700), "number": "R20261123-0001", "title": "t", "state": "draft"}
ITEMS = [
    {
        "kind": "instance",
        "name": "web",
        "count": 2,
        "flavor_id": uid(21),
        "image_id": uid(31),
        "network_ids": [uid(41)],
        "security_group_ids": [uid(61)],
        "ssh_key_ids": [uid(51)],
        "anti_affinity": True,
        "user_data": "#cloud-config\n",
        "volumes": [{"name": "data", "size_gib": 200}],
    },
    {"kind": "volume", "name": "archive", "size_gib": 500, "instance_id": uid(101)},
    {"kind": "bucket", "name": "档案", "quota_gib": 200},
    {"kind": "resize_instance", "instance_id": uid(102), "flavor_id": uid(22)},
]


@pytest.fixture
def file(environment: Path) -> str:
    (environment / "seed.yaml").write_text("#cloud-config\n", encoding="utf-8")
    path = environment / "request.yaml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_a_file_becomes_a_draft_with_ids(run: Run, cloud: Cloud, file: str) -> None:
    cloud.on("POST", "/requests", Reply(201, DRAFT))
    result = run("request", "create", "-f", file)
    assert result.code == 0, result.err
    body = cloud.sent("POST")[0].body
    assert body == {"title": "社会救助系统扩容", "purpose": "冬季救助高峰", "project_id": uid(11), "items": ITEMS}
    assert "R20261123-0001" in result.out


def test_flags_say_the_same_as_a_file(
    run: Run, cloud: Cloud, environment: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.on("POST", "/requests", Reply(201, DRAFT))
    words = (
        "request create --title t --project 社会救助 --name web --count 2 --flavor small --image debian-12"
        " --network office --security-group web --ssh-key laptop --anti-affinity --volume data:200"
        f" --user-data {environment}/seed.yaml --add-volume archive:500@web-1 --bucket 档案:200 --resize web-2:large"
    )
    assert run(*words.split()).code == 0
    assert cloud.sent("POST")[0].body["items"] == ITEMS
    # Flags go before the file, and a file may come through a pipe.
    monkeypatch.setattr(sys, "stdin", io.StringIO("{title: a, project: 社会救助, items: [{kind: x}]}"))
    assert run("request", "create", "-f", "-", "--title", "b").code == 0
    assert cloud.sent("POST")[1].body == {"title": "b", "project_id": uid(11), "items": [{"kind": "x"}]}


def test_submit_hands_it_in_at_once(run: Run, cloud: Cloud, file: str) -> None:
    cloud.on("POST", "/requests", Reply(201, DRAFT))
    cloud.on("POST", f"/requests/{uid(700)}/submit", Reply(200, {**DRAFT, "state": "submitted"}))
    result = run("request", "create", "-f", file, "--submit")
    assert "submitted" in result.out
    assert [seen.path for seen in cloud.sent("POST")] == ["/requests", f"/requests/{uid(700)}/submit"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "keys and values"),
        ("title: [", "cannot be understood"),
        ("title: a\nporject: b\n", "porject"),
        ("title: a\nproject: 社会救助\nitems: {}\n", "-f / --name"),
        ("title: a\nproject: 社会救助\nitems: [x]\n", "must be a list"),
        ("title: a\nproject: 社会救助\nitems: [{networks: office}]\n", "must be a list"),
        ("title: a\nproject: 社会救助\nitems: [{flavor: huge}]\n", "huge"),
        ("title: !!python/object/apply:os.system [id]\n", "cannot be understood"),
    ],
)
def test_a_file_that_cannot_be_is_explained(run: Run, cloud: Cloud, environment: Path, text: str, said: str) -> None:
    path = environment / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    result = run("request", "create", "-f", str(path))
    assert result.code in (2, 3, 6)
    assert said in result.err
    assert cloud.sent("POST") == []


def test_what_is_missing_is_named(run: Run) -> None:
    assert "--title, --project, -f / --name" in run("request", "create").err
    assert "--flavor, --image" in run("request", "create", "--title", "t", "--project", "社会救助", "--name", "w").err
    assert "NAME:GIB" in run(*"request create --name w --flavor small --image debian-12 --volume data".split()).err
    assert run(*"request create --title t --project 社会救助 --resize web-1".split()).code == 2
    assert run(*"request create --title t --project 社会救助 --add-volume a:1".split()).code == 2


def test_a_check_says_what_it_would_use_and_fails_when_it_does_not_fit(run: Run, cloud: Cloud, file: str) -> None:
    line = {"department": ref(1, "民政局"), "resource": "vcpus", "limit": 8, "used": 6, "asked": 4, "after": 10}
    answer = {
        "amount": {"instances": 2, "vcpus": 4, "memory_mib": 8192, "volume_gib": 40, "addresses": 2},
        "quota": [{**line, "ok": True}],
        "chain": [{"position": 1, "level": "bureau", "department": ref(1, "民政局")}],
        "ok": True,
    }
    cloud.on("POST", "/requests/check", Reply(200, answer))
    fits = run("request", "check", "-f", file)
    assert fits.code == 0
    assert set(cloud.sent("POST")[0].body) == {"project_id", "items"}
    assert "vcpus=4" in fits.out
    assert "bureau" in fits.out
    cloud.on("POST", "/requests/check", Reply(200, {**answer, "quota": [{**line, "ok": False}], "ok": False}))
    over = run("request", "check", "-f", file, "-o", "json")
    assert over.code == 7
    assert "民政局" in over.err
    assert "10" in over.err
    assert json.loads(over.out)["ok"] is False


def test_decisions_go_by_number_and_carry_their_comment(run: Run, cloud: Cloud) -> None:
    cloud.put("/requests", {**DRAFT, "state": "submitted"})
    cloud.on("POST", "/requests/.*/(approve|reject|return|withdraw|submit)", Reply(200, DRAFT))
    assert run("request", "return", "R20261123-0001").code == 2
    for verb, comment in (("approve", None), ("return", "补充用途"), ("reject", "不符合规划")):
        words = ["--comment", comment] if comment else []
        assert run("request", verb, "R20261123-0001", *words).code == 0
    run("request", "withdraw", "R20261123-0001")
    assert [seen.path.rpartition("/")[2] for seen in cloud.sent("POST")] == ["approve", "return", "reject", "withdraw"]
    assert cloud.sent("POST")[0].body == {"comment": ""}
    assert cloud.sent("POST")[1].body == {"comment": "补充用途"}
    assert cloud.sent("POST")[3].body is None


def test_an_update_changes_what_is_said(run: Run, cloud: Cloud, file: str) -> None:
    cloud.put("/requests", DRAFT)
    cloud.on("PATCH", "/requests/.*", Reply(200, DRAFT))
    assert run("request", "update", "R20261123-0001", "--purpose", "更多").code == 0
    assert cloud.sent("PATCH")[0].body == {"purpose": "更多"}
    assert run("request", "update", "R20261123-0001").code == 2


def test_a_request_shows_its_chain_and_quota(run: Run, cloud: Cloud) -> None:
    approval = {"position": 1, "level": "bureau", "department": ref(1, "民政局"), "state": "approved"}
    approval |= {"decided_by": ref(81, "张三"), "decided_at": "2026-11-23T02:00:00Z", "comment": "同意"}
    cloud.put("/requests", {**DRAFT, "approvals": [approval], "instances": [], "volumes": []})
    out = run("request", "show", "R20261123-0001").out
    assert "Approvals:" in out
    assert "同意" in out
    assert "2026-11-23 02:00:00" in out


def test_items_are_shown_by_name(run: Run, cloud: Cloud) -> None:
    gone = {"kind": "instance", "name": "old", "count": 1, "flavor_id": uid(999), "image_id": uid(31), "volumes": []}
    cloud.put("/requests", {**DRAFT, "items": [*ITEMS, gone]})
    out = run("request", "show", "R20261123-0001").out
    line = next(line for line in out.splitlines() if " web " in line)
    assert line.split() == ["instance", "web", "2", "small", "debian-12", "office", "data:200", "-", "-", "-"]
    assert uid(999) in out
    assert len(cloud.sent("GET", f"/images/{uid(31)}")) == 1
    assert json.loads(run("request", "show", "R20261123-0001", "-o", "json").out)["items"][: len(ITEMS)] == ITEMS


def test_a_placement_counts_what_refused(run: Run, cloud: Cloud) -> None:
    cloud.put("/requests", DRAFT)
    no = {"filter": "memory", "weigher": None, "ok": False, "text": "needs more"}
    hosts = [{"host": ref(71, "kvm-1"), "accepted": True, "score": 1, "reasons": []}]
    hosts += [{"host": ref(72 + n, "kvm"), "accepted": False, "score": 0, "reasons": [no]} for n in range(2)]
    places = [{"item": 0, "index": 0, "host": ref(71, "kvm-1"), "reasons": hosts}]
    cloud.on("GET", "/requests/.*/placement", Reply(200, places))
    assert run("request", "placement", "R20261123-0001").out.splitlines()[1].split() == [
        "0",
        "0",
        "kvm-1",
        "memory",
        "2",
    ]
    assert json.loads(run("request", "placement", "R20261123-0001", "-o", "json").out) == places
