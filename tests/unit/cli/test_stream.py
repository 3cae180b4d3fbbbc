"""Server-sent events: parsed as the standard says, and resumed without a gap."""

from __future__ import annotations

import json
import threading

import pytest

from egovcloud.cli.stream import parse
from tests.unit.cli.cloud import Cloud, Reply, event, problem
from tests.unit.cli.conftest import Run


def test_events_are_cut_where_the_standard_says() -> None:
    lines = [
        ": a comment",
        "id: 1",
        "event: instance.active",
        "data: one",
        "data:two",
        "",
        "retry: 100",
        "",
        "data:  spaced",
        "",
        "id: 3",
        "data: never finished",
    ]
    found = list(parse(lines))
    assert [(one.id, one.type, one.data) for one in found] == [
        ("1", "instance.active", "one\ntwo"),
        ("1", "message", " spaced"),
    ]


def test_what_is_no_json_is_kept_as_text() -> None:
    (one,) = parse(["id: 5", "event: odd", "data: plain words", ""])
    assert one.document() == {"id": "5", "type": "odd", "data": "plain words"}


def test_following_goes_on_behind_the_last_event(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from egovcloud.cli import client

    monkeypatch.setattr(client, "pause", lambda seconds: None)
    done = threading.Event()
    cloud.on(
        "GET",
        "/events/stream",
        Reply(
            stream=[event(1, "instance.building"), event(2, "instance.active", data={"name": "web-1"}), "id: 3\ndata:"]
        ),
        problem(503, "busy", "Restarting."),
        Reply(hang_up=True),
        Reply(stream=[event(3, "instance.stopped")]),
        problem(401, "auth.required", "Your token has ended."),
    )
    result = run("event", "follow", "--type", "instance.active", "-o", "json")
    done.set()
    assert [json.loads(line)["id"] for line in result.out.splitlines()] == [1, 2, 3]
    assert result.code == 5
    asked = [seen.headers["Last-Event-ID"] for seen in cloud.sent("GET", "/events/stream")]
    assert asked == [None, "2", "2", "2", "3"]
    assert cloud.sent("GET", "/events/stream")[0].query == {"type": "instance.active"}
    assert "Trying again" in result.err


def test_following_starts_where_it_is_told(run: Run, cloud: Cloud) -> None:
    cloud.on(
        "GET",
        "/events/stream",
        Reply(stream=[event(41, "volume.available", subject_type="volume", data={"size": 2})]),
        problem(403, "auth.forbidden", "No."),
    )
    result = run("event", "follow", "--since", "40")
    assert cloud.sent("GET", "/events/stream")[0].headers["Last-Event-ID"] == "40"
    assert result.out == "2026-11-23 02:00:00  volume.available  volume  size=2\n"


def test_an_address_that_streams_nothing_is_no_stream(run: Run, cloud: Cloud) -> None:
    cloud.on("GET", "/events/stream", problem(404, "http.not_found", "No such address."))
    assert run("event", "follow").code == 3
