"""Pages show each thing once, whatever comes and goes between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.sandbox.kernel.pages import BadToken, Page, page

NAMES = st.lists(st.text("abc", min_size=1, max_size=4), unique=True).map(sorted)


def _page(
    names: list[str], *, size: int = 2, token: str | None = None, query: str = "q", now: float = 0
) -> Page[str]:
    return page(names, key=str, size=size, token=token, query=query, now=now, lasts_s=60)


@given(names=NAMES, size=st.integers(1, 5))
def test_all_pages_together_are_the_list(names: list[str], size: int) -> None:
    shown: list[str] = []
    token = None
    while True:
        cut = _page(names, size=size, token=token)
        shown += cut.items
        token = cut.token
        if token is None:
            break

    assert shown == names


@given(names=NAMES, gone=st.sets(st.integers(0, 1)), new=st.text("abc", min_size=1))
def test_what_stays_is_neither_missed_nor_shown_twice(
    names: list[str], gone: set[int], new: str
) -> None:
    first = _page(names)
    later = sorted({name for i, name in enumerate(names) if i not in gone} | {new})

    rest = _page(later, size=99, token=first.token).items if first.token else ()

    shown = [*first.items, *rest]
    assert [shown.count(name) for name in names if name in later and name != new] == [
        1 for name in names if name in later and name != new
    ]


def test_the_last_page_has_no_token() -> None:
    assert _page(["a", "b"]).token is None
    assert _page([]).token is None


@pytest.mark.parametrize("token", ["nonsense", "e30", "bnVsbA", "é"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        _page(["a"], token=token)


def test_a_token_is_good_for_its_own_list_and_for_a_while() -> None:
    token = _page(["a", "b", "c"]).token

    assert _page(["a", "b", "c"], token=token, now=60).items == ("c",)
    with pytest.raises(BadToken):
        _page(["a", "b", "c"], token=token, query="other")
    with pytest.raises(BadToken):
        _page(["a", "b", "c"], token=token, now=61)
