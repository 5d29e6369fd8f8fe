"""Everything that reaper raises on purpose.

    ReaperError
    ├── UsageError              the caller asked for something that cannot be (exit code 2)
    │   ├── ConfigurationError  a key, a value or a file of the configuration
    │   ├── InvalidRunId        a run ID with forbidden characters
    │   ├── RegistryRefused     the HTTP service does not take this token
    │   │   └── RequestRefused  or takes the token, and not this request
    │   ├── InvalidRef          a reference to a resource that does not parse
    │   ├── WrongContainer      a mark or a fixture asks for a container that cannot be
    │   ├── PlanRejected        a plan file that was edited, or that the ledger does not know
    │   └── ResolutionRefused   a quarantine that a person cannot end in this way
    ├── IdentityMismatch        the place answers, but it is not the one configured (exit code 2)
    ├── RegistryUnreachable     the HTTP service that keeps the runs did not answer
    ├── PlaceUnreachable        a place did not answer at all
    ├── ContainerFailed         a test's container did not start, or was never ready
    ├── ScanIncomplete          what was named may be where the scan had gaps (exit code 4)
    ├── LedgerError
    │   ├── LedgerUnreachable   the database did not answer
    │   ├── LedgerTooNew        its schema is of a newer reaper (exit code 2)
    │   └── LedgerOutdated      its schema is of an older reaper (exit code 2)
    ├── RunError
    │   ├── RunExists           an ID is never started twice
    │   ├── RunUnknown          nobody registered a run of this ID
    │   ├── RunUnreadable       its directory does not say what it is; nothing may be concluded
    │   ├── RunEnded            a beat or a creation after the end; HTTP's 410
    │   ├── RunNotOver          the lease holds, so its resources are untouchable
    │   └── NotJournaled        strict mode: what cannot bear tags could not be journaled either
    ├── FenceError              this process may not shoot (any more)
    │   ├── LockLost            another sweep holds the cell, or our lock ran out
    │   ├── SweepingPaused      `reaper pause` was called
    │   ├── SweepStopped        the daemon whose worker it is ends
    │   └── LookTooOld          more than ten seconds went by since the second look
    └── ReadOnlyViolation       a mutating call on a read-only client: a defect of ours

A failed call to a cloud is no exception here: providers answer with what became of the call
(`reaper.providers.protocol`), so that a failure cannot be mistaken for an empty answer.
"""


class ReaperError(Exception):
    """The root of all errors that reaper raises; its text is one sentence for a person."""


class UsageError(ReaperError):
    """The caller asked for something that cannot be; nothing was changed."""


class ConfigurationError(UsageError):
    """The configuration has errors; each is one sentence that names the key and what was wanted."""

    def __str__(self) -> str:
        if len(self.args) < 2:  # noqa: PLR2004 - one problem needs no list
            return super().__str__()
        return "\n".join(
            [f"the configuration has {len(self.args)} problems:"]
            + [f"  - {problem}" for problem in self.args]
        )


class InvalidRunId(UsageError):
    """The run ID has characters that not every cloud can bear as a tag's value."""


class RegistryRefused(UsageError):
    """The registry at REAPER_URL answered, and will not: the token is wrong, or too weak."""


class RequestRefused(RegistryRefused):
    """The registry at REAPER_URL takes the token, but this request makes no sense to it."""


class InvalidRef(UsageError):
    """The text is no `<kind>@<scope>/<id>`."""


class WrongContainer(UsageError):
    """A mark or a fixture asks for a container that cannot be; nothing was created."""


class PlanRejected(UsageError):
    """The plan file is not one that this ledger's reaper wrote, or it was edited since."""


class ResolutionRefused(UsageError):
    """The quarantine cannot be ended in this way; the message says what would end it."""


class IdentityMismatch(ReaperError):
    """The place answers, but it is not the account or engine that is configured or pinned."""


class RegistryUnreachable(ReaperError):
    """The registry at REAPER_URL did not answer, or not with sense; nothing may be concluded."""


class PlaceUnreachable(ReaperError):
    """A place did not answer; what is there is unknown."""


class ContainerFailed(ReaperError):
    """A test's container did not start or was never ready; its fixture removes what there is."""


class ScanIncomplete(ReaperError):
    """What was named was not found, and the scan had gaps, so it may be there all the same."""


class LedgerError(ReaperError):
    """Something about the ledger; no decision may be based on it."""


class LedgerUnreachable(LedgerError):
    """The ledger's database did not answer."""


class LedgerTooNew(LedgerError):
    """The ledger's schema is of a newer reaper; it was not touched."""


class LedgerOutdated(LedgerError):
    """The ledger's schema is of an older reaper; `reaper ledger migrate` brings it up."""


class RunError(ReaperError):
    """Something about a run."""


class RunExists(RunError):
    """A run of this ID was started before; a re-run is another run with another ID."""


class RunUnknown(RunError):
    """Nobody registered a run of this ID with this ledger."""


class RunUnreadable(RunError):
    """The run's directory cannot be read, so nothing of it may be touched."""


class RunEnded(RunError):
    """The run is over: a beat came after its end, or something was to be created after it."""


class RunNotOver(RunError):
    """The run's lease holds, so nothing of it may be touched."""


class NotJournaled(RunError):
    """What cannot bear tags was to be created, and the journal could not be written: it was not."""


class FenceError(ReaperError):
    """This process may not delete at this moment; nothing was sent."""


class LockLost(FenceError):
    """The cell's lock is another's, or it ran out while we were not looking."""


class SweepingPaused(FenceError):
    """A person paused all sweeping of this ledger."""


class SweepStopped(FenceError):
    """The daemon is ending, and its sweeps with it; the next start takes up what was left."""


class LookTooOld(FenceError):
    """Too much time went by between the second look and the shot; look again."""


class ReadOnlyViolation(ReaperError):
    """A mutating call was about to leave through a read-only client."""
