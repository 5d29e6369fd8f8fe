"""What happens inside a worker process: one look at all places, or one sweep of one cell.

It is a process of its own because an SDK's import holds the interpreter for seconds, and beats
must not wait for it; and because what hangs can only be ended with its process. It ends when it is
told to, and when the daemon is gone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection

import structlog

from reaper.cli.report import document, entries
from reaper.clock import SYSTEM_CLOCK
from reaper.config import Config
from reaper.daemon.log import configure
from reaper.daemon.task import (
    Cells,
    Find,
    FoundCell,
    Progress,
    Said,
    SweepTask,
    Swept,
    Task,
    Unfound,
)
from reaper.errors import LedgerError, ReaperError, SweepStopped
from reaper.ledger import Ledger, Result
from reaper.model import Cell, Outcome, Plan
from reaper.plan import plan_id
from reaper.providers.opening import open_places
from reaper.providers.protocol import Provider
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import assemble
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings, Site

log = structlog.get_logger()

STOP = "stop"

_SHORT = timedelta(seconds=1)  # another daemon's sweep is not waited for
_MODEST = 5  # beats go before sweeps
_QUIET_S = 1.0  # signs of life are not sent more often
# Where nothing is under way, so that a sweep can end there as if it had been killed.
_BETWEEN = frozenset({"locked", "recalled", "indexed", "scanned", "looked", "waited", "wave over"})


class Line:
    """The pipe to the daemon."""

    def __init__(self, pipe: Connection) -> None:
        self.stopping = threading.Event()
        self._pipe = pipe
        self._turn = threading.Lock()
        self._said = 0.0
        threading.Thread(target=self._listen, name="line", daemon=True).start()

    def say(self, said: Said) -> None:
        """Tell the daemon; one that is gone hears nothing, and the sweep ends soon."""
        with self._turn, contextlib.suppress(OSError):
            self._pipe.send(said)

    def progress(self, doing: str) -> None:
        """Give a sign of life."""
        now = SYSTEM_CLOCK.elapsed()
        if now - self._said >= _QUIET_S:
            self._said = now
            self.say(Progress(doing=doing))

    def _listen(self) -> None:
        # Whatever comes is the order to stop, and so is the daemon's end.
        with contextlib.suppress(EOFError, OSError):
            self._pipe.recv()
        self.stopping.set()


class Watcher:
    """Observes a sweep for the daemon."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def phase(self, cell: Cell, text: str) -> None:  # noqa: ARG002 - the protocol's
        """A new part of the work begins."""
        self._line.progress(text)

    def planned(self, plan: Plan) -> None:
        """The plan stands."""
        self._line.progress(f"planned {len(plan.items)} resources")

    def settled(self, outcome: Outcome) -> None:
        """It is known what became of one resource."""
        self._line.progress(f"{outcome.status.value}: {outcome.ref}")

    def at(self, step: str) -> None:
        """Between two steps: go on, unless the daemon is to end."""
        self._line.progress(step)
        if step in _BETWEEN and self._line.stopping.is_set():
            raise SweepStopped("the daemon is ending: nothing more was sent")


def work(task: Task, pipe: Connection) -> None:
    """Do a task, and tell the daemon how it ended. This is a worker's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's ^C is for the daemon
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.register(signal.SIGUSR1)  # the daemon asks what hangs before it kills
    configure(json_log=task.json_log)
    os.nice(_MODEST)
    line = Line(pipe)
    try:
        line.say(find(task.config) if isinstance(task, Find) else sweep(task, line))
    except ReaperError as error:
        line.say(Swept(result=Result.FAILED, detail=str(error)))
    except Exception as error:  # the worker's last frame: the daemon must learn how it ended
        log.exception("worker broke")
        detail = f"a defect of reaper: {type(error).__name__}: {error}"
        line.say(Swept(result=Result.FAILED, detail=detail))
    # Threads of an SDK must not keep the process.
    os._exit(0)


def find(config: Config) -> Cells:
    """Ask each place for its cells; one that does not answer is told, and the others go on."""
    found: list[FoundCell] = []
    unfound: list[Unfound] = []
    numbers: Counter[str] = Counter()
    with _opened(open_places(config, read_only=True)) as providers:
        for provider in providers:
            name, number = provider.name, numbers[provider.name]
            numbers[name] += 1
            try:
                provider.identity()
                found += [
                    FoundCell(cell=str(cell), label=cell.label, provider=name, number=number)
                    for cell in provider.cells()
                ]
            except ReaperError as error:
                unfound.append(Unfound(provider=name, number=number, reason=str(error)))
    return Cells(found=tuple(found), unfound=tuple(unfound))


def sweep(task: SweepTask, line: Line) -> Swept:
    """Sweep a cell, or look at it, and keep in the ledger what was seen and done.

    Raises:
        ReaperError: It could not be worked on.
    """
    with Ledger.open(task.config.ledger) as ledger, _place(task) as provider:
        watcher = Watcher(line)
        fleet = assemble(
            [provider],
            ledger,
            _settings(task),
            directories=HostDirectories(),
            observer=watcher,
            scopes=frozenset({task.at.cell}),
        )
        if not fleet.sites:
            reason = "; ".join(gap.reason for gap in fleet.gaps) or "its place has no such cell now"
            return Swept(result=Result.FAILED, detail=reason)
        site = replace(fleet.sites[0], at=watcher.at)
        try:
            report = _report(site, act=task.act)
        except SweepStopped as error:
            return Swept(result=Result.STOPPED, detail=str(error))
        kept = _keep(ledger, task.at.cell, report)
        if line.stopping.is_set() and report.skipped is not None:
            return replace(kept, result=Result.STOPPED)
        return kept


def _report(site: Site, *, act: bool) -> SweepReport:
    if act:
        return Sweep(site).run(wait_for_lock=_SHORT)
    return SweepReport(cell=site.cell, plan=Sweep(site).survey().plan)


def _keep(ledger: Ledger, cell: str, report: SweepReport) -> Swept:
    plan = report.plan
    name = plan_id(plan)
    content = document(entries([plan], report.outcomes), report.gaps)
    with contextlib.suppress(LedgerError):  # the daemon tells of it, by its own try
        text = json.dumps(content, ensure_ascii=False)
        ledger.keep_document(cell, text, plan=name, held=plan.held)
    result = Result.GAPS if report.gaps else Result.DONE
    detail = "; ".join(dict.fromkeys(gap.reason for gap in report.gaps))
    if report.skipped is not None:
        result, detail = Result.SKIPPED, report.skipped
    decisions = (item.judged.verdict.decision for item in plan.items)
    return Swept(
        result=result,
        detail=detail,
        verdicts=Counter(decision.value for decision in decisions if decision is not None),
        outcomes=Counter(outcome.status.value for outcome in report.outcomes),
        gaps=len(report.gaps),
        plan=name,
        held=plan.held,
    )


def _settings(task: SweepTask) -> Settings:
    config = task.config
    return Settings(
        policy=config.policy(),
        rules=config.tag_rules(),
        brake=config.brake(),
        named=task.named,
        full=task.full,
    )


@contextlib.contextmanager
def _place(task: SweepTask) -> Iterator[Provider]:
    """Open the one place that the cell is of: another that is away must not hold it up."""
    only = frozenset({task.at.provider})
    with _opened(open_places(task.config, read_only=not task.act, only=only)) as providers:
        yield providers[task.at.number]


@contextlib.contextmanager
def _opened(providers: Sequence[Provider]) -> Iterator[Sequence[Provider]]:
    try:
        yield providers
    finally:
        for provider in providers:
            provider.close()
