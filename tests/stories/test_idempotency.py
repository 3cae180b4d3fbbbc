"""The same ask twice is one effect and one answer, whatever happens in between."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from egovcloud.services import intent
from egovcloud.store.models import AuditEntry, IdempotencyKey, User
from tests.support.centre import Centre

CHEN = {"username": "chen", "display_name": "陈工"}


def made(centre: Centre) -> int:
    with centre.house.read() as session:
        return session.scalar(select(func.count()).select_from(User).where(User.username == "chen")) or 0


def test_a_repetition_gets_the_first_answer(centre: Centre) -> None:
    system = centre.signed_in("system_admin")
    ask = {**CHEN, "department_id": centre.root}
    key = {"Idempotency-Key": "4be33fae"}
    first, second = system.post("/users", ask, headers=key), system.post("/users", ask, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data, "the one-time password too"
    assert first.headers["Location"] == second.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert made(centre) == 1
    with centre.house.read() as session:
        entries = session.query(AuditEntry).filter_by(action="user.create", subject_name="chen").count()
    assert entries == 1


def test_a_key_is_for_one_request_of_one_caller(centre: Centre) -> None:
    system, other = centre.signed_in("system_admin"), centre.signed_in("system_admin")
    key = {"Idempotency-Key": "k"}
    system.ok(system.post("/users", {**CHEN, "department_id": centre.root}, headers=key), 201)
    different = {**CHEN, "username": "wang", "department_id": centre.root}
    assert system.ok(system.post("/users", different, headers=key), 409)["code"] == "idempotency.reused"
    other.ok(other.post("/users", different, headers=key), 201)


def test_a_refusal_is_not_kept(centre: Centre) -> None:
    system = centre.signed_in("system_admin")
    ask = {**CHEN, "department_id": centre.root}
    key = {"Idempotency-Key": "k"}
    blocker = system.ok(system.post("/users", ask), 201)["user"]["id"]
    assert system.ok(system.post("/users", ask, headers=key), 409)["code"] == "user.exists"
    with centre.house.database.unit() as session:
        session.get_one(User, blocker).username = "someone-else"
    system.ok(system.post("/users", ask, headers=key), 201)
    with centre.house.read() as session:
        entries = session.query(AuditEntry).filter_by(action="user.create", subject_name="chen").all()
    assert sorted(entry.outcome for entry in entries) == ["failure", "success", "success"]


def test_dying_before_the_answer_leaves_nothing(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``kill -9`` does between effect and answer, told by an answer that can't be stored."""
    system = centre.signed_in("system_admin")
    ask, key = {**CHEN, "department_id": centre.root}, {"Idempotency-Key": "k"}

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(intent.Intent, "settle", die)
        with pytest.raises(SystemExit):
            system.post("/users", ask, headers=key)
    assert made(centre) == 0
    system.ok(system.post("/users", ask, headers=key), 201)
    assert made(centre) == 1


def test_many_at_once_are_one(centre: Centre) -> None:
    system = centre.signed_in("system_admin")
    cookie = system.client.get_cookie("egov_session")
    assert cookie is not None
    answers: list[tuple[int, bytes]] = []
    gate = threading.Barrier(8)

    def ask() -> None:
        caller = centre.caller()
        caller.client.set_cookie("egov_session", cookie.value)
        caller.csrf = system.csrf
        gate.wait()
        body = {**CHEN, "department_id": centre.root}
        response = caller.post("/users", body, headers={"Idempotency-Key": "k"})
        answers.append((response.status_code, response.data))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert made(centre) == 1


def test_a_stored_answer_is_sealed_and_forgotten_after_a_day(centre: Centre) -> None:
    system = centre.signed_in("system_admin")
    ask, key = {**CHEN, "department_id": centre.root}, {"Idempotency-Key": "k"}
    once = system.ok(system.post("/users", ask, headers=key), 201)["one_time_password"]
    with centre.house.read() as session:
        row = session.query(IdempotencyKey).one()
    assert once not in row.body
    assert "chen" not in row.body
    centre.time.pass_(hours=25)
    assert intent.forget(centre.house, centre.time.now) == 1


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 129])
def test_a_malformed_key_is_refused(centre: Centre, key: str) -> None:
    system = centre.signed_in("system_admin")
    refused = system.post("/users", {**CHEN, "department_id": centre.root}, headers={"Idempotency-Key": key})
    assert system.ok(refused, 422)["field"] == "Idempotency-Key"
