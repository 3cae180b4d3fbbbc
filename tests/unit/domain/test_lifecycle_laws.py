"""Every state can be reached and, unless it is final, left; every transitional one has a way out that ends in rest."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict
from egovcloud.domain.lifecycle import LIFECYCLES, Lifecycle
from egovcloud.store.base import Model
from egovcloud.store.journal import NOUNS

TABLES = list(LIFECYCLES.values())
# What people may do with it is none of an operation's business.
WITHOUT_OPERATIONS = {"approval", "user", "step"}


def noun(table: Lifecycle) -> str:
    return table.noun


def reached(table: Lifecycle, start: str) -> set[str]:
    """States that some row of events leads to."""
    found, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for event in table.events(state):
            if (after := table.next(state, event)) not in found:
                found.add(after)
                todo.append(after)
    return found


@pytest.mark.parametrize("table", TABLES, ids=noun)
def test_every_state_can_be_reached(table: Lifecycle) -> None:
    assert reached(table, table.initial) == set(table.states)


@pytest.mark.parametrize("table", TABLES, ids=noun)
def test_final_states_have_no_way_out_and_all_others_have_one(table: Lifecycle) -> None:
    for state in table.states:
        assert (table.events(state) == []) == (state in table.final)


@pytest.mark.parametrize("table", TABLES, ids=noun)
def test_every_transitional_state_comes_to_rest(table: Lifecycle) -> None:
    assert table.transitional <= set(table.states)
    assert not table.transitional & table.final
    for state in table.transitional:
        assert reached(table, state) - table.transitional, f"{state} never ends"


@pytest.mark.parametrize("table", [t for t in TABLES if t.noun not in WITHOUT_OPERATIONS], ids=noun)
def test_where_there_is_an_error_state_every_transitional_state_may_fail_and_error_can_be_left(
    table: Lifecycle,
) -> None:
    if "error" not in table.states:
        assert table.final or table.noun == "host"
        return
    assert table.events("error")
    for state in table.transitional:
        assert any(table.next(state, event) == "error" for event in table.events(state)), f"{state} cannot fail"


@pytest.mark.parametrize("table", TABLES, ids=noun)
def test_what_is_not_in_the_table_is_refused_with_what_is(table: Lifecycle) -> None:
    events = {event for _, event in table.moves}
    for state in table.states:
        for event in events - set(table.events(state)):
            with pytest.raises(Conflict) as refusal:
                table.next(state, event)
            assert refusal.value.params["allowed"] == (", ".join(table.events(state)) or "-")


def test_every_model_with_a_state_has_a_table_and_its_start_is_the_column_s_default() -> None:
    models = {mapper.class_ for mapper in Model.registry.mappers if "state" in mapper.columns}
    assert models == set(NOUNS)
    for model, name in NOUNS.items():
        assert model.__table__.columns["state"].default.arg == LIFECYCLES[name].initial
