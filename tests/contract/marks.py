"""Marks of the contract's tests: what a test proves, and what it needs beyond that to be collected."""

from __future__ import annotations

import pytest

from egovcloud.drivers.base import Capability


def proves(*capabilities: Capability) -> pytest.MarkDecorator:
    """Collected only for drivers that declare all of these, and proof of each when it passes."""
    return pytest.mark.proves(*capabilities)


def requires(*capabilities: Capability) -> pytest.MarkDecorator:
    """Collected only for drivers that declare all of these; proves nothing."""
    return pytest.mark.requires(*capabilities)


def needs(*features: str) -> pytest.MarkDecorator:
    """Collected only where the backend has these features (see ``adapter.FEATURES``)."""
    return pytest.mark.needs(*features)
