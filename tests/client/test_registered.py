"""A run that a service keeps: beats and journal over HTTP, and what an outage does to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import reaper
from reaper.client import RunDirectory, Service, configured_service, directories
from reaper.client.registered import RegisteredRun, send_strays
from reaper.client.service import TOKEN_VARIABLE, URL_VARIABLE
from reaper.errors import (
    RegistryRefused,
    RegistryUnreachable,
    RunEnded,
    RunUnknown,
    UsageError,
)
from reaper.ledger import Role
from reaper.model import Beats, Ending, Phase
from reaper.tags import run_tags
from tests.daemon.processes import until
from tests.service.conftest import Api, serving

KIND, SCOPE = "docker:volume", "ENGINE"
SECOND = timedelta(seconds=1)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with serving(tmp_path, {"requests_per_second": 100_000}) as api:
        yield api


@pytest.fixture(autouse=True)
def environment(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(URL_VARIABLE, api.url)
    monkeypatch.setenv(TOKEN_VARIABLE, api.tokens[Role.FIXTURE])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REAPER_REALM", "test")


def state() -> Path:
    return Path(os.environ["REAPER_STATE"])


@contextmanager
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The service is away: nothing listens where it was."""
    with monkeypatch.context() as away:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        away.setenv(URL_VARIABLE, f"http://127.0.0.1:{port}")
        yield


def service(**changes: Any) -> Service:
    found = configured_service()
    assert found is not None
    return Service(**{"url": found.url, "token": found.token, "patience_s": 0.3, **changes})


def test_a_run_is_registered_at_the_service_and_nowhere_else(api: Api) -> None:
    with reaper.run(owner="ada", lease=60 * SECOND) as run:
        (inside,) = api.ledger.list_runs()
    (after,) = api.ledger.list_runs()

    assert run.registered
    assert (inside.id, inside.owner, inside.beats) == (run.id, "ada", Beats.SERVICE)
    assert inside.ended is None
    assert after.ending is Ending.FINISHED
    assert list(directories()) == []


def test_its_tags_are_made_from_what_the_service_answered(api: Api) -> None:
    with reaper.run() as run:
        (known,) = api.ledger.list_runs()

    assert run.tags == run_tags(known)


def test_its_lease_is_kept_by_beats(api: Api) -> None:
    with reaper.run(lease=60 * SECOND, beat=SECOND / 20) as run:
        before = api.ledger.runs([run.id])[run.id].lease.until

        until(
            lambda: api.ledger.runs([run.id])[run.id].lease.until > before + SECOND / 10,
            "the lease was renewed",
        )


def test_a_child_joins_it_and_does_not_finish_it(api: Api) -> None:
    code = "import reaper\nwith reaper.run() as run: print(run.id, run.joined, run.registered)"
    with reaper.run() as run:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        (known,) = api.ledger.list_runs()

    assert done.stdout.split() == [run.id, "True", "True"]
    assert known.ended is None


def test_what_is_created_is_told_while_the_run_lives(api: Api) -> None:
    with reaper.run() as run:
        intent = run.intends(kind=KIND, scope=SCOPE, name="v")
        run.created(kind=KIND, scope=SCOPE, id="v", incarnation="i", intent=intent)

        entries = until(
            lambda: len(found := api.ledger.run_entries(run.id)) == 2 and found,
            "both entries arrived",
        )

    assert [entry.phase for entry in entries] == [Phase.INTENT, Phase.CREATED]
    assert entries[1].ref.incarnation == "i"


def test_what_bears_no_tags_is_told_before_it_is_created(api: Api) -> None:
    with reaper.run() as run:
        run.intends(kind=KIND, scope=SCOPE, name="v", taggable=False)

        assert len(api.ledger.run_entries(run.id)) == 1


