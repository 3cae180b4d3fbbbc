"""What people do all day, at random: ask, approve, start, stop, attach, grow, cancel, delete."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from egovcloud.domain.errors import Problem
from egovcloud.services import floating_address, instance, operation, request, snapshot, volume
from egovcloud.store.models import FloatingAddress, Instance, Operation, Snapshot, Volume
from tests.world import OPEN, Inside, machine

CROWD = 40  # machines; above it people rather delete


class People:
    """One process's worth of users. Every answer is written down before the next thing is asked for."""

    def __init__(self, inside: Inside, diary: Path, seed: int) -> None:
        self.inside = inside
        self.random = random.Random(seed)
        self.diary = diary
        self.refused: Counter[str] = Counter()

    def act(self) -> None:
        """One deed. A refusal is an answer too."""
        deeds = self.random.choices(list(DEEDS), weights=list(DEEDS.values()))
        deed = deeds[0] if self._count() < CROWD or self.random.random() < 0.3 else People.delete_instance
        try:
            asked = deed(self)
        except Problem as problem:
            self.refused[problem.code] += 1
            return
        if asked is not None:
            with self.diary.open("a") as file:
                file.write(json.dumps({"deed": deed.__name__, "operation": asked.id}) + "\n")

    def _count(self) -> int:
        with self.inside.database.read() as session:
            return session.scalar(select(func.count()).where(Instance.state != "deleted")) or 0

    def _any(self, model: type[Any], *where: Any) -> Any:
        with self.inside.database.read() as session:
            found = session.scalars(select(model).where(*where).order_by(func.random()).limit(1)).first()
        if found is None:
            raise Problem("row.reference")  # nothing there to do it to
        return found

    def _machine(self, *states: str) -> Instance:
        found: Instance = self._any(Instance, Instance.state.in_(states))
        return found

    def _volume(self, *states: str) -> Volume:
        found: Volume = self._any(Volume, Volume.state.in_(states))
        return found

    @property
    def _operator(self) -> tuple[Any, Any]:
        return self.inside.house, self.inside.world.operator

    def ask(self) -> Any:
        """A request through its whole chain; what counts is the last yes."""
        world, house = self.inside.world, self.inside.house
        items = [machine(world, "vm", self.random.choice([[], [1], [1, 2]]), self.random.randint(1, 2))]
        asked = request.create(house, world.requester, title="申请", project_id=world["project"], items=items)
        request.submit(house, world.requester, asked.id)
        request.approve(house, world.approver, asked.id)
        approved = request.approve(house, world.operator, asked.id)
        with self.inside.database.read() as session:
            return session.get_one(Operation, approved.operation_id)

    def create_instance(self) -> Any:
        world = self.inside.world
        return instance.create(
            *self._operator,
            name="direct",
            project_id=world["project"],
            flavor_id=world["small"],
            image_id=world["image"],
            network_ids=[world["network"]],
        )

    def create_volume(self) -> Any:
        return volume.create(
            *self._operator,
            name="disk",
            project_id=self.inside.world["project"],
            size_gib=self.random.randint(1, 4),
            instance_id=self._machine("active", "stopped").id,
        )

    def start(self) -> Any:
        return instance.start(*self._operator, self._machine("stopped", "error").id)

    def stop(self) -> Any:
        limit = self.random.randint(1, 5)
        return instance.stop(
            *self._operator, self._machine("active").id, force=self.random.random() < 0.2, limit_seconds=limit
        )

    def reboot(self) -> Any:
        return instance.reboot(*self._operator, self._machine("active").id)

    def resize(self) -> Any:
        flavor = self.inside.world[self.random.choice(["small", "large"])]
        return instance.resize(*self._operator, self._machine("active", "stopped").id, flavor_id=flavor)

    def rebuild(self) -> Any:
        found = self._machine("active", "stopped")
        image = self.inside.world[self.random.choice(["image", "other_image"])]
        return instance.rebuild(*self._operator, found.id, image_id=image, confirm=found.name)

    def migrate(self) -> Any:
        return instance.migrate(*self._operator, self._machine("active").id)

    def shelve(self) -> Any:
        return instance.shelve(*self._operator, self._machine("active", "stopped").id)

    def unshelve(self) -> Any:
        return instance.unshelve(*self._operator, self._machine("shelved").id)

    def guard(self) -> Any:
        group = self.inside.world[self.random.choice(["group", "other_group"])]
        return instance.guard(*self._operator, self._machine("active", "stopped").id, security_group_ids=[group])

    def delete_instance(self) -> Any:
        found = self._machine("active", "stopped", "error", "shelved")
        return instance.delete(*self._operator, found.id, confirm=found.name)

    def attach(self) -> Any:
        found = self._volume("available")
        beside: Instance = self._any(
            Instance, Instance.host_id == found.host_id, Instance.state.in_(("active", "stopped"))
        )
        return volume.attach(*self._operator, found.id, instance_id=beside.id)

    def detach(self) -> Any:
        return volume.detach(*self._operator, self._volume("in_use").id)

    def grow(self) -> Any:
        found = self._volume("available", "in_use")
        return volume.grow(*self._operator, found.id, size_gib=found.size_gib + 1)

    def delete_volume(self) -> Any:
        found = self._volume("available", "error")
        return volume.delete(*self._operator, found.id, confirm=found.name)

    def take_snapshot(self) -> Any:
        return snapshot.create(*self._operator, instance_id=self._machine("active", "stopped").id, name="past")

    def revert(self) -> Any:
        return snapshot.revert(*self._operator, self._any(Snapshot, Snapshot.state == "available").id)

    def drop_snapshot(self) -> Any:
        return snapshot.delete(*self._operator, self._any(Snapshot, Snapshot.state.in_(("available", "error"))).id)

    def take_address(self) -> Any:
        world = self.inside.world
        machine = self._machine("active", "stopped").id if self.random.random() < 0.7 else None
        ask = {"project_id": world["project"], "network_id": world["network"], "instance_id": machine}
        return floating_address.create(*self._operator, **ask)

    def _address(self, *states: str) -> str:
        return str(self._any(FloatingAddress, FloatingAddress.state.in_(states)).id)

    def associate(self) -> Any:
        machine = self._machine("active", "stopped").id
        return floating_address.associate(*self._operator, self._address("available"), instance_id=machine)

    def disassociate(self) -> Any:
        return floating_address.disassociate(*self._operator, self._address("in_use"))

    def give_address_back(self) -> Any:
        return floating_address.delete(*self._operator, self._address("available", "error"))

    def cancel(self) -> Any:
        return operation.cancel(*self._operator, self._any(Operation, Operation.state.in_(OPEN)).id)

    def retry(self) -> Any:
        return operation.retry(*self._operator, self._any(Operation, Operation.state == "failed").id)


DEEDS: dict[Callable[[People], Any], int] = {
    People.ask: 6,
    People.create_instance: 8,
    People.create_volume: 6,
    People.start: 6,
    People.stop: 6,
    People.reboot: 3,
    People.resize: 4,
    People.rebuild: 2,
    People.migrate: 4,
    People.shelve: 3,
    People.unshelve: 3,
    People.guard: 2,
    People.delete_instance: 5,
    People.attach: 5,
    People.detach: 5,
    People.grow: 4,
    People.delete_volume: 4,
    People.take_snapshot: 3,
    People.revert: 2,
    People.drop_snapshot: 3,
    People.take_address: 3,
    People.associate: 3,
    People.disassociate: 3,
    People.give_address_back: 2,
    People.cancel: 4,
    People.retry: 3,
}
