"""Prints docs/openapi.json, the description of the HTTP API; `make docs` runs it."""

from __future__ import annotations

import json
import sys
from typing import cast

from reaper.config import Config
from reaper.ledger import Ledger
from reaper.service.app import build
from reaper.service.backend import Backend, Minters, Sweeping
from reaper.service.metrics import Metrics


def description() -> str:
    """Write the description as the server would answer it, in lines."""
    with Ledger.open("sqlite://") as ledger:
        backend = Backend(
            config=Config(),
            ledger=ledger,
            minters=Minters(ledger),
            sweeping=cast(Sweeping, None),  # nothing is asked of it
            metrics=Metrics(),
        )
        content = build(backend).openapi()
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(description())
