"""The composition root: the only file that knows everything. Builds the house, its faces and its worker."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from werkzeug.middleware.proxy_fix import ProxyFix

import egovcloud
from egovcloud.api import factory
from egovcloud.api.auth import COOKIE
from egovcloud.api.call import Parts
from egovcloud.cli.local import main as command_line
from egovcloud.console.events import Hub
from egovcloud.console.screen import add_screens
from egovcloud.console.static import add_console
from egovcloud.domain.clock import Clock, system_clock
from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import Driver
from egovcloud.drivers.objects import ObjectStore
from egovcloud.engine.operations import REGISTRY
from egovcloud.engine.providers import Factory, Providers, StoreFactory
from egovcloud.engine.runner import Runner
from egovcloud.engine.ticks import Ticks
from egovcloud.engine.worker import Worker
from egovcloud.services import installation, intent, session, user
from egovcloud.services.actor import SYSTEM
from egovcloud.services.house import House
from egovcloud.settings import Settings
from egovcloud.store import bulk, schema
from egovcloud.store.database import Database
from egovcloud.store.passwords import Passwords
from egovcloud.store.secrets import Cipher
from egovcloud.telemetry import meters

log = structlog.get_logger("egovcloud.app")

TIDY_SECONDS = 600.0


class Installation:
    """One installation on this machine; everything is made when it is first asked for."""

    def __init__(self, settings: Settings, *, clock: Clock = system_clock) -> None:
        self.settings = settings
        self.clock = clock
        self.stopping = threading.Event()
        self.places = threading.BoundedSemaphore(settings.streams_max)
        self._worker: Worker | None = None

    # -- what the faces and the worker stand in
    @cached_property
    def database(self) -> Database:
        if self.settings.database_url is None:
            self.settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Database(
            self.settings.url,
            pool_size=self.settings.database_connections,
            patience=self.settings.database_patience,
        )

    @cached_property
    def house(self) -> House:
        """The use cases' environment; the schema must be at its head."""
        schema.check(self.database, self.settings.migrations_dir)
        cipher = Cipher.from_file(self.settings.key_path)
        return House(self.database, cipher, installation.identity(self.database), self.clock, self.wake)

    @cached_property
    def providers(self) -> Providers:
        return Providers(self.database, self.house.installation, FACTORIES, STORES)

    @cached_property
    def parts(self) -> Parts:
        """What the API stands on."""
        hub = Hub(self.house, self.settings, self.places, self.stopping.is_set)
        return Parts.of(self.house, self.settings, drivers=self.providers, stream=hub)

    def wake(self) -> None:
        """There is work for a worker in this process, if there is one; others poll."""
        if self._worker is not None:
            self._worker.wake()

    def web(self) -> Flask:
        """API and console as one WSGI application."""
        app = factory.create(self.parts, egovcloud.__version__)
        add_screens(
            app,
            self.house,
            self.settings,
            self.providers,
            cookie_name=COOKIE,
            places=self.places,
            stopping=self.stopping.is_set,
        )
        add_console(app, self.settings.console_dir)
        hops = self.settings.trusted_proxies
        if hops:
            app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
        return app

    def worker(self) -> Worker:
        """A worker, not yet started."""
        runner = Runner(
            database=self.database,
            registry=REGISTRY,
            providers=self.providers,
            cipher=self.house.cipher,
            installation=self.house.installation,
            clock=self.clock,
            lease_seconds=self.settings.lease,
            wake=self.wake,
        )
        self._worker = Worker(runner, threads=self.settings.worker_threads, poll_seconds=self.settings.claim_interval)
        return self._worker

    def ticks(self) -> Ticks:
        """The clock of this process, not yet started."""
        settings = self.settings
        return Ticks(
            self.database,
            self.clock,
            reconcile_seconds=settings.reconcile_interval,
            events_kept=timedelta(seconds=settings.events_kept),
            metering_seconds=settings.metering_interval,
        )

    def at(self, settings_file: Path) -> Installation:
        """The installation that is described by another settings file."""
        os.environ["EGOV_CONFIG"] = str(settings_file)
        return Installation(Settings(), clock=self.clock)

    def tidy(self) -> None:
        """Drop what is over, every now and then, until the process stops."""
        while not self.stopping.wait(TIDY_SECONDS):
            try:
                session.forget(self.house)
                intent.forget(self.house, self.clock())
            except Exception:
                log.exception("tidy.failed")

    # -- what local commands ask for
    def serve(self, bind: str | None, *, worker: bool) -> None:
        """Answer HTTP until told to stop."""
        assert self.house  # a schema that does not fit is said before a socket is opened
        self.database.dispose()  # connections must not be shared with the process that gunicorn makes
        configure_logs(self.settings)
        WebServer(self, bind or self.settings.bind, worker=worker).run()

    def work(self) -> None:
        """Run operations until SIGTERM or SIGINT."""
        configure_logs(self.settings)
        if self.settings.metrics_bind is not None:
            meters.serve(self.settings.metrics_bind)
        worker = self.worker()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        ticks = self.ticks()
        worker.start()
        ticks.start()
        log.info("worker.started", worker=worker.name)
        self.stopping.wait()
        ticks.stop()
        worker.stop()

    def upgrade(self) -> str:
        """Bring the schema to its head."""
        return schema.upgrade(self.database, self.settings.migrations_dir)

    def check(self) -> None:
        """``Problem`` unless the schema is at its head."""
        schema.check(self.database, self.settings.migrations_dir)

    def found(self, code: str, name: str) -> str:
        """Make the root of the tree if there is none."""
        return installation.found(self.house, code=code, name=name)

    def pour(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
        """Store rows of many tables in a database that has none; returns how many."""
        return bulk.pour(self.database, tables)

    def create_user(
        self,
        username: str,
        display_name: str,
        department: str | None,
        roles: list[tuple[str, str | None]],
        language: str,
    ) -> str:
        """A new account; returns its one-time password."""
        _, password = user.create(
            self.house,
            self.passwords,
            SYSTEM,
            username=username,
            display_name=display_name,
            department_id=installation.department_id(self.house, department),
            roles=[(role, installation.department_id(self.house, at)) for role, at in roles],
            language=language,
        )
        return password

    def reset_password(self, username: str) -> str:
        """A new one-time password; unlocks the account."""
        return user.reset_password(self.house, self.passwords, SYSTEM, user.id_of(self.house, username))

    @property
    def passwords(self) -> Passwords:
        return self.parts.passwords


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn with one process of many threads; event streams and screens hold a thread each."""

    def __init__(self, made: Installation, bind: str, *, worker: bool) -> None:
        self._installation = made
        self._bind = bind
        self._with_worker = worker
        self._at_work: tuple[Worker | Ticks, ...] = ()
        super().__init__()

    def load_config(self) -> None:
        """No file, no arguments: the settings are the configuration."""
        settings = self._installation.settings
        options: Mapping[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": settings.threads,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 30,
            "limit_request_line": 8190,
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108 - a heartbeat file
            "loglevel": "warning",
            "post_worker_init": self._started,
            "worker_exit": self._stopped,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, in the process that answers: threads don't survive a fork."""
        made = self._installation
        app = made.web()
        threading.Thread(target=made.tidy, name="tidy", daemon=True).start()
        if self._with_worker:
            self._at_work = made.worker(), made.ticks()
            for part in self._at_work:
                part.start()
        log.info("web.started", bind=self._bind)
        return app

    def _stopped(self, _server: object, _worker: object) -> None:
        """Claim nothing more and let running steps end; what takes longer than we are given is found by the next."""
        self._installation.stopping.set()
        for part in reversed(self._at_work):
            part.stop()

    def _started(self, worker: Any) -> None:
        """Streams end when the process is told to stop, not when its patience does."""
        before: Callable[..., None] = worker.handle_exit

        def handle(number: int, frame: Any) -> None:
            self._installation.stopping.set()
            before(number, frame)

        signal.signal(signal.SIGTERM, handle)


def _simulator(installation_id: str, _name: str, config: Mapping[str, Any]) -> Driver:
    from egovcloud.drivers.simulator import SimulatorDriver

    return SimulatorDriver(installation_id, config["path"], tenancy=bool(config.get("tenancy", False)))


def _libvirt(installation_id: str, _name: str, config: Mapping[str, Any]) -> Driver:
    # libvirt's binding is an extra: a centre that only simulates does not need it.
    from egovcloud.drivers.libvirt import HostConfig, LibvirtDriver, PoolConfig

    hosts = {
        name: HostConfig(
            **{
                **options,
                "pools": {
                    pool: PoolConfig(**{**about, "source_hosts": tuple(about.get("source_hosts", ()))})
                    for pool, about in options.get("pools", {}).items()
                },
            }
        )
        for name, options in config["hosts"].items()
    }
    return LibvirtDriver(installation_id, hosts)


def _openstack(installation_id: str, _name: str, config: Mapping[str, Any]) -> Driver:
    # The SDK is large: whoever has no such cloud should not wait for it.
    from egovcloud.drivers.openstack import CloudConfig, OpenStackDriver

    try:
        return OpenStackDriver(installation_id, CloudConfig.of(config))
    except TypeError as error:  # a key that is missing or unknown
        raise Permanent("cloud.config", detail=str(error)) from None


def _simulated_store(installation_id: str, _name: str, config: Mapping[str, Any]) -> ObjectStore:
    from egovcloud.drivers.simulator import SimulatorStore

    return SimulatorStore(installation_id, config["path"])


def _s3(installation_id: str, _name: str, config: Mapping[str, Any]) -> ObjectStore:
    from egovcloud.drivers.s3 import EndpointConfig, S3Store

    return S3Store(installation_id, EndpointConfig.of(config))


FACTORIES: Mapping[str, Factory] = {"simulator": _simulator, "libvirt": _libvirt, "openstack": _openstack}


def _swift(installation_id: str, _name: str, config: Mapping[str, Any]) -> ObjectStore:
    from egovcloud.drivers.openstack import CloudConfig, SwiftConfig, SwiftStore

    about = dict(config)
    try:
        versioning = bool(about.pop("versioning", True))
        return SwiftStore(installation_id, SwiftConfig(CloudConfig.of(about), versioning))
    except TypeError as error:  # a key that is missing or unknown
        raise Permanent("cloud.config", detail=str(error)) from None


STORES: Mapping[str, StoreFactory] = {"simulator": _simulated_store, "s3": _s3, "swift": _swift}


def configure_logs(settings: Settings) -> None:
    """One JSON line an event on stderr; ``log_format = "console"`` for people."""
    pretty = settings.log_format == "console"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(serializer=_dump),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _dump(value: Any, **_options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def main() -> None:
    """``egovcloud``."""
    sys.exit(command_line.run(Installation(Settings())))


if __name__ == "__main__":
    main()
