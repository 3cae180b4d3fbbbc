"""The file that keeps tokens between runs, readable by its owner alone."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from egovcloud.domain.errors import Invalid


def config_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """``$XDG_CONFIG_HOME/egovcloud``, else ``~/.config/egovcloud`` (XDG Base Directory specification)."""
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "egovcloud"


@dataclass(frozen=True)
class Credential:
    """A token for one address; it is never sent to another one."""

    token: str
    token_id: str = ""
    username: str = ""
    expires_at: str = ""

    def expired(self, now: datetime | None = None) -> bool:
        """Whether the token's time is over; a token without a time never is."""
        if not self.expires_at:
            return False
        try:
            return datetime.fromisoformat(self.expires_at) <= (now or datetime.now(UTC))
        except (ValueError, TypeError):
            return False


def load(path: Path) -> dict[str, Credential]:
    """Credentials by address. A file that others may read is refused, as ssh does with keys."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return {}
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Invalid("cli.credentials.open", path=path)
    import tomllib

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("cli.file.broken", path=path, detail=error) from None
    found = {}
    for url, entry in document.items():
        if isinstance(entry, dict) and entry.get("token"):
            fields = ("token", "token_id", "username", "expires_at")
            found[url] = Credential(**{name: str(entry.get(name, "")) for name in fields})
    return found


def save(path: Path, credentials: Mapping[str, Credential]) -> None:
    """Replace the file in one step; it is 0600 from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = []
    for url, entry in sorted(credentials.items()):
        lines.append(f"[{_quoted(url)}]")
        lines += [
            f"{name} = {_quoted(getattr(entry, name))}" for name in ("token", "token_id", "username", "expires_at")
        ]
        lines.append("")
    # mkstemp makes the file 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _quoted(value: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
