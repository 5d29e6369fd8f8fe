"""The configuration's shape: every key with its type, default and the reason for that default.

The text below each field is its documentation: `reaper config schema` and
`docs/configuration.md` are made from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from reaper.config.daemon import DaemonSettings
from reaper.config.places import ProviderSettings
from reaper.config.profiles import TagSettings
from reaper.config.section import Section, filled
from reaper.config.values import (
    Count,
    Duration,
    KindGlob,
    KindName,
    LedgerUrl,
    Length,
    Realm,
    Share,
    Word,
    default_ledger,
)
from reaper.durations import format_duration, parse_duration
from reaper.plan import Brake
from reaper.policy import Policy, Protection
from reaper.tags import BUILT_IN, Profile, TagRules


class RunSettings(Section):
    """How long runs live and how they show that they do."""

    lease: Length = parse_duration("10m")
    """How long a run counts as alive after its last beat. Long enough that a machine under load
    or a restarted registry loses no run, short enough that a killed one is noticed soon."""

    beat: Length = parse_duration("30s")
    """How often a run renews its lease; at least ten times within the lease, so that a few lost
    beats end nothing."""

    max: Length = parse_duration("24h")
    """The longest that a run can take: what bears a run that nobody knows may go when this long
    and `policy.grace` have passed since the run's start. Longer than any test suite should be."""

    @model_validator(mode="after")
    def _beats_fit_the_lease(self) -> RunSettings:
        if self.beat * 10 > self.lease:
            raise ValueError(
                f"a beat every {format_duration(self.beat)} is too rare for a lease of "
                f"{format_duration(self.lease)}: runs.beat must be at least ten times shorter "
                "than runs.lease"
            )
        if self.max < self.lease:
            raise ValueError(
                f"runs.max ({format_duration(self.max)}) must not be shorter than runs.lease "
                f"({format_duration(self.lease)})"
            )
        return self


class BrakeSettings(Section):
    """When a plan is held until a person releases it."""

    max_deletions: Count = 500
    """How many deletions a scope may see within 24 hours. More than a busy day of tests leaves
    behind, fewer than what nobody would miss."""

    max_share: Share = 0.5
    """The largest share (0 to 1) of what is tagged in a scope that one plan may delete. When more
    than half of everything is said to be over, rather the ledger is wrong."""

    min_tagged: Count = 50
    """Below how many tagged resources in a scope `max_share` is not asked: of three leftovers,
    three may go."""


def _protected(value: Any) -> Any:
    """Read `name:prod-*`, `scope:*`, `kind:docker:image` and, as the last, `docker:image`."""
    if not isinstance(value, str):
        return value
    what, colon, pattern = value.partition(":")
    if colon and pattern and what in {"name", "scope", "kind"}:
        return {what: pattern}
    return {"kind": value}


class ProtectedSettings(Section):
    """What is never touched: a resource that matches every pattern given here."""

    kind: KindGlob | None = None
    """A kind, such as `docker:image`; `*` and `?` stand for any text."""

    scope: Word | None = None
    """A scope, such as an engine's ID; `*` and `?` stand for any text."""

    name: Word | None = None
    """A resource's name; `*` and `?` stand for any text."""

    @model_validator(mode="after")
    def _says_something(self) -> ProtectedSettings:
        if self.kind is None and self.scope is None and self.name is None:
            raise ValueError("it protects nothing: give at least one of kind, scope and name")
        return self


