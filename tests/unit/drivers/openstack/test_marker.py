"""The mark: found again by its own installation alone, in forms that every service can keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egovcloud.domain.ids import new_id
from egovcloud.drivers.openstack.marker import Marker, display, name_metadata, name_of

OURS, OTHER = Marker("ours"), Marker("another")
TEXTS = st.text(max_size=255)


def test_mark_is_read_back_and_is_nobody_elses() -> None:
    our_id = new_id()
    tags = ["production", OURS.tag, OURS.server_tag(our_id)]
    assert OURS.of_tags(tags) == our_id
    assert OTHER.of_tags(tags) is None
    properties = {**OURS.properties("volume", our_id), "colour": "red"}
    assert OURS.of_properties("volume", properties) == our_id
    assert OURS.of_properties("image", properties) is None
    assert OTHER.of_properties("volume", properties) is None
    description = OURS.description("network", our_id)
    assert OURS.of_description("network", description) == our_id
    assert OURS.of_description("port", description) is None
    assert OTHER.of_description("network", description) is None


@pytest.mark.parametrize("text", ["", "egov.x", "egov.0123456789abcdef", "a network of theirs", None])
def test_what_others_write_is_no_mark(text: str | None) -> None:
    assert OURS.of_description("network", text) is None
    assert OURS.of_tags([text or ""]) is None
    assert OURS.of_properties("volume", {"egov_id": text}) is None


def test_mark_fits_where_it_is_put() -> None:
    """Nova's tags hold 60 characters without slash and comma, descriptions of Neutron 255."""
    tag = OURS.server_tag(new_id())
    assert len(tag) <= 60
    assert not set(tag) & set("/,")
    assert len(OURS.description("security_group", new_id())) <= 255


@given(TEXTS)
def test_name_comes_back_whole(text: str) -> None:
    kept = name_metadata(text)
    assert all(len(value) <= 255 and value.isascii() for value in kept.values())
    assert name_of(kept, "otherwise") == (text or "otherwise")


@given(TEXTS)
def test_shown_name_is_one_that_services_take(text: str) -> None:
    shown = display(text, "otherwise")
    assert 0 < len(shown) <= 255
    assert shown == shown.strip()
    assert shown.isprintable()
    assert all(ord(char) < 0x10000 for char in shown)


def test_broken_name_is_replaced_by_what_the_cloud_shows() -> None:
    assert name_of({"egov_name0": "not base64!"}, "shown") == "shown"
    assert name_of({}, "shown") == "shown"
