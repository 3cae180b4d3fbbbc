"""Completion: the words that fit, in a real bash, and nothing that a name could smuggle in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.cli.cloud import TOKEN, Cloud, Reply, uid
from tests.unit.cli.conftest import Run, instance


@pytest.fixture
def complete(run: Run, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The values offered for the last word."""
    monkeypatch.setenv("_EGOVCTL_COMPLETE", "1")
    return lambda *words: [line.partition("\t")[0] for line in run(*words).out.splitlines()]


def test_nouns_verbs_options_and_choices(complete) -> None:  # type: ignore[no-untyped-def]
    assert complete("in") == ["instance"]
    assert {"login", "request", "volume"} <= set(complete(""))
    assert complete("instance", "re") == ["reboot", "resize", "rebuild", "release"]
    assert complete("-o", "json", "instance", "sn") == ["snapshot"]
    assert complete("instance", "stop", "--f") == ["--force"]
    assert complete("instance", "list", "-o", "") == ["table", "json", "yaml", "csv"]
    assert complete("instance", "list", "--output=j") == ["--output=json"]
    assert complete("completion", "") == ["bash", "zsh", "fish"]
    assert complete("request", "create", "-f", "") == [":files"]
    assert complete("nonsense", "") == []
    assert complete("instance", "nonsense", "") == []


def test_names_come_from_the_server(complete, cloud: Cloud) -> None:  # type: ignore[no-untyped-def]
    assert complete("instance", "start", "w") == ["web-1", "web-2"]
    assert complete("instance", "start", "web-1", "数") == ["数据库"]
    assert complete("instance", "list", "--project", "") == ["社会救助", "市场监管"]
    assert complete("quota", "show", "m") == ["mzj"]
    assert complete("instance", "show", uid(101)[:30]) == [uid(101), uid(102), uid(103)]
    assert complete("instance", "show", "web-1", "") == []
    cloud.put("/instances", instance(101, "same"), instance(102, "same"))
    assert complete("instance", "start", "sa") == [uid(101), uid(102)]


def test_names_that_could_harm_a_shell_line_are_left_out_or_quoted(complete, cloud: Cloud) -> None:  # type: ignore[no-untyped-def]
    cloud.put("/instances", instance(101, "web\nrm -rf /"), instance(102, "web\x1b[31m"), instance(103, "web ok"))
    assert complete("instance", "start", "web") == ["web ok"]


def test_a_slow_or_absent_server_is_silence_within_two_seconds(complete, cloud: Cloud, run: Run) -> None:  # type: ignore[no-untyped-def]
    def slow(_: object) -> Reply:
        time.sleep(3)
        return Reply(200, {"items": []})

    cloud.on("GET", "/instances", slow)
    begun = time.monotonic()
    result = run("instance", "start", "w")
    assert time.monotonic() - begun < 2
    assert (result.out, result.err) == ("", "")
    cloud.on("GET", "/instances", Reply(500, "broken"))
    assert run("instance", "start", "w").err == ""


def test_bash_inserts_each_name_as_one_word(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put("/instances", instance(101, 'web $(touch ran) "x"; id'), instance(102, "web-2"))
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "egovctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m egovcloud.cli.main "$@"\n')
    (bin_ / "egovctl").chmod(0o755)
    script = r"""
        eval "$(egovctl completion bash)"
        COMP_WORDS=(egovctl instance start web); COMP_CWORD=3
        _egovctl
        printf '%s\n' "${COMPREPLY[@]}"
        for word in "${COMPREPLY[@]}"; do eval "set -- $word"; printf '%s=%s\n' "$#" "$1"; done
    """
    environ = {**os.environ, "EGOV_URL": cloud.url, "EGOV_TOKEN": TOKEN, "PATH": f"{bin_}:{os.environ['PATH']}"}
    environ["LC_ALL"] = "C.UTF-8"
    done = subprocess.run(
        ["bash", "-c", script], env=environ, capture_output=True, text=True, timeout=180, cwd=tmp_path
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[2:] == ['1=web $(touch ran) "x"; id', "1=web-2"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script_that_evaluates_nothing(run: Run, shell: str) -> None:
    script = run("completion", shell).out
    assert "_EGOVCTL_COMPLETE=1 egovctl" in script
    assert "eval" not in script
