"""Images of the example: the real ones by the environment, else stand-ins that open the ports.

`python images.py` makes the stand-ins of the host's static busybox; no registry is asked.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from typing import Any

# Each with the ports that it opens. The scripts of a stand-in are where the real image has them.
STAND_INS = {
    "stand-in-scylla:1": (9042, 9142, 8080),
    "stand-in-vector-store:1": (6080,),
    "stand-in-kafka:1": (9092,),
}
SCYLLA = os.environ.get("SCYLLA_IMAGE", "stand-in-scylla:1")
VECTOR_STORE = os.environ.get("VECTOR_STORE_IMAGE", "stand-in-vector-store:1")
KAFKA = os.environ.get("KAFKA_IMAGE", "stand-in-kafka:1")

_APPLETS = ("cat", "env", "echo", "grep", "nc", "sh", "sleep", "wc")
_ENTRYPOINT = """#!/bin/sh
# Opens its ports one after another, as a database that starts does.
echo "starting with: $*"
for port in $PORTS; do
  nc -ll -p "$port" -e cat &
  echo "serving at port $port"
done
trap 'exit 0' TERM
wait
"""


def make(client: Any) -> None:
    """Make the stand-ins that are not there yet. They stay for the next time."""
    tree = _tree()
    for name, ports in STAND_INS.items():
        if client.images.list(name=name):
            continue
        repository, _, tag = name.partition(":")
        client.api.import_image_from_data(
            tree,
            repository=repository,
            tag=tag,
            changes=[
                f'ENV PORTS="{" ".join(map(str, ports))}"',
                'ENTRYPOINT ["/docker-entrypoint.py"]',
                # As the real one: each container comes with a volume that nobody asked for.
                "VOLUME /var/lib/scylla",
            ],
        )


def _tree() -> bytes:
    busybox = shutil.which("busybox")
    if busybox is None:
        raise SystemExit("there is no busybox to make stand-ins of: apt install busybox-static")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tree:
        tree.add(busybox, "bin/busybox")
        for applet in _APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tree.addfile(link)
        script = tarfile.TarInfo("docker-entrypoint.py")
        script.mode, script.size = 0o755, len(_ENTRYPOINT)
        tree.addfile(script, io.BytesIO(_ENTRYPOINT.encode()))
        for name in ("etc/scylla", "tmp", "var/lib/scylla"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            tree.addfile(directory)
    return buffer.getvalue()


if __name__ == "__main__":
    import docker

    make(docker.from_env())
