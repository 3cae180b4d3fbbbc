"""Lists: filters by name, paging by cursor, order, search, and the four ways of writing them."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
import yaml
from rich.cells import cell_len

from tests.unit.cli.cloud import Cloud, Reply, ref, uid
from tests.unit.cli.conftest import Run, instance


def test_a_table_lines_up_by_cells_and_not_by_characters(run: Run) -> None:
    result = run("instance", "list")
    assert (result.code, result.err) == (0, "")
    header, *rows = result.out.splitlines()
    assert header.startswith("NAME    STATE   ADDRESSES  VCPUS  MEMORY")
    assert len(rows) == 3
    starts = {cell_len(row[: row.index("active")]) for row in rows}
    assert starts == {header.index("STATE")}
    assert "4 GiB" in rows[0]
    assert "数据库" in rows[2]


def test_headings_are_in_the_language_of_the_run(run: Run, cloud: Cloud) -> None:
    assert run("instance", "list", "--lang", "zh").out.startswith("名称")
    assert cloud.requests[-1].headers["Accept-Language"] == "zh"
    run("instance", "list")
    assert cloud.requests[-1].headers["Accept-Language"] == "en"


def test_filters_take_names_and_send_ids(run: Run, cloud: Cloud) -> None:
    result = run("instance", "list", "--department", "mzj", "--state", "active,stopped", "-q", "web", "--sort", "-name")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()[1:]] == ["web-2", "web-1"]
    query = cloud.sent("GET", "/instances")[-1].query
    assert query == {"department_id": uid(1), "state": "active,stopped", "q": "web", "sort": "-name", "limit": "50"}


def test_free_filters_resolve_names_where_the_table_knows_the_noun(run: Run, cloud: Cloud) -> None:
    assert run("instance", "list", "--filter", "project=社会救助", "--filter", "state=active").code == 0
    assert cloud.sent("GET", "/instances")[-1].query["project_id"] == uid(11)
    refused = run("instance", "list", "--filter", "colour=red")
    assert refused.code == 6
    assert "no filter colour" in refused.err
    assert run("instance", "list", "--filter", "state").code == 2


def test_limit_and_cursor_page_through_and_say_how_to_go_on(run: Run, cloud: Cloud) -> None:
    cloud.put("/instances", *(instance(1000 + i, f"vm-{i:03}") for i in range(450)))
    first = run("instance", "list", "--limit", "10", "--columns", "name")
    assert first.out.split() == ["NAME", *(f"vm-{i:03}" for i in range(10))]
    assert "--after 10" in first.err
    second = run("instance", "list", "--limit", "10", "--after", "10", "--columns", "name")
    assert second.out.split()[1] == "vm-010"
    # More than a page of the server: two calls, and the cursor points behind what was shown.
    big = run("instance", "list", "--limit", "250", "--columns", "name", "-o", "csv")
    assert len(big.out.split()) == 251
    assert "--after 250" in big.err
    everything = run("instance", "list", "--all", "-o", "json")
    assert len(json.loads(everything.out)) == 450
    assert everything.err == ""
    assert run("instance", "list", "--count").out == "450\n"
    assert run("instance", "list", "--limit", "0").code == 2


def test_json_and_yaml_are_what_the_server_said(run: Run, cloud: Cloud) -> None:
    assert json.loads(run("instance", "list", "-o", "json").out) == cloud.collections["/instances"]
    assert yaml.safe_load(run("instance", "list", "-o", "yaml").out) == cloud.collections["/instances"]
    some = json.loads(run("instance", "list", "-o", "json", "--columns", "name,department.name,memory").out)
    assert some[0] == {"name": "web-1", "department.name": "民政局", "memory": 4096}


def test_an_unknown_column_is_named_with_those_that_exist(run: Run) -> None:
    result = run("instance", "list", "--columns", "name,colour")
    assert result.code == 2
    assert "colour" in result.err
    assert "addresses" in result.err


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "＝1"])
def test_csv_never_holds_a_formula(run: Run, cloud: Cloud, name: str) -> None:
    cloud.put("/instances", instance(101, name))
    rows = list(csv.reader(io.StringIO(run("instance", "list", "-o", "csv", "--columns", "name,vcpus").out)))
    assert rows[0] == ["name", "vcpus"]
    assert rows[1] == ["'" + name, "2"]


def test_csv_quotes_what_needs_quotes(run: Run, cloud: Cloud) -> None:
    cloud.put("/instances", instance(101, 'a "b", c'), instance(102, "-5"))
    rows = list(csv.reader(io.StringIO(run("instance", "list", "-o", "csv", "--columns", "name").out)))
    assert rows == [["name"], ['a "b", c'], ["-5"]]


@pytest.mark.parametrize("format_", ["table", "json", "csv", "yaml"])
def test_a_name_cannot_drive_the_terminal(run: Run, cloud: Cloud, format_: str) -> None:
    cloud.put("/instances", instance(101, "evil\x1b]0;owned\x07\x9b31m\u202etxt"))
    out = run("instance", "list", "-o", format_).out
    assert not {"\x1b", "\x07", "\x9b"} & set(out)
    if format_ in ("table", "csv"):
        assert "\u202e" not in out


def test_an_empty_list_is_a_header(run: Run, cloud: Cloud) -> None:
    cloud.put("/instances")
    assert run("instance", "list").out.startswith("NAME")
    assert run("instance", "list", "-o", "json").out == "[]\n"


def test_trees_are_drawn(run: Run, cloud: Cloud) -> None:
    office = {"id": uid(3), "code": "jz", "name": "救助处", "kind": "office", "children": [], "instances": 2}
    bureau = {"id": uid(1), "code": "mzj", "name": "民政局", "kind": "bureau", "children": [office], "instances": 3}
    other = {"id": uid(2), "code": "sjj", "name": "市监局", "kind": "bureau", "children": [], "instances": 0}
    city = {"id": uid(9), "code": "city", "name": "市", "kind": "city", "children": [bureau, other], "instances": 3}
    cloud.on("GET", "/departments/tree", Reply(200, [city]))
    lines = run("department", "tree").out.splitlines()
    names = [re.split(r" +(?:city|mzj|jz|sjj) ", line)[0] for line in lines[1:]]
    assert names == ["市", "├─ 民政局", "│  └─ 救助处", "└─ 市监局"]
    assert json.loads(run("department", "tree", "-o", "json").out) == [city]
    assert "├" not in run("department", "tree", "-o", "csv").out


def test_a_placement_preview_says_why_not(run: Run, cloud: Cloud) -> None:
    full = {"filter": "memory", "ok": False, "text": "needs 8 GiB, 2 GiB are free"}
    fine = {"filter": "vcpu", "ok": True, "text": "enough vCPUs"}
    rank = {"filter": None, "weigher": "memory", "ok": True, "text": "90% of memory stays free"}
    hosts = [
        {"host": ref(71, "kvm-1"), "accepted": True, "score": 0.9, "reasons": [fine, rank]},
        {"host": ref(72, "kvm-2"), "accepted": False, "score": None, "reasons": [fine, full]},
    ]
    cloud.on("POST", "/placement/preview", Reply(200, hosts))
    out = run("placement", "preview", "--flavor", "small").out
    assert cloud.sent("POST")[-1].body == {"flavor_id": uid(21)}
    assert out.splitlines()[1].endswith("90% of memory stays free")
    assert out.splitlines()[2].endswith("needs 8 GiB, 2 GiB are free")
    assert "enough" not in out
    assert run("placement", "preview").code == 2
