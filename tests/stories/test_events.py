"""Events as they happen: to those who may see them, in order, none missed and none twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from egovcloud.services import event_feed
from egovcloud.store.database import Database
from egovcloud.store.journal import emit
from tests.support.centre import Caller, Centre

SUBJECT = "01234567-89ab-7cde-8f01-23456789abcd"


@pytest.fixture
def live(database_url: str, tmp_path: Path) -> Iterator[Centre]:
    """A centre whose streams show signs of life often, so that a test never waits for long."""
    with Centre(database_url, tmp_path / "state", event_heartbeat=0.1, event_queue=8, streams_max=2) as made:
        yield made


def tell(centre: Centre, type_: str, department_id: str | None = None, **about: Any) -> None:
    with centre.house.database.unit() as session:
        emit(
            session,
            centre.time.now,
            type_,
            "instance",
            about.pop("subject_id", SUBJECT),
            department_id=department_id,
            operation_id=about.pop("operation_id", None),
            data=about,
        )


class Stream:
    """One subscriber; ``events`` reads until so many came."""

    def __init__(self, caller: Caller, query: str = "", **headers: str) -> None:
        self.response: TestResponse = caller.get(f"/events/stream{query}", headers=headers, buffered=False)
        assert self.response.status_code == 200, self.response.data
        assert self.response.mimetype == "text/event-stream"
        self._lines: Iterator[str] = iter(self.response.response)
        self.last_id = self._fields(next(self._lines))["id"]

    def events(self, count: int) -> list[dict[str, Any]]:
        """The next ``count`` events, each with its ``_id`` and ``_type``."""
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + 20
        while len(found) < count:
            assert time.monotonic() < deadline, f"only {len(found)} of {count} events came: {found}"
            fields = self._fields(next(self._lines))
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                found.append({**json.loads(fields["data"]), "_id": fields.get("id"), "_type": fields["event"]})
        return found

    def quiet(self) -> bool:
        """Whether the next sign of life carries no event."""
        return "data" not in self._fields(next(self._lines))

    @staticmethod
    def _fields(text: str | bytes) -> dict[str, str]:
        lines = (text.decode() if isinstance(text, bytes) else text).splitlines()
        return {name: value for name, _, value in (line.partition(": ") for line in lines if line) if name}

    def close(self) -> None:
        self.response.close()


def test_live_and_resumed_without_a_gap(live: Centre) -> None:
    caller = live.signed_in("operator")
    stream = Stream(caller)
    tell(live, "instance.run", name="云主机")
    (event,) = stream.events(1)
    assert (event["_type"], event["type"], event["data"]["name"]) == ("instance.run", "instance.run", "云主机")
    assert event["at"].endswith("Z")
    stream.close()
    for number in range(30):
        tell(live, "instance.stop", number=number)
    resumed = Stream(caller, **{"Last-Event-ID": event["_id"]})
    tell(live, "instance.stop", number=30)
    assert [event["data"]["number"] for event in resumed.events(31)] == list(range(31))
    resumed.close()


def test_a_slow_subscriber_misses_nothing(live: Centre) -> None:
    """The ring holds eight; who falls behind reads the rest from the database."""
    slow, fast = Stream(live.signed_in("operator")), Stream(live.signed_in("operator"))
    for number in range(50):
        tell(live, "instance.run", number=number)
        if number % 5 == 0:
            fast.events(1)
    assert [event["data"]["number"] for event in slow.events(50)] == list(range(50))
    slow.close()
    fast.close()


def test_a_department_sees_its_subtree_alone(live: Centre) -> None:
    civil, market = live.department("mzj"), live.department("scjgj")
    office = live.department("mzj-jz", civil, kind="office")
    stream = Stream(live.signed_in("member", at=civil))
    tell(live, "instance.run", market, name="other's")
    tell(live, "host.disable", None, name="centre's")
    tell(live, "instance.run", civil, name="own", host="hv-01", host_id="h")
    tell(live, "instance.run", office, name="below")
    assert [event["data"] for event in stream.events(2)] == [{"name": "own"}, {"name": "below"}]
    stream.close()
    centre = Stream(live.signed_in("operator"), **{"Last-Event-ID": "0-0"})
    told = [event["data"] for event in centre.events(8) if event["type"] != "department.create"]
    assert [data["name"] for data in told] == ["other's", "centre's", "own", "below"]
    assert told[2]["host"] == "hv-01"
    centre.close()


def test_filters(live: Centre) -> None:
    other = "01234567-89ab-7cde-8f01-000000000000"
    caller = live.signed_in("operator")
    stream = Stream(caller, f"?operation_id={other}")
    tell(live, "instance.run", name="no")
    tell(live, "instance.run", name="yes", operation_id=other)
    assert [event["data"]["name"] for event in stream.events(1)] == ["yes"]
    stream.close()
    stream = Stream(caller, f"?subject_id={other}&type=instance.stop")
    tell(live, "instance.stop", name="no")
    tell(live, "instance.run", name="no", subject_id=other)
    tell(live, "instance.stop", name="yes", subject_id=other)
    assert [event["data"]["name"] for event in stream.events(1)] == ["yes"]
    stream.close()


def test_signs_of_life_move_the_place_to_resume_from(live: Centre) -> None:
    stream = Stream(live.signed_in("operator"), f"?subject_id={live.root}")
    before = stream.last_id
    tell(live, "instance.run")
    deadline = time.monotonic() + 10
    while stream.last_id == before:
        assert time.monotonic() < deadline
        stream.last_id = stream._fields(next(stream._lines)).get("id", before)
    stream.close()


def test_the_end_of_the_session_ends_the_stream(live: Centre) -> None:
    caller = live.signed_in("operator", username="liu")
    stream = Stream(caller)
    caller.ok(caller.delete("/session"), 204)
    assert stream.events(1)[0]["_type"] == "session.ended"
    tell(live, "instance.run")
    assert list(stream._lines) == []
    stream.close()


def test_a_revoked_token_ends_the_stream(live: Centre) -> None:
    owner = live.signed_in("operator")
    ask = {"name": "watch", "permissions": ["event:read"], "expires_in_days": 1}
    made = owner.ok(owner.post("/tokens", ask), 201)
    stream = Stream(live.caller(Authorization=f"Bearer {made['secret']}"))
    owner.ok(owner.delete(f"/tokens/{made['token']['id']}"), 204)
    assert stream.events(1)[0]["_type"] == "session.ended"
    stream.close()


def test_places_are_bounded_and_given_back(live: Centre) -> None:
    caller = live.signed_in("operator")
    first, second = Stream(caller), Stream(caller)
    assert caller.ok(caller.get("/events/stream"), 503)["code"] == "stream.full"
    first.close()
    unread = caller.get("/events/stream", buffered=False)
    assert unread.status_code == 200
    unread.close()
    third = Stream(caller)
    third.close()
    second.close()


@pytest.mark.parametrize("position", ["x", "1", "-", "1-", "9" * 30 + "-1", "1-2-3", "-1-1"])
def test_a_position_that_was_never_given_out(live: Centre, position: str) -> None:
    caller = live.signed_in("operator")
    refused = caller.get("/events/stream", headers={"Last-Event-ID": position})
    assert caller.ok(refused, 422)["field"] == "Last-Event-ID"


def test_who_may_read_no_events_gets_none(live: Centre) -> None:
    live.user("liu")
    caller = live.caller()
    caller.ok(caller.sign_in("liu"))
    assert caller.get("/events/stream").status_code == 403


def test_a_late_commit_with_an_earlier_id_is_not_missed(centre: Centre, database: Database) -> None:
    """PostgreSQL gives ids before the commit: what commits late must still be told, after those before it."""
    if database.sqlite:
        tell(centre, "instance.run", number=1)
        place = event_feed.latest(centre.house)
        tell(centre, "instance.run", number=2)
        assert [told.view["data"] for told in event_feed.after(centre.house, place)] == [{"number": 2}]
        return
    start = event_feed.latest(centre.house)
    with database._writers() as late:
        late.begin()
        emit(late, centre.time.now, "instance.run", "instance", SUBJECT, department_id=None, data={"number": 1})
        late.flush()
        tell(centre, "instance.run", number=2)
        assert event_feed.after(centre.house, start) == (), "an earlier one may still come"
        assert event_feed.latest(centre.house) == start
        late.commit()
    told = event_feed.after(centre.house, start)
    assert [event.view["data"]["number"] for event in told] == [1, 2]
