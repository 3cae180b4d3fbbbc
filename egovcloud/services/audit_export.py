"""The audit trail as a file: everything that a filter leaves, oldest first, written while it is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, select

from egovcloud.domain.errors import Invalid
from egovcloud.services.actor import Actor
from egovcloud.services.audit import FIELDS, LISTING, views
from egovcloud.services.house import House
from egovcloud.services.listing import ListQuery, scope
from egovcloud.services.reading import allow
from egovcloud.services.refs import View
from egovcloud.store.models import AuditEntry

BATCH = 1000
COLUMNS = (*FIELDS.split()[:-1], "department", "data")
# A spreadsheet runs what begins like this (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(house: House, actor: Actor, query: ListQuery, form: str) -> Iterator[str]:
    """The file in pieces; ``form`` is ``csv`` (RFC 4180, UTF-8 with a mark, formulas made harmless) or ``jsonl``.

    That it was taken, by whom and with which filter, is in the trail before its first line leaves.
    """
    with house.write(actor, "audit.export", "audit") as unit:
        asked = {name: list(values) for name, values in query.filters.items()}
        unit.about("audit", None, form, filters=asked, q=query.q or "")
        allow(unit.session, actor, "audit:export")
        conditions = _conditions(unit.session, actor, query)
    return _csv(house, actor, conditions) if form == "csv" else _jsonl(house, actor, conditions)


def _conditions(session: Any, actor: Actor, query: ListQuery) -> list[ColumnElement[bool]]:
    conditions = scope(session, actor, replace(LISTING, permission="audit:export"))
    for name, values in query.filters.items():
        conditions.append(LISTING.filters[name](session, values))
    if query.q:
        if LISTING.search is None:
            raise Invalid("list.search", field="q")
        conditions.append(LISTING.search.contains(query.q.lower(), autoescape=True))
    return conditions


def _batches(house: House, actor: Actor, conditions: list[ColumnElement[bool]]) -> Iterator[list[View]]:
    """Ids sort by birth, so that the last one read is the place to go on from; no transaction spans the download."""
    last = ""
    while True:
        with house.read() as session:
            wanted = select(AuditEntry).where(*conditions, AuditEntry.id > last)
            rows = session.scalars(wanted.order_by(AuditEntry.id).limit(BATCH)).all()
            batch = views(session, actor, rows)
        if batch:
            yield batch
        if len(batch) < BATCH:
            return
        last = batch[-1]["id"]


def _jsonl(house: House, actor: Actor, conditions: list[ColumnElement[bool]]) -> Iterator[str]:
    for batch in _batches(house, actor, conditions):
        yield "".join(json.dumps(_plain(entry), ensure_ascii=False) + "\n" for entry in batch)


def _csv(house: House, actor: Actor, conditions: list[ColumnElement[bool]]) -> Iterator[str]:
    page = io.StringIO()
    writer = csv.writer(page)
    page.write("\ufeff")
    writer.writerow(COLUMNS)
    for batch in _batches(house, actor, conditions):
        writer.writerows([_cell(_plain(entry)[name]) for name in COLUMNS] for entry in batch)
        yield page.getvalue()
        page.seek(0)
        page.truncate()
    yield page.getvalue()


def _plain(entry: View) -> View:
    return {**entry, "at": entry["at"].isoformat().replace("+00:00", "Z")}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        value = value["name"] if set(value) == {"id", "name"} else json.dumps(value, ensure_ascii=False)
    text = str(value)
    return "'" + text if text.startswith(FORMULA) else text
