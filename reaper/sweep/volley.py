"""One wave's deletions: looked at together, and sent before the look is too old.

One call reads many resources, and deletions are sent one by one: so a look is at as many as can be
shot within its window, and what had no turn by then is looked at again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from reaper.model import Item, Outcome, Status
from reaper.sweep.look import Clear, Looker, Spared
from reaper.sweep.shoot import Again, Halted, Shooter, Shot, Trigger
from reaper.sweep.site import Site

Result = Shot | Spared | Halted | Outcome
Attempt = Result | Again

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0
# How often one deletion may find that its own look is too old by the time of its shot.
_MOST_LOOKS = 3
_SLOW = "the second look took too long"


@dataclass(slots=True)
class Service:
    """A part of the provider, whose limits several kinds share.

    Attributes:
        refused: How many times in a row it was throttled, each time after its pause.
        until: When it may be called again, by `Clock.elapsed`.
    """

    refused: int = 0
    until: float = 0.0
    pause_s: float = _FIRST_PAUSE_S

    def refuse(self, now: float, retry_after_s: float | None) -> None:
        """It was throttled; what was under way when it first was says nothing new."""
        if now >= self.until:
            self.refused += 1
            self.until = now + (retry_after_s or self.pause_s)
            self.pause_s = min(self.pause_s * 2, _LONGEST_PAUSE_S)

    def accept(self) -> None:
        """It took a call."""
        self.refused, self.pause_s = 0, _FIRST_PAUSE_S


class Volley:
    """Sends deletions of one cell; what becomes of each is told as soon as it is known."""

    def __init__(self, site: Site, looker: Looker, shooter: Shooter, trigger: Trigger) -> None:
        self.site = site
        self.looker = looker
        self.shooter = shooter
        self.trigger = trigger
        self._most = max(1, site.provider.batch)
        self._at_once = self._most
        self._sent = 0
        self._due: deque[Item] = deque()
        self._clear: deque[Clear] = deque()
        self._too_old: Counter[str] = Counter()
        self._services: dict[str, Service] = {}

    def fire(self, due: Sequence[Item]) -> Iterator[Result]:
        """Look and shoot, until it is known of each that it was sent, or why it was not."""
        self._due.extend(due)
        self._services.clear()
        workers = min(self.site.workers or self.site.provider.parallel, len(due))
        with Crew(self.shooter.attempt, workers) as crew:
            while self._due or self._clear or crew.busy:
                if self.trigger.halted is not None:
                    yield from self._halt(self.trigger.halted)
                self._send(crew)
                chunk = [] if self._clear or crew.full else self._next()
                if chunk:
                    yield from self._look(chunk)
                elif crew.busy:
                    for result in crew.gather():
                        yield from self._sort(result)
                elif self._due:
                    self._wait()

    def _send(self, crew: Crew) -> None:
        while self._clear and not crew.full:
            clear = self._clear.popleft()
            if self._paused(clear.item):
                self._due.append(clear.item)
            elif self._age(clear) > self.site.settings.window:
                # It had no turn: so many cannot be shot by one look.
                self._at_once = max(1, self._sent)
                self._due.extend(each.item for each in (clear, *self._clear))
                self._clear.clear()
            else:
                self._sent += 1
                crew.send(clear)

    def _next(self) -> list[Item]:
        """Who is looked at next: as many as could be shot by the last look, and some more."""
        waiting = [item for item in self._due if self._paused(item)]
        ready = [item for item in self._due if not self._paused(item)]
        chunk = ready[: self._at_once]
        self._due = deque([*ready[self._at_once :], *waiting])
        return chunk

    def _look(self, chunk: Sequence[Item]) -> Iterator[Result]:
        looked = self.looker.look(chunk)
        self.site.at("looked")
        self._sent = 0
        self._at_once = min(self._most, 2 * self._at_once)
        for item, found in zip(chunk, looked, strict=True):
            if not isinstance(found, Clear):
                yield found
            elif self._age(found) <= self.site.settings.window:
                self._clear.append(found)
            elif len(chunk) > 1:
                self._at_once = len(chunk) // 2
                self._due.append(item)
            else:
                yield from self._look_again(item, _SLOW)

    def _sort(self, result: Attempt) -> Iterator[Result]:
        if not isinstance(result, Again):
            if isinstance(result, Shot):
                self._service(result.clear.item).accept()
            yield result
            return
        item = result.item
        if result.throttled:
            service = self._service(item)
            service.refuse(self.site.clock.elapsed(), result.retry_after_s)
            self._due.append(item)
            if service.refused >= self.site.settings.throttle_tries:
                yield from self._give_up(service, result.reason)
            return
        yield from self._look_again(item, result.reason)

    def _look_again(self, item: Item, reason: str) -> Iterator[Outcome]:
        self._too_old[item.ref.key] += 1
        if self._too_old[item.ref.key] < _MOST_LOOKS:
            self._due.append(item)
        else:
            yield self._left(item, f"{reason}: nothing was sent")

    # --- who waits, and who does not go ---------------------------------------------------------

    def _service(self, item: Item) -> Service:
        kind = self.site.provider.kinds.get(item.ref.kind)
        return self._services.setdefault("" if kind is None else kind.service, Service())

    def _paused(self, item: Item) -> bool:
        return self.site.clock.elapsed() < self._service(item).until

    def _age(self, clear: Clear) -> timedelta:
        return timedelta(seconds=self.site.clock.elapsed() - clear.elapsed)

    def _wait(self) -> None:
        """Wait for the first service that may be called again: nobody else is left."""
        until = min(self._service(item).until for item in self._due)
        self.site.clock.sleep(max(0.0, until - self.site.clock.elapsed()))

    def _give_up(self, service: Service, reason: str) -> Iterator[Outcome]:
        """Put off everything of a service that takes no call, however long it was waited for."""
        items = [*self._due, *(clear.item for clear in self._clear)]
        put_off = [item for item in items if self._service(item) is service]
        keys = {item.ref.key for item in put_off}
        self._due = deque(item for item in self._due if item.ref.key not in keys)
        self._clear = deque(clear for clear in self._clear if clear.item.ref.key not in keys)
        for item in put_off:
            yield self.shooter.put_off(self._left(item, reason))

    def _left(self, item: Item, reason: str) -> Outcome:
        return self.looker.outcome(item, Status.PENDING, reason)

    def _halt(self, reason: str) -> Iterator[Halted]:
        items = [*self._due, *(clear.item for clear in self._clear)]
        self._due.clear()
        self._clear.clear()
        for item in items:
            yield Halted(item=item, reason=reason)


class Crew:
    """Those who shoot, side by side; one alone does it at once, in the caller's thread."""

    def __init__(self, attempt: Callable[[Clear], Attempt], workers: int) -> None:
        self._attempt = attempt
        self._workers = workers
        self._under_way: set[Future[Attempt]] = set()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def busy(self) -> bool:
        """Whether any shot's result was not gathered yet."""
        return bool(self._under_way)

    @property
    def full(self) -> bool:
        """Whether nobody is free."""
        return len(self._under_way) >= max(1, self._workers)

    def send(self, clear: Clear) -> None:
        """Let somebody who is free shoot."""
        if self._pool is not None:
            self._under_way.add(self._pool.submit(self._attempt, clear))
            return
        done: Future[Attempt] = Future()
        done.set_result(self._attempt(clear))
        self._under_way.add(done)

    def gather(self) -> list[Attempt]:
        """Wait for the next results."""
        done, self._under_way = wait(self._under_way, return_when=FIRST_COMPLETED)
        return [future.result() for future in done]

    def __enter__(self) -> Self:
        if self._workers > 1:
            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="reap")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let everybody finish what is under way; nothing more is sent."""
        if self._pool is not None:
            self._pool.shutdown()
