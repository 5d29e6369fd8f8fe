"""Tells people by apprise: what is left, by owner; the brake; a cell that fails for long."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from reaper.config.daemon import NotifySettings
from reaper.durations import describe_duration
from reaper.errors import LedgerError
from reaper.ledger import CellSweep, Ledger
from reaper.service.metrics import Metrics

log = structlog.get_logger()

Send = Callable[[str, str], bool]

_MOST_LINES = 20
_MOST_WAITING = 100


class Notifier:
    """Sends messages from a thread of its own; without addresses it does nothing."""

    def __init__(
        self, settings: NotifySettings, ledger: Ledger, metrics: Metrics, send: Send | None = None
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._metrics = metrics
        self._send = send
        self._held: dict[str, str] = {}
        self._failing: set[str] = set()
        self._waiting: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._work, name="notify", daemon=True)

    def begin(self) -> None:
        """Begin, where there are addresses."""
        if self._send is None and self._settings.urls_file is not None:
            self._send = by_apprise(self._settings.urls_file)
        if self._send is not None:
            self._thread.start()

    def end(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def heard(self, state: CellSweep) -> None:
        """Hear how a cell stands after a sweep, and tell what is news."""
        if self._send is None:
            return
        if state.held is not None and state.plan is not None:
            if self._held.get(state.cell) != state.plan:
                self._tell(f"reaper: {state.label} is held by the brake", held_text(state))
            self._held[state.cell] = state.plan
        else:
            self._held.pop(state.cell, None)
        since, now = state.failing_since, state.finished
        if since is None or now is None:
            if state.cell in self._failing:
                self._failing.discard(state.cell)
                self._tell(f"reaper: {state.label} works again", f"{state.cell}: {state.detail}")
        elif now - since >= self._settings.failing_after and state.cell not in self._failing:
            self._failing.add(state.cell)
            long = describe_duration(now - since)
            text = f"{state.cell} has failed {state.failures} times in {long}: {state.detail}"
            self._tell(f"reaper: {state.label} fails", text)

    def _tell(self, title: str, text: str) -> None:
        with self._changed:
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append((title, text))
                self._changed.notify()

    def _work(self) -> None:
        every = self._settings.digest.total_seconds()
        while True:
            with self._changed:
                due = self._changed.wait_for(lambda: self._waiting or self._over, timeout=every)
                if self._over:
                    return
                waiting, self._waiting = self._waiting, []
            if not due:
                waiting = self._digest()
            for title, text in waiting:
                self._deliver(title, text)

    def _digest(self) -> list[tuple[str, str]]:
        try:
            sweeps = self._ledger.sweeps()
            documents = {each.label: self._ledger.document(each.cell) for each in sweeps}
            now = self._ledger.now()
        except LedgerError as error:
            log.warning("no digest", reason=str(error))
            return []
        text = digest_text(documents, now)
        return [] if text is None else [("reaper: what tests left behind", text)]

    def _deliver(self, title: str, text: str) -> None:
        assert self._send is not None
        try:
            sent = self._send(title, text)
        except OSError as error:
            log.warning("not told", title=title, reason=str(error))
            sent = False
        self._metrics.notifications.labels("sent" if sent else "failed").inc()


def held_text(state: CellSweep) -> str:
    """Tell of a brake, and what to do."""
    return (
        f"{state.cell}: {state.held}. Look at the plan, then `reaper release {state.plan}` "
        "carries it out."
    )


def digest_text(documents: Mapping[str, str | None], now: datetime) -> str | None:
    """List what is left, by owner, the longest lists first; None where nothing is."""
    left: dict[str, list[str]] = defaultdict(list)
    for label, document in documents.items():
        items: Sequence[Mapping[str, Any]] = json.loads(document)["items"] if document else ()
        for item in items:
            if item["verdict"] in {"reap", "quarantine"} and item["outcome"] != "gone":
                what = item["name"] or item["id"]
                why = item["outcome"] or item["verdict"]
                left[item["owner"] or "nobody in particular"].append(
                    f"  {item['kind']} {what} in {label}: {why}, {item['detail'] or item['reason']}"
                )
    if not left:
        return None
    lines = [f"As of {now:%Y-%m-%d %H:%M} UTC"]
    for owner, things in sorted(left.items(), key=lambda each: (-len(each[1]), each[0])):
        lines.append(f"{owner}: {len(things)}")
        lines += things[:_MOST_LINES]
        if len(things) > _MOST_LINES:
            lines.append(f"  and {len(things) - _MOST_LINES} more")
    return "\n".join(lines)


def by_apprise(urls_file: Path) -> Send:
    """Make the sender for the addresses in a file, read anew for each message."""

    def send(title: str, text: str) -> bool:
        import apprise  # noqa: PLC0415 - off by default, and slow to load

        sender = apprise.Apprise()
        for line in urls_file.read_text(encoding="utf-8").splitlines():
            address = line.strip()
            if address and not address.startswith("#"):
                sender.add(address)
        return bool(sender.notify(body=text, title=title))

    return send
