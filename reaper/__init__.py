"""reaper finds what integration tests left behind and removes it, and never anything else.

PYTEST_DONT_REWRITE: in processes that start under a run it is imported before pytest, which would
warn that it comes too late to rewrite its asserts.
"""

TYPE_CHECKING = False  # type checkers know it by its name, and `typing` is not for nothing
if TYPE_CHECKING:
    from reaper.client import ActiveRun
    from reaper.fixtures.running import run

__all__ = ["ActiveRun", "run"]

_WHERE = {"ActiveRun": "reaper.client", "run": "reaper.fixtures.running"}


def __getattr__(name: str) -> object:
    """Import what a run needs when it is asked for: `import reaper` alone costs nothing."""
    if name in _WHERE:
        from importlib import import_module  # noqa: PLC0415 - as the docstring says

        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
