import inspect

import reaper.errors
from reaper.errors import ConfigurationError, ReaperError

_TREE = " │├└─"


def _drawn() -> dict[str, int]:
    """Each error's name in the tree at the top of the module, with its depth."""
    drawn: dict[str, int] = {}
    for line in (reaper.errors.__doc__ or "").splitlines():
        name = line.lstrip(_TREE).partition(" ")[0]
        if inspect.isclass(getattr(reaper.errors, name, None)):
            drawn[name] = (len(line) - len(line.lstrip(_TREE)) - 4) // 4
    return drawn


def _defined() -> dict[str, int]:
    return {
        name: len(inspect.getmro(each)) - len(inspect.getmro(ReaperError))
        for name, each in inspect.getmembers(reaper.errors, inspect.isclass)
        if issubclass(each, ReaperError)
    }


def test_the_tree_at_the_top_of_the_module_is_the_tree_of_classes() -> None:
    drawn = _drawn()

    assert drawn == _defined()


def test_many_problems_of_a_configuration_are_a_list() -> None:
    assert str(ConfigurationError("one")) == "one"
    assert str(ConfigurationError("one", "two")) == (
        "the configuration has 2 problems:\n  - one\n  - two"
    )


def test_every_error_says_in_a_sentence_what_it_means() -> None:
    silent = [name for name in _defined() if not getattr(reaper.errors, name).__doc__]

    assert silent == []
