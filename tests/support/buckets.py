"""A centre with an object storage of its own and a worker that does what is open, for stories about buckets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from egovcloud.engine.claims import claim
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.operations import REGISTRY
from egovcloud.engine.runner import Runner
from egovcloud.services import project, provider, site
from egovcloud.services.actor import SYSTEM
from egovcloud.store.models import Operation
from tests.support.centre import Caller, Centre
from tests.world import OPEN


def add_store(centre: Centre, driver: str, config: dict[str, Any], name: str = "store") -> str:
    """Register an endpoint and look at it; returns its id."""
    home = site.create(centre.house, SYSTEM, name=f"机房 {name}")["id"]
    made = provider.create(centre.house, SYSTEM, name=name, driver=driver, config=config, site_id=home)
    meter(centre, made["id"])
    return str(made["id"])


def add_project(centre: Centre, department_id: str, name: str = "社会救助") -> str:
    return str(project.create(centre.house, SYSTEM, department_id=department_id, name=name)["id"])


def meter(centre: Centre, provider_id: str, *, sweep_age: float = 0.0) -> None:
    """Let what the buckets hold be counted now."""
    with centre.house.database.unit() as session:
        params = {"sweep_age": sweep_age}
        now = centre.time.now
        enqueue(session, "provider.meter", provider_id, now=now, department_id=None, params=params)
    settle(centre)


def settle(centre: Centre) -> None:
    """Run everything that is open to its end in this thread."""
    made = centre.installation
    runner = Runner(
        made.database, REGISTRY, made.providers, centre.house.cipher, centre.house.installation, made.clock, 10.0
    )
    for _ in range(500):
        claims = claim(made.database, "story", 8, now=centre.time.now, lease_seconds=10.0)
        for held in claims:
            runner.run(held)
        with made.database.read() as session:
            if session.scalar(select(Operation.id).where(Operation.state.in_(OPEN)).limit(1)) is None:
                return
        if not claims:
            centre.time.pass_(seconds=1)
    raise AssertionError("something is still open")


def done(centre: Centre, caller: Caller, response: Any) -> dict[str, Any]:
    """The operation that an answer of 202 began, after it has ended."""
    begun = caller.ok(response, 202)
    settle(centre)
    ended: dict[str, Any] = caller.ok(caller.get(f"/operations/{begun['id']}"))
    return ended


def make(centre: Centre, caller: Caller, project_id: str, name: str, quota_gib: int = 1, **more: Any) -> str:
    """The id of a new bucket."""
    body = {"name": name, "project_id": project_id, "quota_gib": quota_gib, **more}
    ended = done(centre, caller, caller.post("/buckets", body))
    assert ended["state"] == "succeeded", ended
    return str(ended["subject"]["id"])
