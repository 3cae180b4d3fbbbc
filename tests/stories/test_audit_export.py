"""The audit trail as a file: whole, in order, harmless in a spreadsheet, and itself on record."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

from egovcloud.domain.ids import new_id
from egovcloud.store.models import AuditEntry
from tests.support.town import Town


def entry(town: Town, number: int, **columns: object) -> AuditEntry:
    values = {
        "id": new_id(),
        "at": town.now + timedelta(seconds=number),
        "actor_name": "somebody",
        "action": "project.create",
        "subject_type": "project",
        "subject_name": f"number {number}",
        "outcome": "success",
        "code": "",
        "address": "10.0.0.1",
        "trace_id": "",
        "data": {},
    }
    return AuditEntry(**{**values, **columns})


def test_everything_that_a_filter_leaves_oldest_first(town: Town) -> None:
    town.add(*(entry(town, number, data={"n": number}) for number in range(2345)))
    answer = town.auditor.call("GET", "/audit-entries.jsonl?q=number&action=project.create")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    rows = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert [row["data"]["n"] for row in rows] == list(range(2345))
    # It says exactly what the list says.
    assert rows[0] == town.auditor.get(f"/audit-entries/{rows[0]['id']}")


def test_a_spreadsheet_runs_nothing_of_it(town: Town) -> None:
    town.add(entry(town, 1, subject_name='=HYPERLINK("http://evil.example")', actor_name='a,b\n"c"'))
    answer = town.auditor.call("GET", "/audit-entries.csv?q=hyperlink")
    assert answer.content_type == "text/csv; charset=utf-8"
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["subject_name"] == '\'=HYPERLINK("http://evil.example")'
    assert row["actor_name"] == 'a,b\n"c"'


def test_only_who_may_and_the_taking_is_on_record(town: Town) -> None:
    assert town.civil_admin.refused("GET", "/audit-entries.csv")[:2] == (403, "auth.forbidden")
    assert town.auditor.refused("GET", "/audit-entries.csv?from=yesterday")[:2] == (422, "list.moment")
    assert town.auditor.call("GET", "/audit-entries.csv?outcome=failure").status_code == 200
    taken = town.auditor.get("/audit-entries?action=audit.export&outcome=success")["items"]
    assert [(one["actor_name"], one["data"]) for one in taken] == [
        ("auditor", {"filters": {"outcome": ["failure"]}, "q": ""})
    ]
