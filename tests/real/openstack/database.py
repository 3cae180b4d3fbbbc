"""MariaDB, RabbitMQ and memcached for the bed alone, and the services' tables."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.real.openstack import processes
from tests.real.openstack.install import fingerprint
from tests.real.openstack.layout import Layout, write

DATABASES = ("keystone", "placement", "glance", "neutron", "nova_api", "nova", "nova_cell0", "cinder")
_TUNING = (
    "--skip-name-resolve",
    "--max-connections=1000",
    "--innodb-buffer-pool-size=512M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--skip-log-bin",
    "--innodb-log-file-size=256M",
    "--performance-schema=OFF",
    "--character-set-server=utf8mb3",
)
# Filled in by Nova from its own configuration, so that no password is in the tables.
_CELL = "{scheme}://{username}:{password}@{hostname}:{port}/"


def start(layout: Layout) -> None:
    """All three, listening on the loopback address alone."""
    _mariadb(layout)
    _rabbitmq(layout)
    port = str(layout.ports["memcached"])
    processes.start(layout, "memcached", ["memcached", "-u", "root", "-l", "127.0.0.1", "-p", port, "-m", "64"])
    processes.wait_port(layout.ports["mariadb"], "MariaDB")


def _mariadb(layout: Layout) -> None:
    data, socket = layout.data / "mysql", layout.run / "mysql.sock"
    if not (data / "mysql").exists():
        made = ["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}", "--skip-test-db"]
        processes.run(layout, "mariadb-install", [*made, "--auth-root-authentication-method=normal"])
    secret = layout.passwords["database"]
    statements = [f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb3;" for name in DATABASES]
    for user in ("openstack@'127.0.0.1'", "root@localhost"):
        statements.append(f"CREATE OR REPLACE USER {user} IDENTIFIED BY '{secret}';")
        statements.append(f"GRANT ALL ON *.* TO {user} WITH GRANT OPTION;")
    write(layout.etc / "init.sql", "\n".join(statements) + "\n")
    write(
        layout.etc / "client.cnf",
        f"[client]\nhost=127.0.0.1\nport={layout.ports['mariadb']}\nuser=openstack\npassword={secret}\n",
    )
    command = ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={socket}"]
    listening = ["--bind-address=127.0.0.1", f"--port={layout.ports['mariadb']}"]
    processes.start(layout, "mariadb", [*command, *listening, *_TUNING, f"--init-file={layout.etc / 'init.sql'}"])


def _rabbitmq(layout: Layout) -> None:
    etc, data = layout.etc / "rabbitmq", layout.data / "rabbitmq"
    data.mkdir(parents=True, exist_ok=True)
    write(
        etc / "rabbitmq.conf",
        f"listeners.tcp.1 = 127.0.0.1:{layout.ports['rabbitmq']}\n"
        f"default_user = openstack\ndefault_pass = {layout.passwords['rabbitmq']}\n",
    )
    write(etc / "enabled_plugins", "[].\n")
    processes.start(
        layout,
        "rabbitmq",
        ["/usr/lib/rabbitmq/bin/rabbitmq-server"],
        {
            **_erlang(layout),
            "HOME": str(data),
            "RABBITMQ_NODENAME": "egovbed@localhost",
            "RABBITMQ_DIST_PORT": str(layout.ports["rabbitmq_dist"]),
            "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(layout.log),
            "RABBITMQ_CONFIG_FILE": str(etc / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(etc / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none "
            "-kernel inet_dist_use_interface {127,0,0,1}",
        },
    )


def _erlang(layout: Layout) -> dict[str, str]:
    """A port mapper of our own, which can be ended without a look at anybody else's."""
    return {"ERL_EPMD_PORT": str(layout.ports["epmd"]), "ERL_EPMD_ADDRESS": "127.0.0.1"}


def end_port_mapper(layout: Layout) -> None:
    """RabbitMQ leaves it behind."""
    if layout.ports and shutil.which("epmd"):
        environment = {**processes.environment(layout), **_erlang(layout)}
        subprocess.run(["epmd", "-kill"], env=environment, capture_output=True, check=False)


# -- tables ------------------------------------------------------------------------------------------------------------
def migrate(layout: Layout) -> None:
    """The tables of all services: out of the copy that an earlier migration left, or by migrating."""
    mark = layout.schema.with_suffix(".of")
    if layout.schema.exists() and mark.exists() and mark.read_text() == fingerprint():
        _client(layout, "mariadb", [], layout.schema.read_bytes())
        return
    etc = layout.etc
    neutron = ["--config-file", f"{etc}/neutron/neutron.conf", "--config-file", f"{etc}/neutron/ml2_conf.ini"]
    nova = [f"{layout.bin}/nova-manage", "--config-file", f"{etc}/nova/nova.conf"]
    cell = ["--transport-url", _CELL, "--database_connection", f"{_CELL}nova?charset=utf8"]
    lanes: Sequence[tuple[str, list[list[str]]]] = (
        (
            "migrate-a",
            [
                [f"{layout.bin}/neutron-db-manage", *neutron, "upgrade", "heads"],
                [f"{layout.bin}/glance-manage", "--config-dir", f"{etc}/glance", "db_sync"],
                [f"{layout.bin}/placement-manage", "--config-file", f"{etc}/placement/placement.conf", "db", "sync"],
            ],
        ),
        (
            "migrate-b",
            [
                [f"{layout.bin}/keystone-manage", "--config-dir", f"{etc}/keystone", "db_sync"],
                [*nova, "api_db", "sync"],
                [*nova, "cell_v2", "map_cell0", "--database_connection", f"{_CELL}nova_cell0?charset=utf8"],
                [*nova, "db", "sync"],
                [*nova, "cell_v2", "create_cell", "--name", "cell1", *cell],
                [f"{layout.bin}/cinder-manage", "--config-file", f"{etc}/cinder/cinder.conf", "db", "sync"],
            ],
        ),
    )
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(_lane, layout, name, commands) for name, commands in lanes]:
            done.result()
    write(layout.schema, _client(layout, "mariadb-dump", ["--skip-dump-date", "--databases", *DATABASES]).decode())
    mark.write_text(fingerprint())


def _lane(layout: Layout, name: str, commands: list[list[str]]) -> None:
    for command in commands:
        processes.run(layout, name, command)


def _client(layout: Layout, program: str, arguments: Sequence[str], stdin: bytes = b"") -> bytes:
    command = [program, f"--defaults-file={layout.etc / 'client.cnf'}", *arguments]
    return subprocess.run(command, input=stdin, check=True, capture_output=True).stdout
