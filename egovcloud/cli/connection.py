"""Where the API is and who calls it: from flags, environment, configuration file and stored credentials."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from egovcloud.cli import credentials
from egovcloud.cli.failures import Usage
from egovcloud.domain.errors import Invalid

DEFAULT_URL = "http://127.0.0.1:8080"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Connection:
    """``url`` has no trailing slash and no ``/api/v1``; ``token`` may be empty (before login)."""

    url: str
    token: str = ""
    ca: str = ""
    source: str = ""

    @property
    def api(self) -> str:
        return self.url + "/api/v1"


def configuration(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """``egovctl.toml`` (keys: url, ca, lang, output, token_file, allow_http); {} when there is none."""
    path = credentials.config_directory(environ) / "egovctl.toml"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Invalid("cli.file.unreadable", path=path, detail=error.strerror) from None
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("cli.file.broken", path=path, detail=error) from None


def connect(flags: Mapping[str, Any], config: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Connection:
    """The connection of this run. A secret is never sent over plain HTTP to another machine unless that is allowed."""
    url = normal_url(flags.get("url") or environ.get("EGOV_URL") or str(config.get("url") or DEFAULT_URL))
    ca = flags.get("ca") or environ.get("EGOV_CA") or str(config.get("ca") or "")
    allowed = bool(flags.get("allow_http") or environ.get("EGOV_ALLOW_HTTP") == "1" or config.get("allow_http"))
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not allowed:
        raise Usage("cli.plain_http", url=url)
    token, source = _token(flags, config, environ, url)
    return Connection(url=url, token=token, ca=ca, source=source)


def normal_url(text: str) -> str:
    """``host``, ``https://host/`` and ``https://host/api/v1`` all mean the same address."""
    url = text.strip()
    url = (url if "://" in url else "https://" + url).rstrip("/")
    try:
        parts = urlsplit(url)
        odd = parts.port == 0 or parts.username or parts.query or parts.fragment
    except ValueError:
        raise Usage("cli.bad_url", url=text) from None
    if odd or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Usage("cli.bad_url", url=text)
    return url.removesuffix("/api/v1")


def _token(
    flags: Mapping[str, Any], config: Mapping[str, Any], environ: Mapping[str, str], url: str
) -> tuple[str, str]:
    if flags.get("token_file"):
        return read_secret(flags["token_file"]), "flag"
    if environ.get("EGOV_TOKEN"):
        return environ["EGOV_TOKEN"].strip(), "environment"
    if environ.get("EGOV_TOKEN_FILE"):
        return read_secret(environ["EGOV_TOKEN_FILE"]), "environment"
    if config.get("token_file"):
        return read_secret(str(config["token_file"])), "configuration"
    stored = credentials.load(credentials.config_directory(environ) / "credentials.toml").get(url)
    if stored is None:
        return "", ""
    if stored.expired():
        return "", "expired"
    return stored.token, "login"


def read_secret(path: str) -> str:
    """The first line of a file; what others may read is no secret and is refused."""
    try:
        with Path(path).expanduser().open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and stat.S_IMODE(mode) & 0o077:
                raise Invalid("cli.credentials.open", path=path)
            return file.readline().strip()
    except OSError as error:
        raise Invalid("cli.file.unreadable", path=path, detail=error.strerror) from None
    except UnicodeDecodeError:
        raise Invalid("cli.file.unreadable", path=path, detail="not UTF-8") from None
