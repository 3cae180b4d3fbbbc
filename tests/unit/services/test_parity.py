"""What is listed in two places is the same in both."""

from __future__ import annotations

from egovcloud.api.factory import all_routes
from egovcloud.domain.messages import CATALOGUE
from egovcloud.domain.permissions import PERMISSIONS
from egovcloud.domain.quota import RESOURCES
from egovcloud.engine.operations import REGISTRY
from egovcloud.services import search
from egovcloud.services.approval_level import LEVELS
from egovcloud.services.operation_view import SUBJECTS
from egovcloud.services.provider import DRIVERS
from egovcloud.services.security_group import DIRECTIONS, PROTOCOLS
from egovcloud.store.models import ApprovalLevel, Provider, Quota, SecurityRule


def checked(model: type, column: str) -> set[str]:
    """The values that a CHECK constraint lets into a column."""
    constraints = [str(getattr(c, "sqltext", "")) for c in model.__table__.constraints]
    text = next(text for text in constraints if text.startswith(f"{column} IN"))
    return {part.strip(" '") for part in text[text.index("(") + 1 : -1].split(",")}


def test_every_operation_has_a_subject_that_can_be_shown() -> None:
    assert {kind.noun for kind in REGISTRY.kinds.values()} <= set(SUBJECTS)


def test_the_values_that_a_service_allows_are_those_of_the_table() -> None:
    assert set(LEVELS) == checked(ApprovalLevel, "level")
    assert set(DRIVERS) == checked(Provider, "driver")
    assert set(DIRECTIONS) == checked(SecurityRule, "direction")
    assert set(PROTOCOLS) == checked(SecurityRule, "protocol")
    assert Quota.__table__.c.resource.type.length >= max(map(len, RESOURCES))


def test_every_permission_of_a_list_exists_and_its_route_asks_for_it() -> None:
    permissions = {noun.listing.permission for _, noun in search.NOUNS}
    assert permissions <= PERMISSIONS
    asked = {route.permission for route in all_routes() if route.method == "GET"}
    assert permissions <= asked


def test_every_sentence_has_the_same_values_in_both_languages() -> None:
    for code, (english, chinese) in CATALOGUE.items():
        # English needs "an image" where Chinese has the noun alone.
        names = [{part.split("}")[0].removeprefix("a_") for part in text.split("{")[1:]} for text in (english, chinese)]
        assert names[0] == names[1], code
        assert english, code
        assert chinese, code
