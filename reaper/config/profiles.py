"""The part `tags`: tags that a team had before, and how to read them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator, model_validator

from reaper.config.section import Section
from reaper.config.values import Length, Word, nearest
from reaper.tags import BUILT_IN, ExpiryReader, KeepReader, Profile, Read


class KeepSettings(Section):
    """The tag by which a profile's resources ask to be kept."""

    key: Word
    """The tag's key."""

    read: Read
    """How its value is to be read: `hours` from the resource's creation, `epoch` (seconds since
    1970), or `words` (`alive`, `keep`, `yes`; or `no`, `false`, `terminate`)."""


class ExpirySettings(Section):
    """When a profile's resources may go, because nobody knows the runs of such tags."""

    key: Word | None = None
    """The tag that tells it; null: there is none."""

    read: Read = Read.EPOCH
    """How its value is to be read: `hours` from the resource's creation, or `epoch` (seconds since
    1970)."""

    after: Length | None = None
    """How old a resource without that tag must be; null: it is never old enough. Longer than any
    test suite takes."""

    @model_validator(mode="after")
    def _tells_a_time(self) -> ExpirySettings:
        if self.key is None and self.after is None:
            raise ValueError("it tells no time: give key, after or both")
        if self.read is Read.WORDS:
            raise ValueError("words tell no time: read it as hours or epoch")
        return self


class ProfileSettings(Section):
    """Tags that a team had before it used reaper, and how to read them."""

    name: Word
    """What the profile is called in reports."""

    run: Word
    """The key of the tag whose value names the run."""

    owner: Word | None = None
    """The key of the tag that says whom to ask; null: there is none."""

    keep: KeepSettings | None = None
    """The tag by which a resource asks to be kept; null: there is none."""

    expires: ExpirySettings | None = None
    """When a resource may go, because nobody knows the runs of such tags; null: never."""

    reap: bool = False
    """Whether what bears these tags may be removed. Off, so that it can be seen in reports first;
    it needs `expires`."""

    no_identity: tuple[str, ...] = ()
    """Values of the run's tag that name no run, beside those that never do: an empty text, `none`,
    `null`, `nil`, `unknown` and `undefined`. Upper and lower case are the same."""

    @model_validator(mode="after")
    def _reaping_needs_an_expiry(self) -> ProfileSettings:
        if self.reap and self.expires is None:
            raise ValueError(
                f"the profile {self.name} reaps, but nothing says when its runs are over: "
                "give it expires, or reap: false"
            )
        if self.run.startswith("reaper-"):
            raise ValueError(f"{self.run} is reaper's own tag, which no profile can read anew")
        return self

    def profile(self) -> Profile:
        """Give the rules by which such tags are read."""
        keep, expires = self.keep, self.expires
        return Profile(
            name=self.name,
            run=self.run,
            owner=self.owner,
            keep=None if keep is None else KeepReader(key=keep.key, read=keep.read),
            expires=None
            if expires is None
            else ExpiryReader(key=expires.key, read=expires.read, after=expires.after),
            reap=self.reap,
            no_identity=self.no_identity,
        )


def _profile(value: Any) -> ProfileSettings | str:
    """Read a profile, or the name of one that reaper brings."""
    if not isinstance(value, str):
        return ProfileSettings.model_validate(value)
    if value not in BUILT_IN:
        raise ValueError(
            f"reaper brings no profile {value!r}{nearest(value, tuple(BUILT_IN))}; it has "
            f"{', '.join(BUILT_IN)}"
        )
    return value


class TagSettings(Section):
    """Which tags name a run, beside reaper's own."""

    profiles: tuple[
        Annotated[
            ProfileSettings | str,
            PlainValidator(_profile, json_schema_input_type=ProfileSettings | str),
        ],
        ...,
    ] = ()
    """Tags that a team had before: the name of a profile that reaper brings (`testcontainers`,
    `sct`, `kind`), or one's own. They are only reported unless they say otherwise."""

    @model_validator(mode="after")
    def _names_differ(self) -> TagSettings:
        names = [each if isinstance(each, str) else each.name for each in self.profiles]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two profiles are called {name}")
        return self