def test_a_journal_of_many_entries_is_sent_in_parts_and_only_once(api: Api) -> None:
    with reaper.run() as run:
        for number in range(1200):
            run.created(kind=KIND, scope=SCOPE, id=f"v{number}", name="x" * 500)
    entries = api.ledger.run_entries(run.id)

    assert len(entries) == 1200
    sent = api.metrics.registry.get_sample_value(
        "reaper_http_request_seconds_count", {"route": "/v1/runs/{run_id}/journal"}
    )
    assert sent is not None
    assert 3 <= sent < 100


def test_an_entry_that_is_refused_does_not_hold_up_the_others(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with reaper.run() as run:
        run.created(kind=KIND, scope=SCOPE, id="x" * 2000)
        run.created(kind=KIND, scope=SCOPE, id="v", name="\udc80" + "y" * 2000)

    (entry,) = api.ledger.run_entries(run.id)
    assert entry.ref is not None
    assert entry.ref.id == "v"
    assert "was refused" in caplog.text


def test_what_a_killed_process_did_not_send_the_next_run_sends(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
        import os, reaper
        with reaper.run() as run:
            os.environ["{URL_VARIABLE}"] = "unused"
            run._registration.service.__class__.send_entries = lambda *_: 1 / 0
            run._registration.tell_soon = lambda: None
            run.created(kind="{KIND}", scope="{SCOPE}", id="v")
            print(run.id, flush=True)
            os.kill(os.getpid(), {signal.SIGKILL.value})
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    killed = done.stdout.strip()
    before = api.ledger.run_entries(killed)

    with reaper.run():
        entries = api.ledger.run_entries(killed)

    assert before == []
    assert [entry.ref.id for entry in entries if entry.ref] == ["v"]
    assert not (state() / "registered" / killed).exists()


def test_the_journal_of_a_living_run_is_no_stray(api: Api) -> None:
    with reaper.run() as run:
        send_strays(service(), state())

        assert run.journals.exists()


def test_the_end_is_learnt_by_the_next_beat_and_nothing_more_is_created(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with reaper.run(lease=60 * SECOND, beat=SECOND / 20) as run:
        api.ledger.force_end(run.id)
        until(lambda: run.over, "the run learnt that it is over")

        with pytest.raises(RunEnded, match="must create nothing more"):
            run.intends(kind=KIND, scope=SCOPE)


def test_a_registered_run_whose_service_goes_away_warns_and_says_until_when(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reaper.run(lease=60 * SECOND, beat=SECOND / 20) as run:
        registration = run._registration
        assert isinstance(registration, RegisteredRun)
        there = registration.service
        registration.service = Service(url="http://127.0.0.1:1", token="x", patience_s=0.1)
        until(lambda: "was not renewed" in caplog.text, "it warned")
        run.refuse_if_lapsed()
        run._holds_until = registration.elapsed() - 1
        with pytest.raises(RunEnded, match="has lapsed and cannot be renewed"):
            run.intends(kind=KIND, scope=SCOPE)
        registration.service = there
        until(lambda: "is renewed again" in caplog.text, "it went on")
        run.intends(kind=KIND, scope=SCOPE)

    assert "nothing more may be created under it from then on" in caplog.text
    assert caplog.text.count("was not renewed") == 1
    assert api.ledger.runs([run.id])[run.id].ending is Ending.FINISHED


def test_a_run_that_never_registered_goes_on_under_its_tags_expiry(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nobody(monkeypatch), reaper.run() as run:
        run.created(kind=KIND, scope=SCOPE, id="v")
        expires = run.run.expires

    assert not run.registered
    assert RunDirectory.open(run.id).read().ending is Ending.FINISHED
    assert "goes on unregistered" in caplog.text
    assert f"{expires:%Y-%m-%d %H:%M}" in caplog.text
    assert api.ledger.list_runs() == []


def test_a_child_joins_on_the_same_host_also_while_the_service_is_away(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with reaper.run(lease=60 * SECOND) as run:
        away = Service(url=run._registration.service.url, token="x", patience_s=0.1)  # type: ignore[attr-defined]  # it is a RegisteredRun
        with stopped(away) as service_away:
            joined = RegisteredRun.join(service_away, run.id, state=state())
            left = joined.left_s()
            joined.close()

    assert joined.read().id == run.id
    assert 0 < left <= 60


@contextmanager
def stopped(there: Service) -> Iterator[Service]:
    class Away(Service):
        def _once(self, *_: Any) -> Any:
            raise OSError("nobody is there")

    yield Away(url=there.url, token="x", patience_s=0.1)


def test_another_host_cannot_join_without_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody(monkeypatch):
        monkeypatch.setenv("REAPER_RUN_ID", "r-elsewhere")

        with pytest.raises(RegistryUnreachable), reaper.run():
            pass


def test_what_the_service_does_not_know_cannot_be_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAPER_RUN_ID", "r-unknown")

    with pytest.raises(RunUnknown), reaper.run():
        pass


def test_a_wrong_token_is_told_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "reaper_0123456789_wrong")

    with pytest.raises(RegistryRefused, match=TOKEN_VARIABLE), reaper.run():
        pass
    assert list(directories()) == []


@pytest.mark.parametrize("url", ["reaper.example", "ftp://x", "http://u:p@x", "http://x:99999"])
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)

    with pytest.raises(UsageError, match=URL_VARIABLE):
        configured_service()


@pytest.mark.parametrize("token", ["", "a\nb", "ü"])
def test_an_address_needs_a_token(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)

    with pytest.raises(UsageError, match="reaper token add"):
        configured_service()


def test_without_an_address_there_is_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE)

    with reaper.run() as run:
        assert not run.registered
    assert len(list(directories())) == 1


def test_the_token_is_not_shown() -> None:
    assert service().token not in repr(service())


def test_to_clean_is_the_daemons_business(api: Api) -> None:
    with reaper.run(clean=True) as run:
        pass

    assert api.sweeping.orders == [(None, frozenset({run.id}))]


# What else may answer

Script = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(*scripts: Script) -> Iterator[str]:
    """Something that answers each request by the next of these, and by the last for ever."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            return

        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            scripts[min(len(asked), len(scripts)) - 1](self)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def says(status: int, text: str = "", **headers: str) -> Script:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return answer


@pytest.mark.parametrize(
    "script",
    [
        says(200, "<html>hello</html>"),
        says(200, "{}"),
        says(200, "[]"),
        says(404, "nothing here"),
        says(404, "{}"),
        says(302, "", Location="http://127.0.0.1:1/"),
        says(502, "bad gateway"),
        lambda handler: handler.wfile.write(b"what?\r\n\r\n"),
        lambda handler: setattr(handler, "close_connection", True),
    ],
)
def test_what_is_no_registry_is_taken_for_none(script: Script) -> None:
    with answering(script) as url, pytest.raises(RegistryUnreachable):
        service(url=url).beat("r-1")


def test_a_busy_service_is_asked_again_when_it_said() -> None:
    run = (
        '{"id": "r-1", "realm": "test", "owner": null, "origin": null, "host": null, '
        '"started": "2026-01-01T00:00:00Z", "expires": "2026-01-02T00:00:00Z", "promised": true, '
        '"alive": true, "lease_s": 60.0, "lease_until": "2026-01-01T00:01:00Z", "away": null, '
        '"ended": null, "ending": null}'
    )
    with answering(says(503, "{}"), says(429, "{}", Retry_After="1"), says(200, run)) as url:
        assert service(url=url, patience_s=30).join("r-1").id == "r-1"


def test_a_gone_run_is_over_whoever_says_so() -> None:
    over = says(410, '{"type": "x", "detail": "it is over"}')
    with answering(over) as url, pytest.raises(RunEnded, match="it is over"):
        service(url=url).beat("r-1")
