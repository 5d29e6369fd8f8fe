"""The names that several kinds use: of kinds, of IDs, of what every engine has."""

from __future__ import annotations

import re

CONTAINER = "docker:container"
NETWORK = "docker:network"
VOLUME = "docker:volume"
IMAGE = "docker:image"
SERVICE = "docker:service"
SECRET = "docker:secret"  # noqa: S105 - a kind's name
CONFIG = "docker:config"

LONG_ID = re.compile(r"[0-9a-f]{64}")
SWARM_ID = re.compile(r"[0-9a-z]{25}")
NETWORK_ID = re.compile(r"[0-9a-f]{64}|[0-9a-z]{25}")  # a swarm's networks have the swarm's IDs
IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")
VOLUME_NAME = re.compile(r"(?!\.{1,2}\Z)[^/\\?#%\x00-\x20\x7f]{1,255}")

# In a container's list of networks: no network of a user can be called so.
PREDEFINED_MODES = frozenset({"bridge", "host", "none", "default"})
# What engines make for themselves; `podman` is Podman's default.
PREDEFINED_NETWORKS = frozenset({"bridge", "host", "none", "ingress", "docker_gwbridge", "podman"})
