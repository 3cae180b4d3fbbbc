"""From a seed and a day to a city: rows for the database, and the simulated clouds that agree with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from egovcloud.cli.local.demo import buckets, cloud, days, estate, meddling, people, places, plan, sums, today
from egovcloud.cli.local.demo.city import City
from egovcloud.cli.local.demo.data.catalogue import SITES
from egovcloud.cli.local.demo.draw import Draw

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def clouds(directory: Path) -> dict[str, Path]:
    """Where the simulated cloud of each site lies."""
    return {key: directory.absolute() / f"cloud-{key}.sqlite" for key, _, _ in SITES}


def build(seed: int, now: datetime, directory: Path) -> Tables:
    """Rows of every table; the files of the clouds are made in ``directory`` (they must not exist).

    The same seed on the same day gives the same rows, but for what happened in the last day, which hangs on ``now``.
    """
    draw = Draw(f"egovcloud demo {seed}")
    midnight = days.midnight(now)
    city = City(seed, now, midnight, draw, draw.id(midnight - timedelta(days=1000)))
    city.add("settings", {"key": "installation", "value": city.installation})
    files = clouds(directory)
    began = midnight - timedelta(days=980)
    estate.tree(city, began)
    people.settle(city, began + timedelta(days=2))
    places.build(city, began + timedelta(days=3), {key: str(path) for key, path in files.items()})
    places.offer(city, began + timedelta(days=40))
    estate.applications(city, began + timedelta(days=50))
    plan.year(city)
    down = today.happen(city)
    images = sums.storage(city)
    cloud.build(city, files, images, down)
    sums.attachments(city)
    buckets.build(city, files)
    sums.quotas(city)
    sums.samples(city)
    meddling.happen(city, files)
    sums.order(city)
    return city.tables
