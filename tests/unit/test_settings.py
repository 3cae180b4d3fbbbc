"""Settings: the example says what is, secrets come from files, and nonsense is refused."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from egovcloud.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "config" / "egovcloud.example.toml"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"EGOV_{name.upper()}", raising=False)
    monkeypatch.delenv("EGOV_CONFIG", raising=False)


def test_the_example_names_every_setting_with_its_default() -> None:
    text = re.sub(r"^# (?=[a-z_]+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    shown = tomllib.loads(text)
    assert shown.keys() == Settings.model_fields.keys()
    settings = Settings()
    for name, value in shown.items():
        default = getattr(settings, name)
        if default is not None:
            assert (str(default) if isinstance(default, Path) else default) == value, name
    Settings(**shown)


def test_a_file_then_variables_over_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "egov.toml"
    file.write_text('bind = "127.0.0.1:1"\nlease = 7\n')
    monkeypatch.setenv("EGOV_CONFIG", str(file))
    monkeypatch.setenv("EGOV_LEASE", "9")
    settings = Settings()
    assert (settings.bind, settings.lease) == ("127.0.0.1:1", 9)


def test_a_file_that_is_named_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGOV_CONFIG", "/nowhere.toml")
    with pytest.raises(FileNotFoundError):
        Settings()


def test_a_secret_comes_from_a_file_and_shows_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql+psycopg://egov:very-secret@db/egov"
    (tmp_path / "url").write_text(f"{url}\n")
    monkeypatch.setenv("EGOV_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = Settings()
    assert settings.url == url
    assert "very-secret" not in repr(settings)
    assert "very-secret" not in str(settings)


def test_defaults_suit_one_machine(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    assert settings.url == f"sqlite:///{tmp_path}/egovcloud.sqlite"
    assert settings.key_path == tmp_path / "secret.key"
    assert settings.origin == "http://127.0.0.1:8080"
    assert settings.https is False
    assert Settings(public_url="https://a.example:8443/x").origin == "https://a.example:8443"


@pytest.mark.parametrize(
    "wrong",
    [
        {"bind": "8080"},
        {"bind": "x:99999"},
        {"screen_token_lifetime": 31},
        {"streams_max": 256},
        {"password_min_length": 7},
        {"nonsense": 1},
        {"log_level": "loud"},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)
