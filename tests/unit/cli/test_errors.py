"""Failures: the exit code that scripts rely on, a sentence for people, and never a traceback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from egovcloud.cli.failures import BY_KIND, EXIT_CODES
from egovcloud.domain.errors import KINDS
from egovcloud.domain.messages import CATALOGUE
from tests.unit.cli.cloud import TOKEN, Cloud, Reply, problem, uid
from tests.unit.cli.conftest import Run


def egovctl(*words: str, environ: Mapping[str, str] | None = None, **more: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "egovcloud.cli.main", *words],
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=180,
        **more,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "input.json", 6),
        (401, "auth.required", 5),
        (403, "auth.forbidden", 5),
        (404, "thing.absent", 3),
        (409, "state.refused", 4),
        (409, "quota.exceeded", 7),
        (412, "precondition.failed", 4),
        (413, "input.size", 6),
        (415, "input.type", 6),
        (422, "input.invalid", 6),
        (429, "auth.rate", 10),
        (500, "internal.error", 1),
        (503, "db.busy", 10),
    ],
)
def test_every_refusal_has_its_exit_code(run: Run, cloud: Cloud, status: int, code: str, expected: int) -> None:
    refusal = problem(status, code, "The sentence of the server.")
    refusal.headers["Retry-After"] = "0" if status == 503 else "60"
    cloud.on("GET", "/instances", refusal)
    result = run("instance", "list")
    assert result.code == expected
    assert "The sentence of the server." in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


def test_the_kind_in_the_document_decides_when_it_is_there(run: Run, cloud: Cloud) -> None:
    cloud.on("GET", "/instances", problem(409, "address.exhausted", "No address left.", kind="quota_exceeded"))
    assert run("instance", "list").code == 7


def test_every_kind_of_problem_has_an_exit_code_that_is_documented() -> None:
    assert set(KINDS) <= set(BY_KIND)
    assert set(BY_KIND.values()) | {0, 130} == set(EXIT_CODES)
    assert all(sentence in CATALOGUE for sentence in EXIT_CODES.values())


def test_fields_at_fault_are_listed(run: Run, cloud: Cloud) -> None:
    errors = [{"field": "items[0].count", "detail": "must be at most 50"}, {"field": "title", "detail": "is missing"}]
    cloud.on("GET", "/instances", problem(422, "input.invalid", "Two rules are broken.", errors=errors))
    err = run("instance", "list").err
    assert "items[0].count: must be at most 50" in err
    assert "title: is missing" in err


def test_trouble_of_the_server_names_the_trace(run: Run, cloud: Cloud) -> None:
    cloud.on("GET", "/instances", problem(500, "internal.error", "Something broke.", trace_id="4bf92f"))
    assert "4bf92f" in run("instance", "list").err


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, "<html>welcome</html>", content_type="text/html"),
        Reply(200, "{broken", content_type="application/json"),
        Reply(200, {"things": []}),
        Reply(200, ["not", "a", "page"]),
        Reply(404, "nginx", content_type="text/html"),
    ],
)
def test_what_is_not_the_api_is_told_from_a_failure(run: Run, cloud: Cloud, reply: Reply) -> None:
    cloud.on("GET", "/instances", reply)
    result = run("instance", "list")
    assert result.code in (3, 10)
    assert "is not the egovcloud API" in result.err


def test_no_server_is_exit_code_10(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("EGOV_URL", f"http://127.0.0.1:{port}")
    result = run("instance", "list")
    assert result.code == 10
    assert f"127.0.0.1:{port}" in result.err


def test_without_a_token_it_says_how_to_sign_in(run: Run, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    monkeypatch.delenv("EGOV_TOKEN")
    result = run("instance", "list")
    assert result.code == 5
    assert "egovctl login" in result.err
    assert cloud.requests == []


def test_a_wrong_command_line_is_exit_code_2_in_both_languages(run: Run) -> None:
    for words, english, chinese in (
        (["instance", "lst"], "Did you mean: list", "您是否要：list"),
        (["instence"], "Did you mean: instance", "您是否要：instance"),
        (["instance", "list", "--stat", "x"], "no option --stat", "没有选项 --stat"),
        (["instance", "show"], "INSTANCE is missing", "缺少 INSTANCE"),
        (["volume", "grow", "v"], "--size-gib is missing", "缺少 --size-gib"),
        (["volume", "grow", "v", "--size-gib", "many"], "needs a number", "需要数字"),
        (["operation", "list", "--state", "odd"], "is one of", "可选"),
        (["instance", "show", "a", "b"], "unexpected extra argument", "命令行有误"),
        (["instance", "list", "-o", "xml"], "is one of", "可选"),
        (["instance", "list", "--limit"], "requires an argument", "命令行有误"),
    ):
        result = run(*words)
        assert (result.code, result.out) == (2, ""), words
        assert english in result.err
        assert chinese in run("--lang", "zh", *words).err
        assert "Traceback" not in result.err


def test_a_noun_alone_shows_its_help_and_fails(run: Run) -> None:
    result = run("instance")
    assert result.code == 2
    assert "rebuild" in result.err


def test_nothing_unexpected_shows_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch, environment: Path) -> None:
    from egovcloud.cli import resolve

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(resolve, "thing", broken)
    result = run("instance", "show", "web-1")
    assert result.code == 1
    assert "Traceback" not in result.err + result.out
    assert len(result.err.splitlines()) == 1
    kept = environment / "state" / "egovcloud" / "egovctl-error.log"
    assert "ZeroDivisionError: a defect" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_reader_that_leaves_is_no_failure(cloud: Cloud) -> None:
    cloud.put("/instances", *({"id": uid(i), "name": f"vm-{i}" * 20} for i in range(190)))
    environ = {"EGOV_URL": cloud.url, "EGOV_TOKEN": TOKEN}
    script = f"set -o pipefail; {sys.executable} -m egovcloud.cli.main instance list --limit 190 -o json | head -1"
    done = subprocess.run(
        ["bash", "-c", script], env={**os.environ, **environ}, capture_output=True, text=True, timeout=180
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "[\n")


def test_ctrl_c_before_anything_was_started_is_quiet(cloud: Cloud) -> None:
    import threading

    asked, gate = threading.Event(), threading.Event()

    def slow(_: object) -> Reply:
        asked.set()
        gate.wait(20)
        return Reply(200, {"items": [], "next": None})

    cloud.on("GET", "/instances", slow)
    process = subprocess.Popen(
        [sys.executable, "-m", "egovcloud.cli.main", "instance", "list"],
        env={**os.environ, "EGOV_URL": cloud.url, "EGOV_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background has SIGINT ignored, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert asked.wait(30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    gate.set()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_a_terminal_of_another_encoding_gets_what_it_can_show(cloud: Cloud) -> None:
    environ = {"EGOV_URL": cloud.url, "EGOV_TOKEN": TOKEN, "PYTHONIOENCODING": "ascii"}
    done = egovctl("instance", "list", environ=environ)
    assert done.returncode == 0
    assert "???" in done.stdout


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "https://user:pw@x", "https://x?y", "http://[", "https://x:99999", " "]
)
def test_an_address_that_is_none_is_refused(run: Run, url: str) -> None:
    result = run("instance", "list", "--url", url)
    assert result.code == 2
    assert "Traceback" not in result.err
    assert len(result.err.splitlines()) == 1
