"""What stands in the files of a run's directory: text to data and back, strictly.

Whatever does not read as it was written raises a ValueError that says why; nothing is guessed.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from reaper.client.moment import Host, Moment
from reaper.model import Beats, Ending, JournalEntry, Lease, Phase, Ref, Run

SCHEMA = 1
# One size for each beat: it is written over the last one, which needs no space on a full disk.
BEAT_BYTES = 1024


def encode_run(run: Run) -> str:
    """Write what is constant of a run, as `run.json` holds it."""
    return _encode(
        {
            "schema": SCHEMA,
            "id": run.id,
            "realm": run.realm,
            "started": _time_text(run.started),
            "expires": _time_text(run.expires),
            "lease_s": run.lease.length.total_seconds(),
            "promised": run.promised,
            "owner": run.owner,
            "origin": run.origin,
            "host": run.host,
        }
    )


def decode_run(text: str) -> Run:
    """Read a `run.json`; its lease ends with its start, for the beats stand elsewhere."""
    record = _decode(text)
    _check_schema(record)
    started = _time(record, "started")
    return Run(
        id=_text(record, "id"),
        realm=_text(record, "realm"),
        started=started,
        expires=_time(record, "expires"),
        lease=Lease(length=_seconds(record, "lease_s"), until=started),
        beats=Beats.DIRECTORY,
        promised=_flag(record, "promised"),
        owner=_optional_text(record, "owner"),
        origin=_optional_text(record, "origin"),
        host=_optional_text(record, "host"),
    )


def encode_end(at: datetime, ending: Ending) -> str:
    """Write when and how a run ended, as `ended` holds it."""
    return _encode({"schema": SCHEMA, "at": _time_text(at), "ending": ending.value})


def decode_end(text: str) -> tuple[datetime, Ending]:
    """Read an `ended` file."""
    record = _decode(text)
    _check_schema(record)
    return _time(record, "at"), Ending(_text(record, "ending"))


def encode_beat(beat: Moment) -> bytes:
    """Write one beat; always of the same size, with a checksum against a half-written one."""
    body = _encode(
        {
            "wall": _time_text(beat.wall),
            "awake_s": beat.awake_s,
            "host": beat.host.name,
            "machine": beat.host.machine,
            "boot": beat.host.boot,
        }
    ).encode()
    line = b"%08x %s" % (zlib.crc32(body), body)
    return line.ljust(BEAT_BYTES - 1) + b"\n"


def decode_beat(record: bytes) -> Moment:
    """Read the last beat."""
    checksum, _, body = record.strip().partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body):
        raise ValueError("its checksum does not fit what it holds")
    beat = _decode(body.decode())
    return Moment(
        wall=_time(beat, "wall"),
        awake_s=_number(beat, "awake_s"),
        host=Host(
            name=_text(beat, "host"),
            machine=_optional_text(beat, "machine"),
            boot=_optional_text(beat, "boot"),
        ),
    )


def encode_entry(entry: JournalEntry) -> str:
    """Write one entry of the journal, without a line's end."""
    ref = entry.ref
    return _encode(
        {
            "run": entry.run,
            "writer": entry.writer,
            "seq": entry.seq,
            "at": _time_text(entry.at),
            "phase": entry.phase.value,
            "kind": entry.kind,
            "scope": entry.scope,
            "ref": None if ref is None else [ref.kind, ref.scope, ref.id, ref.incarnation],
            "name": entry.name,
            "taggable": entry.taggable,
            "test": entry.test,
            "detail": entry.detail,
        }
    )


def decode_entry(line: str) -> JournalEntry:
    """Read one entry of the journal."""
    record = _decode(line)
    seq = record.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 1:
        raise ValueError("«seq» is no number from 1")
    return JournalEntry(
        run=_text(record, "run"),
        writer=_text(record, "writer"),
        seq=seq,
        at=_time(record, "at"),
        phase=Phase(_text(record, "phase")),
        kind=_text(record, "kind"),
        scope=_text(record, "scope"),
        ref=_ref(record.get("ref")),
        name=_optional_text(record, "name"),
        taggable=_flag(record, "taggable"),
        test=_optional_text(record, "test"),
        detail=_optional_text(record, "detail"),
    )


def _encode(record: Mapping[str, object]) -> str:
    return json.dumps(record, separators=(",", ":"))


def _decode(text: str) -> dict[str, object]:
    try:
        record = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - one error for all that misreads
    return record


def _check_schema(record: Mapping[str, object]) -> None:
    if record.get("schema") != SCHEMA:
        raise ValueError(
            f"its schema is {record.get('schema')!r} and this reaper reads {SCHEMA}; use the "
            "reaper that wrote it"
        )


def _ref(value: object) -> Ref | None:
    match value:
        case None:
            return None
        case [str(kind), str(scope), str(id_), None | str() as incarnation]:
            return Ref(kind=kind, scope=scope, id=id_, incarnation=incarnation)
        case _:
            raise ValueError("«ref» is no [kind, scope, id, incarnation]")


def _text(record: Mapping[str, object], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise ValueError(f"«{key}» is no text")  # noqa: TRY004
    return value


def _optional_text(record: Mapping[str, object], key: str) -> str | None:
    return None if record.get(key) is None else _text(record, key)


def _flag(record: Mapping[str, object], key: str) -> bool:
    value = record.get(key)
    if not isinstance(value, bool):
        raise ValueError(f"«{key}» is neither true nor false")  # noqa: TRY004
    return value


def _number(record: Mapping[str, object], key: str) -> float:
    value = record.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"«{key}» is no number")  # noqa: TRY004
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"«{key}» is beyond all numbers")
    return number


def _seconds(record: Mapping[str, object], key: str) -> timedelta:
    seconds = _number(record, key)
    if not 0 < seconds < timedelta.max.total_seconds():
        raise ValueError(f"«{key}» is no duration")
    return timedelta(seconds=seconds)


def _time(record: Mapping[str, object], key: str) -> datetime:
    time = datetime.fromisoformat(_text(record, key))
    if time.tzinfo is None:
        raise ValueError(f"«{key}» has no time zone")
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"«{key}» is beyond all times") from error


def _time_text(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("a time without a time zone cannot be written down")
    return time.astimezone(UTC).isoformat()
