"""Tries each hook on the oldest and the newest version of its SDK: `python -m tests.matrix [SDK…]`.

Each pair has an environment of its own, for they exclude each other and some are large.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".matrix"
# What reaper and its tests themselves need.
ALWAYS = (
    *("hypothesis", "pytest", "pytest-timeout", "pytest-xdist", "responses"),
    *("platformdirs", "pydantic", "python-ulid", "pyyaml"),
)
HOOKS = "tests/fixtures/hooks"
_GOOGLE = (
    *("google-api-python-client", "google-cloud-compute", "google-cloud-container"),
    *("google-cloud-iam", "google-cloud-pubsub", "google-cloud-secret-manager"),
    *("google-cloud-kms", "google-cloud-storage", "structlog"),
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One SDK of one age, and the tests that hold its hook."""

    sdk: str
    age: str
    packages: tuple[str, ...]
    tests: str

    @property
    def name(self) -> str:
        return f"{self.sdk}-{self.age}"


PAIRS = (
    Pair(
        sdk="docker",
        age="old",
        packages=("docker==6.1.3", "requests<2.32"),
        tests=f"{HOOKS}/docker",
    ),
    Pair(sdk="docker", age="new", packages=("docker",), tests=f"{HOOKS}/docker"),
    Pair(
        sdk="boto3",
        age="old",
        packages=("boto3==1.34.0", "moto[server]>=5.2.5,<5.3"),
        tests=f"{HOOKS}/aws/test_on_moto.py",
    ),
    Pair(
        sdk="boto3", age="new", packages=("boto3", "moto[server]>=5.2.5,<5.3"), tests=f"{HOOKS}/aws"
    ),
    Pair(
        sdk="aiobotocore",
        age="new",
        packages=("aiobotocore", "moto[server]>=5.2.5,<5.3"),
        tests=f"{HOOKS}/aws/test_aiobotocore.py",
    ),
    Pair(
        sdk="azure",
        age="old",
        packages=("azure-core==1.27.0", "aiohttp"),
        tests=f"{HOOKS}/test_azure.py",
    ),
    Pair(
        sdk="azure", age="new", packages=("azure-core", "aiohttp"), tests=f"{HOOKS}/test_azure.py"
    ),
    Pair(
        sdk="google",
        age="old",
        packages=(
            *("google-api-core==2.11.1", "google-api-python-client==2.86.0"),
            *("google-cloud-compute==1.11.0", "google-cloud-container==2.21.0"),
            *("google-cloud-core==2.3.3", "google-cloud-iam==2.15.0", "google-cloud-kms==2.16.0"),
            *("google-cloud-pubsub==2.16.0", "google-cloud-secret-manager==2.16.0"),
            *("google-cloud-storage==2.9.0", "structlog"),
        ),
        tests=f"{HOOKS}/google",
    ),
    Pair(sdk="google", age="new", packages=_GOOGLE, tests=f"{HOOKS}/google"),
    Pair(
        sdk="kubernetes",
        age="old",
        packages=("kubernetes==26.1.0", "setuptools<81"),
        tests=f"{HOOKS}/test_kubernetes.py",
    ),
    Pair(
        sdk="kubernetes",
        age="new",
        packages=("kubernetes",),
        tests=f"{HOOKS}/test_kubernetes.py",
    ),
    Pair(sdk="oci", age="old", packages=("oci==2.104.0",), tests=f"{HOOKS}/oci"),
    Pair(sdk="oci", age="new", packages=("oci",), tests=f"{HOOKS}/oci"),
)


def main(wanted: list[str]) -> int:
    """Try those of the wanted SDKs, or all; the exit code is how many failed."""
    failed = [pair.name for pair in PAIRS if not wanted or pair.sdk in wanted if not _holds(pair)]
    print(f"failed: {', '.join(failed)}" if failed else "each hook holds")  # noqa: T201 - its result
    return len(failed)


def _holds(pair: Pair) -> bool:
    print(f"== {pair.name}", flush=True)  # noqa: T201 - which one is at work
    place = ENVIRONMENTS / pair.name
    python = str(place / "bin" / "python")
    if not Path(python).exists():
        venv.create(place, with_pip=True)
    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    # An SDK as old as that warns of much that is none of ours.
    options = ("-q", "-p", "no:cacheprovider", "-W", "default", "-W", "error::ResourceWarning")
    return all(
        subprocess.run(command, cwd=ROOT, check=False).returncode == 0
        for command in (
            (*install, *ALWAYS, *pair.packages),
            (python, "-m", "pytest", *options, pair.tests),
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
