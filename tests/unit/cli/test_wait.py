"""Waiting: events wake it, polling is the fallback, and every way in which it can end has its exit code."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from rich.cells import cell_len
from rich.text import Text

from egovcloud.cli import wait
from tests.unit.cli.cloud import TOKEN, Cloud, Reply, accepted, event, operation, problem, uid, waiting
from tests.unit.cli.conftest import Run, instance

OPERATION = f"/operations/{uid(900)}"


@pytest.fixture
def silent(cloud: Cloud) -> Iterator[threading.Event]:
    """An event stream that opens and says nothing until the test opens the gate."""
    gate = threading.Event()
    cloud.on("GET", "/events/stream", lambda _: Reply(stream=waiting(gate, ": welcome\n\n")))
    yield gate
    gate.set()


def started(cloud: Cloud) -> None:
    cloud.on("POST", "/instances/.*/start", accepted(900))


def test_polling_alone_brings_it_to_the_end(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "POLL_S", 0.02)
    started(cloud)
    cloud.on("GET", "/events/stream", problem(404, "http.not_found", "No stream here."))
    running = operation(900, "running")
    cloud.on("GET", OPERATION, Reply(200, running), Reply(200, running), Reply(200, operation(900, "succeeded")))
    result = run("instance", "start", "web-1", "--wait", "-o", "json")
    assert result.code == 0
    # What came of it is the thing itself, as data on standard output.
    assert json.loads(result.out)["name"] == "web-1"
    lines = result.err.splitlines()
    assert "instance.create 1/2 place done 1.5 s" in lines
    assert "instance.create 2/2 define running attempt 2" in lines
    assert lines[-1] == "instance.create web-1 succeeded"
    assert len(lines) == len(set(lines))


def test_an_event_wakes_the_waiter_long_before_the_next_poll(
    run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait, "POLL_S", 30.0)
    monkeypatch.setattr(wait, "POLL_WITH_EVENTS_S", 30.0)
    started(cloud)
    gate, looked = threading.Event(), threading.Event()

    def stream(_: object) -> Reply:
        def parts() -> Iterator[str]:
            looked.wait(20)
            yield event(7, "operation.succeeded", operation_id=uid(900))
            gate.wait(20)

        return Reply(stream=parts())

    def look(_: object) -> Reply:
        state = "succeeded" if looked.is_set() else "running"
        if cloud.sent("GET", OPERATION)[1:]:
            looked.set()
        return Reply(200, operation(900, state))

    cloud.on("GET", "/events/stream", stream)
    cloud.on("GET", OPERATION, look)
    watchdog = threading.Timer(15, gate.set)
    watchdog.start()
    try:
        result = run("instance", "start", "web-1", "--wait")
    finally:
        gate.set()
        watchdog.cancel()
    assert result.code == 0
    assert cloud.sent("GET", "/events/stream")[0].query == {"operation_id": uid(900)}
    assert cloud.sent("GET", "/events/stream")[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert len(cloud.sent("GET", OPERATION)) <= 4


@pytest.mark.usefixtures("silent")
def test_a_failed_operation_is_exit_code_8_with_its_reason(run: Run, cloud: Cloud) -> None:
    started(cloud)
    error = {"code": "host.full", "detail": "Host kvm-1 has no memory left."}
    cloud.on("GET", OPERATION, Reply(200, operation(900, "failed", error=error)))
    result = run("instance", "start", "web-1", "--wait")
    assert result.code == 8
    assert "Host kvm-1 has no memory left." in result.err
    assert f"egovctl operation show {uid(900)}" in result.err
    assert "failed" in result.out


@pytest.mark.usefixtures("silent")
def test_a_cancelled_operation_is_a_failure_too(run: Run, cloud: Cloud) -> None:
    cloud.on("GET", OPERATION, Reply(200, operation(900, "cancelled")))
    result = run("operation", "wait", uid(900))
    assert (result.code, "cancelled" in result.err) == (8, True)


@pytest.mark.usefixtures("silent")
def test_time_over_is_exit_code_9_and_says_how_to_go_on(run: Run, cloud: Cloud) -> None:
    started(cloud)
    cloud.on("GET", OPERATION, Reply(200, operation(900, "running")))
    result = run("instance", "start", "web-1", "--wait", "--timeout", "1")
    assert result.code == 9
    assert f"egovctl operation wait {uid(900)}" in result.err


@pytest.mark.usefixtures("silent")
def test_a_server_that_restarts_meanwhile_is_waited_for(
    run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait, "POLL_S", 0.02)
    monkeypatch.setattr(wait, "POLL_WITH_EVENTS_S", 0.02)
    away = [Reply(hang_up=True)] * 9
    cloud.on("GET", OPERATION, Reply(200, operation(900, "running")), *away, Reply(200, operation(900, "succeeded")))
    assert run("operation", "wait", uid(900)).code == 0
    cloud.on("GET", OPERATION, problem(403, "auth.forbidden", "Not yours."))
    assert run("operation", "wait", uid(900)).code == 5


@pytest.mark.usefixtures("silent")
def test_several_are_followed_and_the_first_failure_counts(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/instances/.*/start", accepted(900), accepted(901))
    cloud.on("GET", OPERATION, Reply(200, operation(900, "failed")))
    cloud.on("GET", f"/operations/{uid(901)}", Reply(200, operation(901, "succeeded")))
    result = run("instance", "start", "web-1", "web-2", "--wait", "-o", "json")
    assert result.code == 8
    assert [found["state"] for found in json.loads(result.out)] == ["failed", "succeeded"]


@pytest.mark.usefixtures("silent")
def test_the_last_approval_is_followed_by_its_operation(run: Run, cloud: Cloud) -> None:
    request = {"id": uid(700), "number": "R20261123-0001", "state": "provisioning", "operation_id": uid(900)}
    cloud.put("/requests", request)
    cloud.on("POST", "/requests/.*/approve", Reply(200, request))
    done = operation(900, "succeeded", subject={"type": "request", "id": uid(700), "name": "R20261123-0001"})
    cloud.on("GET", OPERATION, Reply(200, done))
    cloud.on("GET", f"/requests/{uid(700)}", Reply(200, {**request, "state": "fulfilled"}))
    result = run("request", "approve", "R20261123-0001", "--comment", "可以", "--wait")
    assert result.code == 0
    assert "fulfilled" in result.out
    assert cloud.sent("POST")[0].body == {"comment": "可以"}


@pytest.mark.usefixtures("silent")
def test_what_was_deleted_is_not_asked_for(run: Run, cloud: Cloud) -> None:
    cloud.on("DELETE", "/instances/.*", accepted(900))
    cloud.on("GET", OPERATION, Reply(200, operation(900, "succeeded")))
    result = run("instance", "delete", "web-1", "--yes", "--wait")
    assert (result.code, "succeeded" in result.out) == (0, True)
    assert cloud.sent("GET", f"/instances/{uid(101)}") == []


@pytest.mark.usefixtures("silent")
def test_a_cancellation_that_was_asked_for_is_no_failure(run: Run, cloud: Cloud) -> None:
    cloud.on("POST", "/operations/.*/cancel", Reply(200, operation(900, "undoing")))
    cloud.on("GET", OPERATION, Reply(200, operation(900, "cancelled")))
    result = run("operation", "cancel", uid(900), "--wait")
    assert (result.code, "cancelled" in result.out) == (0, True)
    cloud.on("GET", OPERATION, Reply(200, operation(900, "succeeded")))
    late = run("operation", "cancel", uid(900), "--wait")
    assert (late.code, "before it could be cancelled" in late.err) == (8, True)


def test_ctrl_c_says_that_the_operation_goes_on(cloud: Cloud, silent: threading.Event) -> None:
    started(cloud)
    looked = threading.Event()

    def look(_: object) -> Reply:
        looked.set()
        return Reply(200, operation(900, "running"))

    cloud.on("GET", OPERATION, look)
    process = subprocess.Popen(
        [sys.executable, "-m", "egovcloud.cli.main", "instance", "start", "web-1", "--wait"],
        env={**os.environ, "EGOV_URL": cloud.url, "EGOV_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background has SIGINT ignored, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert looked.wait(30)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert f"the operation goes on. Follow it with: egovctl operation wait {uid(900)}" in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("silent")
def test_on_a_terminal_the_steps_are_drawn_and_names_are_no_markup(cloud: Cloud) -> None:
    subject = {"type": "instance", "id": uid(101), "name": "[red]x[/red]"}
    children = [operation(901, "running", kind="volume.create")]
    cloud.put("/instances", instance(101, "web-1"))
    running = operation(900, "running", subject=subject, children=children)
    cloud.on(
        "GET", OPERATION, Reply(200, running), Reply(200, operation(900, "succeeded", subject=subject, children=[]))
    )
    screen, code = on_terminal(cloud, "operation", "wait", uid(900))
    assert code == 0
    assert "[red]x[/red]" in screen
    assert "✓" in screen
    assert "volume.create" in screen
    assert "\x1b[32m" in screen


def test_the_name_is_typed_on_a_terminal(cloud: Cloud) -> None:
    cloud.on("DELETE", "/instances/.*", accepted(900))
    screen, code = on_terminal(cloud, "instance", "delete", "web-1", answers=[("to go on:", "web-2")])
    assert (code, cloud.sent("DELETE")) == (2, [])
    assert "type the name web-1" in screen
    _, code = on_terminal(cloud, "instance", "delete", "web-1", answers=[("to go on:", "web-1")])
    assert (code, len(cloud.sent("DELETE"))) == (0, 1)


def test_a_table_is_cut_to_the_window(cloud: Cloud) -> None:
    cloud.put("/instances", instance(101, "一个很长很长很长很长很长很长很长的名字" * 3))
    screen, code = on_terminal(cloud, "instance", "list", columns=80)
    assert code == 0
    assert "…" in screen
    lines = [Text.from_ansi(line).plain for line in screen.splitlines()]
    assert max(cell_len(line) for line in lines) <= 80


def on_terminal(
    cloud: Cloud, *words: str, answers: Sequence[tuple[str, str]] = (), columns: int = 100, token: str = TOKEN
) -> tuple[str, int]:
    """Run on a pseudo-terminal; each of ``answers`` is (question, what is typed). (What it showed, exit code)."""
    environ = {**os.environ, "EGOV_URL": cloud.url, "EGOV_TOKEN": token, "TERM": "xterm-256color"}
    environ.pop("COLUMNS", None)
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, [sys.executable, "-m", "egovcloud.cli.main", *words], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    waiting_answers = list(answers)
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        shown += part
        if waiting_answers and waiting_answers[0][0].encode() in shown:
            os.write(terminal, waiting_answers.pop(0)[1].encode() + b"\n")
    else:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(status)
