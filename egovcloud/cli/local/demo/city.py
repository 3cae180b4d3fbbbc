"""The city while it is being made: rows of every table, and what its makers must remember between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from egovcloud.cli.local.demo.data.systems import System
from egovcloud.cli.local.demo.draw import Draw

Row = dict[str, Any]
GIB = 1024**3
EVENT_DAYS = 21  # events are kept for the last weeks alone


@dataclass
class HostRoom:
    """A host with its one pool; ``likes`` is how gladly it is chosen, so that some are fuller than others."""

    row: Row
    pool: Row
    zone: str
    pool_key: str
    provider: str
    vcpu_ratio: float
    likes: float

    @property
    def free_memory(self) -> int:
        return int(self.row["memory_mib"] - self.row["reserved_memory_mib"] - self.row["memory_allocated_mib"])


@dataclass
class Machine:
    """An instance with what hangs on it."""

    row: Row
    app: App
    role: str
    batch: str
    host: HostRoom
    written: float
    volumes: list[Disk] = field(default_factory=list)
    ports: list[Row] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    snapshots: list[Row] = field(default_factory=list)
    absent: bool = False  # from the cloud, though it should be there

    @property
    def bytes(self) -> int:
        """What its guest has written to the root disk."""
        return int(self.row["disk_gib"] * self.written * GIB)

    @property
    def snapshot_bytes(self) -> int:
        """What one of its snapshots keeps."""
        return self.bytes // 6


@dataclass
class Disk:
    """A volume; ``written`` is the share of it that its guest has filled."""

    row: Row
    written: float

    @property
    def bytes(self) -> int:
        return int(self.row["size_gib"] * self.written * GIB)


@dataclass
class App:
    """An application, its owner, and its machines in order of birth."""

    row: Row
    system: System
    department: Row
    project: Row
    groups: dict[str, Row]
    machines: list[Machine] = field(default_factory=list)
    batches: dict[str, int] = field(default_factory=dict)
    target: float = 0.0
    promised: int = 0


@dataclass
class City:
    """``midnight`` divides history, which the seed and the day decide, from the last hours, which hang on ``now``."""

    seed: int
    now: datetime
    midnight: datetime
    draw: Draw
    installation: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    departments: dict[str, Row] = field(default_factory=dict)  # by code
    users: dict[str, Row] = field(default_factory=dict)  # by user name
    members: dict[str, list[Row]] = field(default_factory=dict)  # by the code of a bureau
    approvers: dict[str, Row] = field(default_factory=dict)  # by department id
    operators: list[Row] = field(default_factory=list)
    keys: dict[str, Row] = field(default_factory=dict)  # by user id
    zones: dict[str, Row] = field(default_factory=dict)
    networks: dict[str, Row] = field(default_factory=dict)
    flavors: dict[str, Row] = field(default_factory=dict)
    images: dict[str, Row] = field(default_factory=dict)
    providers: dict[str, Row] = field(default_factory=dict)
    hosts: dict[str, HostRoom] = field(default_factory=dict)  # by name
    apps: list[App] = field(default_factory=list)
    machines: dict[str, Machine] = field(default_factory=dict)  # those that exist, by id
    addresses: dict[str, list[int]] = field(default_factory=dict)  # free ones, by network id, a heap
    macs: set[str] = field(default_factory=set)
    signed_in: set[tuple[str, str]] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)  # requests of a day
    agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    planned: int = 0

    def add(self, table: str, row: Row) -> Row:
        """Enter a row; rows of a table have the same columns and stand in the order in which they may be stored."""
        self.tables.setdefault(table, []).append(row)
        return row

    def entity(self, table: str, at: datetime, **values: Any) -> Row:
        """A row with an id that was born at ``at``."""
        return self.add(table, {"id": self.draw.id(at), "generation": 1, "created_at": at, "updated_at": at, **values})

    def plan(self, at: datetime, act: Callable[[datetime], None]) -> None:
        """Let something happen at ``at``."""
        self.planned += 1
        heappush(self.agenda, (at, self.planned, act))

    def live(self) -> None:
        """Let everything that is planned happen, in the order of time; what happens may plan more."""
        while self.agenda:
            at, _, act = heappop(self.agenda)
            act(at)

    @property
    def told_since(self) -> datetime:
        """From when on events are kept."""
        return self.midnight - timedelta(days=EVENT_DAYS)

    def event(
        self,
        at: datetime,
        type_: str,
        subject_type: str,
        subject_id: str,
        *,
        department_id: str | None,
        operation_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """An event of the last weeks; older ones are gone."""
        if at >= self.told_since:
            self.add(
                "events",
                {
                    "transaction": 0,
                    "at": at,
                    "type": type_,
                    "subject_type": subject_type,
                    "subject_id": subject_id,
                    "department_id": department_id,
                    "operation_id": operation_id,
                    "data": data or {},
                },
            )
