"""``egovcloud db`` and ``egovcloud user``, on a real database."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import egovcloud
from egovcloud.app import Installation
from egovcloud.cli.local import main
from egovcloud.settings import Settings
from egovcloud.store.models import AuditEntry, User


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Installation:
    return Installation(Settings(state_dir=tmp_path / "state", database_url=database_url, hash_memory=8))


def run(installation: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(main.build(), list(arguments), obj=installation, catch_exceptions=True)


def test_from_nothing_to_the_first_account(tmp_path: Path) -> None:
    made = Installation(Settings(state_dir=tmp_path / "new" / "state", hash_memory=8))
    assert run(made, "db", "init", "--name", "临江市").exit_code == 0
    assert run(made, "db", "init").exit_code == 0, "a second time changes nothing"
    assert run(made, "db", "check").exit_code == 0
    result = run(made, "user", "create", "admin", "--role", "system_admin", "--display-name", "管理员")
    assert result.exit_code == 0
    name, _, password = result.output.strip().partition(": ")
    assert (name, len(password)) == ("admin", 16)
    with made.house.read() as session:
        user = session.query(User).one()
        entry = session.query(AuditEntry).filter_by(action="user.create").one()
    assert user.must_change_password
    assert made.passwords.verify(user.password_hash, password)
    assert entry.actor_name == "system"
    assert stat.S_IMODE((tmp_path / "new" / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "state" / "secret.key").stat().st_mode) == 0o600


def test_a_password_goes_to_a_file_of_its_owner_alone(installation: Installation, tmp_path: Path) -> None:
    installation.found("city", "某市")
    file = tmp_path / "deep" / "password"
    result = run(installation, "user", "create", "liu", "--role", "operator@city", "--password-file", str(file))
    assert result.exit_code == 0, result.output
    password = file.read_text().strip()
    assert len(password) == 16
    assert password not in result.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = run(installation, "user", "reset-password", "liu", "--password-file", str(file))
    assert again.exit_code == 1, "a file that exists is never overwritten"
    with installation.house.read() as session:
        assert installation.passwords.verify(session.query(User).one().password_hash, password)


def test_a_file_is_not_left_behind_by_a_failure(installation: Installation, tmp_path: Path) -> None:
    installation.found("city", "某市")
    file = tmp_path / "password"
    result = run(installation, "user", "create", "liu", "--role", "emperor", "--password-file", str(file))
    assert result.exception is not None
    assert not file.exists()
    with installation.house.read() as session:
        assert session.query(User).count() == 0


def test_reset_unlocks(installation: Installation) -> None:
    installation.found("city", "某市")
    run(installation, "user", "create", "liu")
    with installation.database.unit() as session:
        session.query(User).one().failed_logins = 5
    result = run(installation, "user", "reset-password", "liu")
    password = result.output.strip().partition(": ")[2]
    with installation.house.read() as session:
        user = session.query(User).one()
    assert (user.failed_logins, user.must_change_password) == (0, True)
    assert installation.passwords.verify(user.password_hash, password)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("user", "reset-password", "nobody"), 1, "no such thing"),
        (("db", "check"), 1, "egovcloud db upgrade"),
        (("version",), 0, egovcloud.__version__),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_a_problem_is_a_sentence_and_an_exit_code(
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = Installation(Settings(state_dir=tmp_path / "state", hash_memory=8))
    if arguments[0] == "user":
        made.upgrade()
    monkeypatch.setattr(sys, "argv", ["egovcloud", *arguments])
    assert main.run(made) == code
    captured = capsys.readouterr()
    assert sentence in captured.out + captured.err
    assert "Traceback" not in captured.err
