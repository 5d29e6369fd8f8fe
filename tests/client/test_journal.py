"""The journal loses nothing to a kill, and says which lines it cannot read."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reaper.client.journal import JournalWriter, read_journal
from reaper.client.record import encode_entry
from reaper.model import JournalEntry, Phase, Ref

ENTRY = JournalEntry(
    run="r-1",
    writer="?",
    seq=1,
    at=datetime(2026, 5, 1, tzinfo=UTC),
    phase=Phase.CREATED,
    kind="docker:volume",
    scope="engine",
    ref=Ref(kind="docker:volume", scope="engine", id="v1", incarnation="2026"),
)


def entry_of(writer: JournalWriter) -> JournalEntry:
    return replace(ENTRY, writer=writer.name, seq=writer.next_number())


def journal_file(directory: Path) -> Path:
    (found,) = directory.glob("journal-*.jsonl")
    return found


def test_entries_read_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    entries = [entry_of(writer) for _ in range(3)]
    for entry in entries:
        writer.append(entry)

    assert read_journal(tmp_path, "r-1") == (entries, [])


def test_a_run_without_entries_makes_no_file(tmp_path: Path) -> None:
    JournalWriter(tmp_path).close()

    assert list(tmp_path.iterdir()) == []
    assert read_journal(tmp_path, "r-1") == ([], [])


def test_two_writers_of_one_process_do_not_share_numbers(tmp_path: Path) -> None:
    one, other = JournalWriter(tmp_path), JournalWriter(tmp_path)

    one.append(entry_of(one))
    other.append(entry_of(other))

    entries, problems = read_journal(tmp_path, "r-1")
    assert len({(entry.writer, entry.seq) for entry in entries}) == 2
    assert problems == []


def test_a_writer_is_named_by_its_process(tmp_path: Path) -> None:
    assert f"-{os.getpid()}-" in JournalWriter(tmp_path).name


def test_only_its_user_can_read_the_journal(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.append(entry_of(writer))

    assert journal_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)

    def write_many() -> None:
        for _ in range(200):
            writer.append(entry_of(writer))

    threads = [threading.Thread(target=write_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    entries, problems = read_journal(tmp_path, "r-1")
    assert sorted(entry.seq for entry in entries) == list(range(1, 801))
    assert problems == []


def test_a_killed_process_loses_nothing_that_it_was_told_is_written(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from dataclasses import replace\n"
        "from reaper.client.journal import JournalWriter\n"
        "from reaper.client.record import decode_entry\n"
        "entry = decode_entry(sys.argv[2]); writer = JournalWriter(Path(sys.argv[1]))\n"
        "while True:\n"
        "    number = writer.next_number()\n"
        "    writer.append(replace(entry, writer=writer.name, seq=number))\n"
        "    print(number, flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), encode_entry(ENTRY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(200):
            process.stdout.readline()
        read_journal(tmp_path, "r-1")  # while it writes
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.stdout.read().splitlines() if line]

    entries, problems = read_journal(tmp_path, "r-1")
    assert len(entries) >= max(told, default=200)
    assert problems == []


def test_a_last_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    entry = entry_of(writer)
    writer.append(entry)
    with journal_file(tmp_path).open("a") as file:
        file.write(encode_entry(entry)[:50])

    assert read_journal(tmp_path, "r-1") == ([entry], [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("rubbish", "Expecting value"),
        ("{}", "«seq» is no number"),
        ("\x00\x00\x00", "Expecting value"),
        (encode_entry(replace(ENTRY, writer="another")), "by the writer 'another'"),
        (encode_entry(replace(ENTRY, run="r-2")), "of the run 'r-2'"),
    ],
)
def test_a_line_that_cannot_be_read_is_reported_and_the_others_are_read(
    tmp_path: Path, line: str, told: str
) -> None:
    writer = JournalWriter(tmp_path)
    first, last = entry_of(writer), entry_of(writer)
    writer.append(first)
    path = journal_file(tmp_path)
    with path.open("a") as file:
        file.write(line + "\n")
    writer.append(last)

    entries, (problem,) = read_journal(tmp_path, "r-1")

    assert entries == [first, last]
    assert str(path) in problem
    assert "line 2" in problem
    assert told in problem


def test_bytes_that_are_no_text_are_reported(tmp_path: Path) -> None:
    (tmp_path / "journal-w.jsonl").write_bytes(b"\xff\xfe\n")

    entries, problems = read_journal(tmp_path, "r-1")

    assert entries == []
    assert len(problems) == 1


def test_a_file_that_cannot_be_read_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.append(entry_of(writer))
    (tmp_path / "journal-zzz.jsonl").mkdir()

    entries, (problem,) = read_journal(tmp_path, "r-1")

    assert len(entries) == 1
    assert "journal-zzz.jsonl: cannot be read" in problem


def test_an_entry_that_a_full_disk_cut_off_is_told_and_does_not_spoil_the_next(
    tmp_path: Path,
) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from dataclasses import replace\n"
        "from reaper.client.journal import JournalWriter\n"
        "from reaper.client.record import decode_entry\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "entry = decode_entry(sys.argv[2]); writer = JournalWriter(Path(sys.argv[1]))\n"
        "entry = replace(entry, writer=writer.name)\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))\n"
        "try: writer.append(replace(entry, seq=1))\n"
        "except OSError as error: print(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "writer.append(replace(entry, seq=2))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), encode_entry(ENTRY)]

    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "took only a part" in told
    entries, problems = read_journal(tmp_path, "r-1")
    assert [entry.seq for entry in entries] == [2]
    assert len(problems) == 1
