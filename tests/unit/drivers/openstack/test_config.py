"""A provider's configuration becomes a driver, or one sentence that says what is wrong with it."""

from __future__ import annotations

import pytest

from egovcloud.app import FACTORIES
from egovcloud.domain.errors import Permanent


@pytest.mark.parametrize("config", [{}, {"cloud": "c", "pools": {"ssd": {"colour": "red"}}}])
def test_what_is_missing_or_unknown_is_said(config: dict[str, object]) -> None:
    with pytest.raises(Permanent) as refusal:
        FACTORIES["openstack"]("installation", "provider", config)
    assert refusal.value.code == "cloud.config"
    assert "cloud" in refusal.value.text("en") or "colour" in refusal.value.text("en")


def test_keys_of_other_parts_are_left_alone() -> None:
    driver = FACTORIES["openstack"]("i", "p", {"cloud": "c", "host_pool_id": "h", "reserved_memory_mib": 1})
    assert driver.kind == "openstack"
