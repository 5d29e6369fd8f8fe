import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.errors import InvalidRef
from reaper.model import SCOPE_PARTS, Ref

_PART = st.text(st.characters(categories=["L", "N"], include_characters="-._"), min_size=1)


@st.composite
def refs(draw: st.DrawFn) -> Ref:
    provider = draw(st.sampled_from(sorted(SCOPE_PARTS)))
    scope = "/".join(draw(_PART) for _ in range(SCOPE_PARTS[provider]))
    id_ = "/".join(draw(st.lists(_PART, min_size=1, max_size=3)))
    return Ref(kind=f"{provider}:{draw(_PART)}", scope=scope, id=id_)


@given(refs())
def test_a_written_reference_reads_as_what_it_was(ref: Ref) -> None:
    assert Ref.parse(str(ref)) == ref


def test_an_id_may_have_slashes_of_its_own() -> None:
    ref = Ref.parse("aws:elbv2:listener@123456789012/eu-west-1/app/web/50dc6c495c0c9188")

    assert ref.scope == "123456789012/eu-west-1"
    assert ref.id == "app/web/50dc6c495c0c9188"
    assert ref.provider == "aws"


def test_the_key_is_without_the_incarnation() -> None:
    ref = Ref(kind="docker:volume", scope="E", id="data", incarnation="2026-10-01T12:00:00Z")

    assert ref.key == "docker:volume@E/data"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web",
        "docker:container",
        "docker:container@E",
        "docker:container@E/",
        "docker:container@/web",
        "container@E/web",
        "mainframe:job@E/web",
        "aws:ec2:instance@123456789012/i-1",
    ],
)
def test_what_is_no_reference_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidRef, match="docker:volume@ENGINE-ID/my-volume"):
        Ref.parse(text)
