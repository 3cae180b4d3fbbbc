"""Names and ids: one meaning or one clear sentence."""

from __future__ import annotations

from tests.unit.cli.cloud import Cloud, ref, uid
from tests.unit.cli.conftest import Run, instance


def test_a_name_and_an_id_show_the_same(run: Run, cloud: Cloud) -> None:
    by_name, by_id = run("instance", "show", "web-1"), run("instance", "show", uid(101).upper())
    assert by_name.out == by_id.out
    assert by_name.code == 0
    assert f"社会救助 ({uid(11)})" in by_name.out
    assert "Ports:" in by_name.out
    assert "52:54:00:00:00:01" in by_name.out
    # An id is not searched for.
    assert len(cloud.sent("GET", "/instances")) == 1


def test_a_part_of_a_name_is_not_the_name(run: Run) -> None:
    result = run("instance", "show", "web")
    assert result.code == 3
    assert "web-1, web-2" in result.err
    assert run("instance", "show", "nothing-like-it").code == 3


def test_an_ambiguous_name_lists_its_candidates(run: Run, cloud: Cloud) -> None:
    other = {"department": ref(2, "市监局"), "project": ref(12, "市场监管")}
    cloud.put("/instances", instance(101, "web-1"), instance(104, "web-1", **other))
    result = run("instance", "start", "web-1")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    for part in (uid(101), uid(104), "民政局", "市监局"):
        assert part in result.err
    assert cloud.sent("POST") == []
    narrowed = run("instance", "show", "web-1", "--department", "sjj", "--columns", "id")
    assert uid(104) in narrowed.out


def test_a_deleted_thing_does_not_stand_in_the_way_of_a_living_one(run: Run, cloud: Cloud) -> None:
    cloud.put("/instances", instance(105, "web-1", state="deleted"), instance(101, "web-1"))
    assert uid(101) in run("instance", "show", "web-1", "--columns", "id").out


def test_an_exact_name_behind_many_pages_is_found(run: Run, cloud: Cloud) -> None:
    cloud.put("/instances", *(instance(2000 + i, f"web-{i}-x") for i in range(401)), instance(101, "web"))
    assert uid(101) in run("instance", "show", "web", "--columns", "id").out


def test_departments_answer_to_code_and_name(run: Run, cloud: Cloud) -> None:
    for name in ("mzj", "民政局"):
        run("project", "list", "--department", name)
        assert cloud.sent("GET", "/projects")[-1].query["department_id"] == uid(1)


def test_one_question_is_asked_once(run: Run, cloud: Cloud) -> None:
    run("volume", "list", "--project", "社会救助", "--instance", "web-1", "--application", uid(1))
    assert len(cloud.sent("GET", "/projects")) == 1


def test_details_can_be_had_as_one_row(run: Run) -> None:
    out = run("instance", "show", "web-1", "-o", "csv").out.splitlines()
    assert out[0].startswith("name,state,addresses")
    assert out[1].startswith("web-1,active,10.0.0.5,2,4096,20,")
