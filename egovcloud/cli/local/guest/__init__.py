"""The small guest: a Debian kernel and a few Debian programs on a real disk, at SSH in seconds even without KVM.

The image serves trials, tests and demonstrations of a whole centre on one machine. It is built out of Debian's
packages on the spot (``build``), so that nothing binary has to be shipped or fetched from anywhere else.
"""

from egovcloud.cli.local.guest.build import build
from egovcloud.cli.local.guest.image import GuestBuildError, GuestImage, Variant

__all__ = ["GuestBuildError", "GuestImage", "Variant", "build"]
