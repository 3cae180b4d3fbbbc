"""Control plane and operations console of a government computing centre."""

from importlib.metadata import version

__version__ = version("egovcloud")
