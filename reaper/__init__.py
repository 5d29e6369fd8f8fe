"""reaper finds what integration tests left behind and removes it, and never anything else."""

TYPE_CHECKING = False  # type checkers know it by its name, and `typing` is not for nothing
if TYPE_CHECKING:
    from reaper.client import ActiveRun, run

__all__ = ["ActiveRun", "run"]


def __getattr__(name: str) -> object:
    """Import what a run needs when it is asked for: `import reaper` alone costs nothing."""
    if name in __all__:
        import reaper.client  # noqa: PLC0415 - as the docstring says

        return getattr(reaper.client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
