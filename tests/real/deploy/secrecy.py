"""Where secrets are, and where none may be: argument lists, environments, logs, files that others may read."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from tests.real.deploy.deployment import CONTROL, DATABASE, NAMES, Deployment

# Wherever something is kept; of the code below /opt nothing is left out either.
PLACES = "/etc /home /opt /root /run /srv /tmp /usr/local /var /dev/shm"
HELD = {
    "/etc/egovcloud/credentials/database-url",
    "/etc/egovcloud/credentials/secret-key",
    "/run/credentials/egovcloud-api.service/database-url",
    "/run/credentials/egovcloud-api.service/secret-key",
    "/run/credentials/egovcloud-worker.service/database-url",
    "/run/credentials/egovcloud-worker.service/secret-key",
}
EXPECTED = {DATABASE: {"/etc/haproxy/egovcloud.pem"}, **dict.fromkeys(CONTROL, HELD)}
# A process may have ended, and a unit may have no file; each kind has to be there, though.
RUNNING = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; systemctl show '*'; systemctl cat '*'; true"
THERE = ("/lib/systemd/systemd", "LC_ALL=C.UTF-8", "MainPID=", "ExecStart=")


class Onlooker(threading.Thread):
    """Notes every argument list that it sees, of the machines' processes and of those that deploy them."""

    def __init__(self) -> None:
        super().__init__(name="onlooker", daemon=True)
        self._over = threading.Event()
        self.seen: set[bytes] = set()

    def run(self) -> None:
        while not self._over.wait(0.1):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:  # it has ended
                    continue

    def stop(self) -> bytes:
        """All that was seen."""
        self._over.set()
        self.join(60)
        return b"\n".join(self.seen)


def made(deployment: Deployment) -> dict[str, str]:
    """The secrets that the playbook has made: two on the machine that runs it, and the key of the front."""
    files = {path.name: path.read_text().strip() for path in (deployment.directory / "secrets").iterdir()}
    assert {name: len(text) for name, text in files.items()} == {"database-password": 40, "secret-key": 32}
    assert all((path.stat().st_mode & 0o77) == 0 for path in (deployment.directory / "secrets").iterdir())
    key = deployment.machines.told(DATABASE, "openssl pkey -in /etc/haproxy/egovcloud.pem")
    return {**files, "key of the front": key.splitlines()[1]}


def found(text: str | bytes, secrets: Mapping[str, str]) -> list[str]:
    """Names of the secrets that a text holds."""
    known = text.decode(errors="replace") if isinstance(text, bytes) else text
    return [name for name, secret in secrets.items() if secret in known]


def check(deployment: Deployment, secrets: Mapping[str, str]) -> None:
    """On every machine: nothing in what runs, nothing in a log, and files with secrets are these, for root alone."""
    machines = deployment.machines
    for name in NAMES:
        running = machines.told(name, RUNNING)
        assert [word for word in THERE if word not in running] == []
        assert found(running, secrets) == [], f"{name}: processes and units"
        journal = machines.told(name, "journalctl --all --no-pager --output=export")
        assert len(journal) > 1000, f"{name} has no journal"
        assert found(journal, secrets) == [], f"{name}: journal"
        holding = _holding(deployment, name, secrets.values())
        assert holding == EXPECTED[name], f"{name}: files"
        modes = machines.told(name, f"stat -c '%U %a' {' '.join(sorted(holding))}").splitlines()
        assert {mode for mode in modes if not re.fullmatch(r"(root|egovcloud) [46]00", mode)} == set(), name


def _holding(deployment: Deployment, name: str, secrets: Collection[str]) -> set[str]:
    """Files of a machine in which a secret is, whoever may read them."""
    command = (
        f"umask 077; trap 'rm -f /secrets' EXIT; cat > /secrets; find {PLACES} -type f -size -64M -print0 "
        "| xargs -0 grep --files-with-matches --fixed-strings --file=/secrets --text --no-messages || [ $? = 123 ]"
    )
    told = deployment.machines.told(name, command, said="\n".join(secrets) + "\n")
    return set(told.splitlines())


def no_default(deployment: Deployment) -> None:
    """Nobody has a password who was not given one."""
    machines = deployment.machines
    users = 'runuser -u postgres -- psql -Atc "SELECT count(*) FROM users" egovcloud'
    assert machines.told(DATABASE, users) == "0"
    query = "SELECT rolname, coalesce(split_part(rolpassword, '$', 1), '') FROM pg_authid WHERE rolcanlogin ORDER BY 1"
    roles = machines.told(DATABASE, f'runuser -u postgres -- psql -Atc "{query}"')
    assert roles.splitlines() == ["egovcloud|SCRAM-SHA-256", "postgres|"]
    for address in ("127.0.0.1", machines.machines[DATABASE].address):
        for role in ("egovcloud", "postgres"):
            attempt = f"PGPASSWORD={role} psql -h {address} -U {role} -c 'SELECT 1' egovcloud"
            assert machines.ssh(DATABASE, attempt).returncode == 2, f"{role} at {address} gets in by its name"
    for name in NAMES:
        shadow = [line.split(":") for line in machines.told(name, "getent shadow").splitlines()]
        assert {row[0] for row in shadow if not row[1].startswith(("!", "*"))} == set(), name