class PolicySettings(Section):
    """What may be removed, and when."""

    grace: Duration = parse_duration("15m")
    """Nothing younger than this, and nothing of a run that is over for less, is touched: clouds
    are slow to show what was made, and a person may want a look."""

    max_keep: Duration = parse_duration("30d")
    """The longest, from its creation, that a resource's own `reaper-keep` tag can ask for: a
    forgotten tag should not cost money for ever."""

    allow_forever: bool = False
    """Whether `reaper-keep: forever` is honoured. Where it is not, such a resource is reported,
    not removed."""

    max_skew: Duration = parse_duration("60s")
    """By how much a provider's clock may differ from the ledger's; beyond that nothing there is
    judged, because ages could not be trusted."""

    reap_unknown_after: Length | None = None
    """The age from which a resource may go that bears a run nobody knows, and no expiry. null:
    never; such a resource is reported instead, because nothing says that its run is over."""

    enable: tuple[KindName, ...] = ()
    """Kinds that are only reported unless they stand here, because what uses them cannot be
    enumerated."""

    brake: Annotated[BrakeSettings, BeforeValidator(filled)] = BrakeSettings()
    """When a plan is held until a person releases it."""

    protect: tuple[
        Annotated[
            ProtectedSettings,
            BeforeValidator(_protected, json_schema_input_type=str | ProtectedSettings),
        ],
        ...,
    ] = ()
    """What is never touched: a kind (`docker:image`), a name (`name:prod-*`), a scope
    (`scope:*`), or a mapping of `kind`, `scope` and `name` that must all match."""


class Config(Section):
    """The whole configuration."""

    model_config = ConfigDict(title="reaper")

    realm: Realm = "default"
    """Whose runs these are: the name of a team and its ledger. What bears another realm is never
    touched. Lower-case letters, digits, `-` and `_`."""

    ledger: LedgerUrl = Field(default_factory=default_ledger)
    """The database of runs, sightings and deletions: `sqlite:///FILE` or
    `postgresql+psycopg://USER@HOST/DATABASE`. Default: `ledger.db` in the state directory
    (`REAPER_STATE`, else `~/.local/state/reaper`), which needs no server."""

    runs: Annotated[RunSettings, BeforeValidator(filled)] = RunSettings()
    """How long runs live and how they show that they do."""

    policy_settings: Annotated[PolicySettings, BeforeValidator(filled)] = Field(
        default=PolicySettings(), alias="policy"
    )
    """What may be removed, and when."""

    tags: Annotated[TagSettings, BeforeValidator(filled)] = TagSettings()
    """Which tags name a run, beside reaper's own."""

    daemon: Annotated[DaemonSettings, BeforeValidator(filled)] = DaemonSettings()
    """What `reaper daemon` does: how often, how far, and where it listens."""

    providers: Annotated[ProviderSettings, BeforeValidator(filled)] = ProviderSettings()
    """Where reaper looks, and nowhere else. A provider that is absent is off; without any
    configuration file it is the local Docker engine."""

    _source: Path | None = PrivateAttr(default=None)
    _notices: tuple[str, ...] = PrivateAttr(default=())

    @property
    def source(self) -> Path | None:
        """The file that was read; None where there was none."""
        return self._source

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know about how the configuration was found, in sentences."""
        return self._notices

    def tag_rules(self) -> TagRules:
        """Give whose tags are ours, and which others are read."""
        profiles: list[Profile] = []
        for each in self.tags.profiles:
            profiles += BUILT_IN[each] if isinstance(each, str) else [each.profile()]
        return TagRules(realm=self.realm, profiles=tuple(profiles))

    def policy(self) -> Policy:
        """Give the rules by which resources are judged."""
        settings = self.policy_settings
        return Policy(
            grace=settings.grace,
            max_keep=settings.max_keep,
            allow_forever=settings.allow_forever,
            max_skew=settings.max_skew,
            reap_unknown_after=settings.reap_unknown_after,
            max_run=self.runs.max,
            protect=tuple(
                Protection(kind=entry.kind, scope=entry.scope, name=entry.name)
                for entry in settings.protect
            ),
            enabled=frozenset(settings.enable),
        )

    def brake(self) -> Brake:
        """Give the numbers beyond which a plan is held."""
        settings = self.policy_settings.brake
        return Brake(
            max_deletions=settings.max_deletions,
            max_share=settings.max_share,
            min_tagged=settings.min_tagged,
        )
