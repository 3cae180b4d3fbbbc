"""Object storage of the city: what some applications archive, with the months in which it grew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from egovcloud.cli.local.demo import ledger
from egovcloud.cli.local.demo.city import App, City, Row
from egovcloud.cli.local.demo.days import HERE
from egovcloud.cli.local.demo.draw import Draw
from egovcloud.domain.quota import bucket_amount
from egovcloud.drivers.objects import BucketSpec, Names
from egovcloud.drivers.simulator import buckets as there

GIB = 1024**3
HISTORY = 90  # days of samples
# (application, bucket, GiB it may hold, share of it that is used, objects, days kept, prefix, versions, folder, suffix)
ARCHIVES: tuple[tuple[str, str, int, float, int, int | None, str, bool, str, str], ...] = (
    ("区域影像信息系统", "医学影像归档", 8192, 0.81, 640, None, "", False, "影像/{day:%Y/%m}", "dcm"),
    ("数字城管系统", "城管案件附件", 2048, 0.64, 420, 1095, "案件/", False, "案件/{day:%Y/%m}", "jpg"),
    ("天地图·苏州", "影像瓦片", 4096, 0.92, 360, None, "", False, "瓦片/{day:%Y}", "mbtiles"),
    ("市级数据交换平台", "交换文件", 1024, 0.37, 280, 30, "", False, "{day:%Y-%m-%d}", "zip"),
    ("社会保障·市民卡系统", "参保电子档案", 3072, 0.55, 300, None, "", True, "档案/{day:%Y}", "pdf"),
    ("教育公共服务平台", "名师课堂视频", 6144, 0.71, 220, None, "", False, "视频/{day:%Y/%m}", "mp4"),
    ("公共信息服务平台", "门户静态资源", 100, 0.18, 160, None, "", True, "static/{day:%m}", "js"),
    ("区域卫生信息平台", "健康档案备份", 1024, 0.43, 90, 180, "备份/", False, "备份/{day:%Y-%m}", "tar"),
)


def build(city: City, files: dict[str, Path]) -> None:
    """The first site's cloud holds them all; chance of its own, so that the rest of the city stays as it is."""
    draw = Draw(f"egovcloud demo buckets {city.seed}")
    site = next(iter(files))
    apps = {app.row["name"]: app for app in city.apps}
    names = Names(city.installation)
    with closing(sqlite3.connect(files[site], timeout=30)) as connection, connection:
        connection.row_factory = sqlite3.Row
        there.prepare(connection)
        for place, archive in enumerate(ARCHIVES):
            app = apps.get(archive[0])
            if app is not None:
                at = city.midnight - timedelta(days=300 - 17 * place, hours=-10)
                _archive(city, draw, connection, names, app, archive, at, city.providers[site])


def _archive(
    city: City,
    draw: Draw,
    connection: sqlite3.Connection,
    names: Names,
    app: App,
    archive: tuple[str, str, int, float, int, int | None, str, bool, str, str],
    at: datetime,
    provider: Row,
) -> None:
    _, name, quota, share, count, days, prefix, versions, folder, suffix = archive
    sizes = _sizes(draw, int(quota * GIB * share), count)
    row: Row = {
        "id": draw.id(at),
        "generation": 2,
        "created_at": at,
        "updated_at": at + timedelta(seconds=1),
        "name": name,
        "department_id": app.department["id"],
        "project_id": app.project["id"],
        "application_id": app.row["id"],
        "provider_id": provider["id"],
        "state": "available",
        "quota_gib": quota,
        "versioning": versions,
        "expire_days": days,
        "expire_prefix": prefix,
        "objects": count,
        "bytes": sum(sizes),
        "metered_at": city.now,
        "error": None,
        "search": name.lower(),
        "deleted_at": None,
    }
    row["external_id"] = names.of(row["id"])
    city.add("buckets", row)
    for movement, later in (("reserve", 0), ("commit", 1)):
        amount, moment = bucket_amount(quota), at + timedelta(seconds=later)
        ledger.move(city, moment, movement, amount, "bucket", row, row["id"])
    for back in range(HISTORY, -1, -1):
        part = 1 - 0.45 * back / HISTORY
        date = (city.now - timedelta(days=back)).date().isoformat()
        held = {"objects": int(count * part), "bytes": int(row["bytes"] * part)}
        city.add("bucket_samples", {"bucket_id": row["id"], "day": date, **held})
    spec = BucketSpec(row["id"], name, quota * GIB, versions, days, prefix)
    there.write(connection, row["external_id"], spec, at.timestamp())
    youngest = min(days or 400, 200) - 2
    listed = []
    for number, size in enumerate(sizes):
        day = city.midnight - timedelta(days=youngest * number / count, seconds=draw.randrange(80_000))
        key = f"{folder.format(day=day.astimezone(HERE))}/{number + 1:05}.{suffix}"
        listed.append((row["external_id"], key, size, day.timestamp(), ""))
    connection.executemany(
        "INSERT INTO bucket_objects (bucket, key, size, modified, type, current) VALUES (?, ?, ?, ?, ?, 1)", listed
    )


def _sizes(draw: Draw, total: int, count: int) -> list[int]:
    """``count`` sizes that add up to ``total``."""
    weights = [draw.uniform(0.2, 1.8) for _ in range(count)]
    sizes = [int(total * weight / sum(weights)) for weight in weights]
    sizes[-1] += total - sum(sizes)
    return sizes
