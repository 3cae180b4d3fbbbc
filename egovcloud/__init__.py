"""Control plane and operations console of a government computing centre."""


def __getattr__(name: str) -> str:
    """``__version__`` is looked up when asked for, because reading metadata would slow every start of the CLI."""
    if name == "__version__":
        from importlib.metadata import version

        return version("egovcloud")
    raise AttributeError(name)
