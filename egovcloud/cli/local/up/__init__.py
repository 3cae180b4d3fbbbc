"""``egovcloud up | down | clean``: a whole centre on this machine, from nothing to running machines.

Each part looks before it acts, so that a second ``up`` changes nothing; ``clean`` removes what ``up`` made and
touches nothing else.
"""

from egovcloud.cli.local.up.command import register

__all__ = ["register"]
