"""Writes: what is sent, under which key, what is only printed, and what must be confirmed."""

from __future__ import annotations

import json
import uuid

import pytest

from egovcloud.cli.nouns.security_group import rule
from tests.unit.cli.cloud import Cloud, Reply, accepted, problem, ref, uid
from tests.unit.cli.conftest import Run, instance

CREATE = (
    "instance create --name web-9 --project 社会救助 --flavor small --image debian-12 --network office "
    "--security-group web --ssh-key laptop"
).split()


def test_a_create_sends_ids_for_names_and_a_key(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/instances", accepted(900))
    result = run(*CREATE)
    assert result.code == 0
    (sent,) = cloud.sent("POST")
    assert sent.body == {
        "name": "web-9",
        "project_id": uid(11),
        "flavor_id": uid(21),
        "image_id": uid(31),
        "network_ids": [uid(41)],
        "security_group_ids": [uid(61)],
        "ssh_key_ids": [uid(51)],
    }
    assert uuid.UUID(sent.headers["Idempotency-Key"])
    assert "instance.create" in result.out
    assert f"egovctl operation wait {uid(900)}" in result.err


def test_a_group_is_looked_for_in_the_project_that_was_named(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/instances", accepted(900))
    run(*CREATE)
    assert cloud.sent("GET", "/security-groups")[-1].query["project_id"] == uid(11)
    # Lists that cannot be searched are not asked to search.
    assert "q" not in cloud.sent("GET", "/ssh-keys")[-1].query


def test_user_data_comes_from_a_file(run: Run, cloud: Cloud, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "seed.yaml"
    path.write_text("#cloud-config\n", encoding="utf-8")
    cloud.on("POST", "/instances", accepted(900))
    run(*CREATE, "--user-data", str(path))
    assert cloud.sent("POST")[-1].body["user_data"] == "#cloud-config\n"
    missing = run(*CREATE, "--user-data", str(tmp_path / "no"))
    assert missing.code == 6
    assert "cannot be read" in missing.err


def test_dry_run_prints_the_request_and_sends_nothing(run: Run, cloud: Cloud) -> None:
    result = run(*CREATE, "--dry-run")
    assert result.code == 0
    first, _, body = result.out.partition("\n")
    assert first == f"POST {cloud.url}/api/v1/instances"
    assert json.loads(body)["flavor_id"] == uid(21)
    assert "egov_" not in result.out
    document = json.loads(run(*CREATE, "--dry-run", "-o", "json").out)
    assert document["method"] == "POST"
    assert cloud.sent("POST") == []


def test_the_key_stays_the_same_when_a_try_fails(run: Run, cloud: Cloud) -> None:
    busy = problem(503, "db.busy", "Busy.")
    busy.headers["Retry-After"] = "0"
    cloud.on("POST", "/instances", Reply(hang_up=True), busy, Reply(502, "bad gateway", content_type="text/html"))
    cloud.on("POST", "/instances", Reply(hang_up=True), busy, accepted(900))
    assert run(*CREATE).code == 0
    keys = {seen.headers["Idempotency-Key"] for seen in cloud.sent("POST")}
    assert (len(cloud.sent("POST")), len(keys)) == (3, 1)
    run(*CREATE)
    assert len({seen.headers["Idempotency-Key"] for seen in cloud.sent("POST")}) == 2


def test_a_change_without_a_key_is_not_sent_twice_when_its_fate_is_unknown(run: Run, cloud: Cloud) -> None:
    cloud.on("PATCH", "/instances/.*", Reply(hang_up=True))
    result = run("instance", "update", "web-1", "--name", "new")
    assert result.code == 10
    assert len(cloud.sent("PATCH")) == 1


def test_an_update_sends_what_was_said_and_refuses_to_say_nothing(run: Run, cloud: Cloud) -> None:
    cloud.on("PATCH", "/instances/.*", Reply(200, instance(101, "new")))
    result = run("instance", "update", "web-1", "--name", "new")
    assert cloud.sent("PATCH")[0].body == {"name": "new"}
    assert "new" in result.out
    nothing = run("instance", "update", "web-1")
    assert (nothing.code, len(cloud.sent("PATCH"))) == (2, 1)
    assert "--name" in nothing.err


def test_switches_say_yes_no_or_nothing(run: Run, cloud: Cloud) -> None:
    cloud.on("PATCH", "/flavors/.*", Reply(200, ref(21, "small")))
    run("flavor", "update", "small", "--no-enabled")
    run("flavor", "update", "small", "--enabled")
    assert [seen.body for seen in cloud.sent("PATCH")] == [{"enabled": False}, {"enabled": True}]
    assert run("flavor", "list", "--enabled").code == 6  # this server's flavors have no such field
    assert cloud.sent("GET", "/flavors")[-1].query["enabled"] == "true"


def test_several_things_at_once_are_all_found_before_the_first_is_touched(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/instances/.*/stop", accepted(900))
    assert run("instance", "stop", "web-1", "nobody").code == 3
    assert cloud.sent("POST") == []
    result = run("instance", "stop", "web-1", uid(102), "--force", "--limit-seconds", "5")
    assert result.code == 0
    assert [seen.path for seen in cloud.sent("POST")] == [f"/instances/{uid(n)}/stop" for n in (101, 102)]
    assert cloud.sent("POST")[0].body == {"force": True, "limit_seconds": 5}


def test_an_action_without_options_has_no_body(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/instances/.*/start", accepted(900))
    run("instance", "start", "web-1")
    assert cloud.sent("POST")[0].body is None


def test_deleting_is_refused_without_a_terminal_or_yes(run: Run, cloud: Cloud) -> None:
    result = run("instance", "delete", "web-1")
    assert result.code == 2
    assert "--yes" in result.err
    assert "web-1" in result.err
    assert cloud.sent("DELETE") == []


def test_yes_deletes_and_hands_the_name_to_the_server(run: Run, cloud: Cloud) -> None:
    cloud.on("DELETE", "/instances/.*", accepted(900))
    assert run("instance", "delete", "web-1", "--yes").code == 0
    assert run("instance", "delete", uid(102), "--yes").code == 0
    assert [seen.query for seen in cloud.sent("DELETE")] == [{"confirm": "web-1"}, {"confirm": "web-2"}]
    cloud.on("DELETE", "/ssh-keys/.*", Reply(204))
    assert run("ssh-key", "delete", "laptop", "-y").code == 0
    # Only where the server asks for it: elsewhere it would be an unknown parameter.
    assert cloud.sent("DELETE")[-1].query == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ingress,tcp,22,22,10.0.0.0/8", ("ingress", "tcp", 22, 22, "10.0.0.0/8")),
        ("egress, udp, 53, 10.0.0.0/8", ("egress", "udp", 53, 53, "10.0.0.0/8")),
        ("ingress,icmp,,,0.0.0.0/0", ("ingress", "icmp", None, None, "0.0.0.0/0")),
    ],
)
def test_rules(text: str, expected: tuple[object, ...]) -> None:
    assert tuple(rule(text).values()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ingress",
        "in,tcp,1,2,0.0.0.0/0",
        "ingress,sctp,1,2,0.0.0.0/0",
        "ingress,tcp,a,b,0.0.0.0/0",
        "ingress,tcp,²,2,0.0.0.0/0",
        "ingress,tcp,1,2,",
    ],
)
def test_a_rule_that_is_none_is_refused(run: Run, cloud: Cloud, text: str) -> None:
    result = run("security-group", "set-rules", "web", "--rule", text)
    assert result.code == 2
    assert "ingress,tcp,22,22,10.0.0.0/8" in result.err
    assert cloud.sent("PUT") == []


def test_rules_are_replaced_as_a_whole(run: Run, cloud: Cloud) -> None:
    cloud.on("PUT", "/security-groups/.*/rules", accepted(900))
    run("security-group", "set-rules", "web", "--rule", "ingress,tcp,22,22,10.0.0.0/8")
    run("security-group", "set-rules", "web", "--rule", "none")
    first, second = (seen.body["rules"] for seen in cloud.sent("PUT"))
    assert first[0]["port_min"] == 22
    assert second == []


def test_a_user_gets_roles_at_departments_and_the_password_is_shown(run: Run, cloud: Cloud) -> None:
    made = {"user": {"id": uid(81), "username": "zhang"}, "one_time_password": "s3cret-once"}
    cloud.on("POST", "/users", Reply(201, made))
    result = run(
        *"user create --username zhang --display-name 张三 --department mzj".split(),
        *("--role", "member", "--role", "viewer@sjj"),
    )
    assert cloud.sent("POST")[0].body["roles"] == [
        {"role": "member", "department_id": uid(1)},
        {"role": "viewer", "department_id": uid(2)},
    ]
    assert "s3cret-once" in result.out
    assert run(*"user create --username z --display-name z --department mzj --role king".split()).code == 2


def test_a_role_is_taken_back_by_its_name(run: Run, cloud: Cloud) -> None:
    cloud.put("/users", {"id": uid(81), "username": "zhang"})
    grants = [{"id": uid(91), "role": "member", "department": ref(1, "民政局")}]
    cloud.on("GET", f"/users/{uid(81)}/grants", Reply(200, grants))
    cloud.on("DELETE", "/users/.*/grants/.*", Reply(204))
    assert run("user", "revoke", "zhang", "viewer", "--department", "mzj", "--yes").code == 3
    assert run("user", "revoke", "zhang", "member", "--department", "mzj", "--yes").code == 0
    assert cloud.sent("DELETE")[0].path == f"/users/{uid(81)}/grants/{uid(91)}"


def test_a_private_key_never_leaves(run: Run, cloud: Cloud, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "id"
    path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", encoding="utf-8")
    result = run("ssh-key", "add", "mine", str(path))
    assert result.code == 6
    assert "private key" in result.err
    path.write_text("ssh-ed25519 AAAA me\n", encoding="utf-8")
    cloud.on("POST", "/ssh-keys", Reply(201, ref(52, "mine")))
    assert run("ssh-key", "add", "mine", str(path)).code == 0
    assert cloud.sent("POST")[0].body == {"name": "mine", "public_key": "ssh-ed25519 AAAA me"}


def test_a_provider_takes_its_settings_as_json(run: Run, cloud: Cloud, tmp_path) -> None:  # type: ignore[no-untyped-def]
    cloud.put("/sites", ref(95, "main"))
    cloud.on("POST", "/providers", Reply(201, ref(96, "rack")))
    path = tmp_path / "hosts.json"
    path.write_text('{"hosts": []}', encoding="utf-8")
    words = "provider create --name rack --driver libvirt --site main --config".split()
    assert run(*words, f"@{path}").code == 0
    assert cloud.sent("POST")[0].body["config"] == {"hosts": []}
    assert run(*words, "{").code == 2
