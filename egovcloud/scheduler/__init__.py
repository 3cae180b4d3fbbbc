"""Placement, first form: pure filters and weighers over a snapshot, with a reason for every host.

``place`` is the door: whatever form placement takes later, it takes an ``Ask`` and ``HostView`` s and returns
``Verdict`` s. No I/O, no clock, no randomness of its own.
"""

from egovcloud.scheduler.placement import place
from egovcloud.scheduler.views import Ask, HostView, Reason, StorageView, Verdict

__all__ = ["Ask", "HostView", "Reason", "StorageView", "Verdict", "place"]
