"""Typed settings: a TOML file, then ``EGOV_*`` variables over it; secrets as ``EGOV_…_FILE``.

Every default suits one machine: SQLite in the state directory, everything in one process tree, loopback only.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

CONFIG_PATHS = (Path("/etc/egovcloud/egovcloud.toml"), Path("config/egovcloud.toml"))
Seconds = Annotated[float, Field(gt=0, le=86400 * 3660)]
PositiveInt = Annotated[int, Field(ge=1, le=100_000)]


class Settings(BaseSettings):
    """All settings of one installation. Times are seconds."""

    model_config = SettingsConfigDict(env_prefix="EGOV_", extra="forbid", frozen=True)

    # -- where things are
    state_dir: Path = Path("var")
    database_url: SecretStr | None = None  # default: SQLite in state_dir; may hold a password
    secret_key_file: Path | None = None  # default: state_dir/secret.key, made at the first start
    database_connections: PositiveInt = 16  # kept open by each process; twice as many at the most
    database_patience: float = Field(default=8, ge=2, le=300)  # a network that is silent for longer has lost it
    migrations_dir: Path | None = None  # default: found beside the package
    console_dir: Path | None = None  # default: found in the package
    image_dir: Path | None = None  # images may be registered from here alone; default: state_dir/images

    # -- the web process
    bind: str = "127.0.0.1:8080"
    public_url: AnyHttpUrl | None = None  # as browsers see it; default: http://<bind>
    trusted_proxies: int = Field(default=0, ge=0, le=4)  # how many X-Forwarded-* hops to believe
    threads: PositiveInt = 256
    streams_max: PositiveInt = 200  # event streams and screens each hold a thread; the others answer requests
    body_limit: int = Field(default=1 << 20, ge=1024, le=1 << 30)  # bytes

    # -- login
    session_idle: Seconds = 30 * 60
    session_lifetime: Seconds = 12 * 3600
    lockout_failures: PositiveInt = 5
    lockout_duration: Seconds = 15 * 60
    login_rate: PositiveInt = 30  # attempts per address ...
    login_rate_window: Seconds = 60  # ... in this time
    password_min_length: int = Field(default=12, ge=8, le=128)
    hash_parallel: PositiveInt = 2  # argon2id hashes at once ...
    hash_memory: int = Field(default=65536, ge=8, le=1 << 22)  # ... each takes so many KiB
    screen_token_lifetime: float = Field(default=30, gt=0, le=30)

    # -- the worker
    worker_threads: PositiveInt = 8
    lease: Seconds = 30
    claim_interval: Seconds = 0.1
    reconcile_interval: Seconds = 30
    metering_interval: Seconds = 60  # how often what buckets hold is counted
    metrics_bind: str | None = None  # host:port where a worker of its own tells Prometheus what it counts; to anyone
    events_kept: Seconds = 400 * 86400  # the audit trail is kept for ever

    # -- streams and logs
    event_poll: Seconds = 0.2
    event_heartbeat: Seconds = 15
    event_queue: PositiveInt = 512
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    log_format: str = Field(default="json", pattern="^(json|console)$")

    @model_validator(mode="after")
    def _room_for_requests(self) -> Self:
        if self.streams_max >= self.threads:
            raise ValueError("streams_max must be below threads, or streams leave no thread for requests")
        return self

    @field_validator("bind", "metrics_bind")
    @classmethod
    def _bind(cls, value: str | None) -> str | None:
        if value is None:
            return None
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise ValueError("an address is host:port, for example 127.0.0.1:8080")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then files that variables name, then the TOML file."""
        return (
            init_settings,
            env_settings,
            _SecretFiles(settings_cls),
            TomlConfigSettingsSource(settings_cls, toml_file=config_file()),
        )

    @property
    def url(self) -> str:
        """The database's URL; it may hold a password, so it is never logged."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir.absolute() / 'egovcloud.sqlite'}"

    @property
    def key_path(self) -> Path:
        """Where the key of secrets at rest lies."""
        return self.secret_key_file or self.state_dir / "secret.key"

    @property
    def image_directories(self) -> tuple[Path, ...]:
        """Where the files of images may lie."""
        return ((self.image_dir or self.state_dir / "images").absolute(),)

    @property
    def origin(self) -> str:
        """Scheme, host and port as browsers see them; what an Origin header must equal."""
        if self.public_url is None:
            return f"http://{self.bind}"
        parts = urlsplit(str(self.public_url))
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def https(self) -> bool:
        """Whether browsers reach this over TLS: cookies are then marked Secure and HSTS is sent."""
        return self.origin.startswith("https://")


class _SecretFiles(PydanticBaseSettingsSource):
    """``EGOV_DATABASE_URL_FILE=/run/credentials/…`` gives ``database_url``: a secret in a file shows in no ``ps``."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"EGOV_{field_name.upper()}_FILE")
        if path is None or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False
        return Path(path).read_text().strip(), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def config_file() -> Path | None:
    """The settings file: ``EGOV_CONFIG``, else the first that exists of the usual places."""
    named = os.environ.get("EGOV_CONFIG")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"the settings file {named} (EGOV_CONFIG) does not exist")
        return Path(named)
    return next((path for path in CONFIG_PATHS if path.is_file()), None)
