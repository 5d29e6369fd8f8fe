"""Serves responses that were recorded from Google's real API, on loopback.

They lie beside the project, in `../shared/recordings/gcp`, or where REAPER_TEST_RECORDINGS says: a
folder a flight, a file an exchange, called by method and path with `/` and `:` written `-`, and by
the number of the call. Queries were not recorded.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT = "cloud-custodian"
_BESIDE = Path(__file__).parents[3].parent / "shared" / "recordings"
FOLDER = Path(os.environ.get("REAPER_TEST_RECORDINGS", _BESIDE)) / "gcp"
MISSING = f"there are no recorded responses at {FOLDER}"


def recorded(flight: str, name: str) -> dict[str, Any]:
    """Read one exchange."""
    found: dict[str, Any] = json.loads((FOLDER / flight / f"{name}_1.json").read_text())
    return found


def body(flight: str) -> dict[str, Any]:
    """Read the list of a flight that has one."""
    [path] = [each for each in (FOLDER / flight).iterdir() if each.name.startswith("get")]
    found: dict[str, Any] = json.loads(path.read_text())["body"]
    return found


@contextmanager
def replay(flight: str) -> Iterator[str]:
    """Serve a flight's exchanges in order, the last one of each call for ever."""
    answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((FOLDER / flight).iterdir(), key=lambda each: (len(each.name), each.name)):
        answers[path.name.rpartition("_")[0]].append(json.loads(path.read_text()))
    asked: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            path = re.sub(r"projects/[^/]+", f"projects/{PROJECT}", urlsplit(self.path).path)
            key = self.command.lower() + re.sub(r"[/:]", "-", path)
            told = answers.get(key)
            status, content = 501, {"error": {"code": 501, "message": f"not recorded: {key}"}}
            if told:
                exchange = told[min(asked[key], len(told) - 1)]
                status, content = int(exchange["headers"].get("status", 200)), exchange["body"]
                asked[key] += 1
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - as http.server calls them

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
