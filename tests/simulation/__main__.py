"""Run as many histories as N says: `make simulate N=100000`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

DEFAULT = "2000"


def main() -> int:
    """Run the histories on every processor, and print what they were made of."""
    os.environ["REAPER_TEST_HISTORIES"] = os.environ.get("N", DEFAULT)
    here = str(Path(__file__).with_name("test_histories.py"))
    return int(pytest.main([here, "-n", os.environ.get("WORKERS", "auto"), "-q", "--timeout=0"]))


if __name__ == "__main__":
    sys.exit(main())
