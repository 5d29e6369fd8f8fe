"""What OCI adds to each sort of thing when it is made."""

from __future__ import annotations

from collections.abc import Mapping

from reaper.sandbox.oci.making import Shape
from reaper.sandbox.oci.shapes import hosts, networks, rest, volumes

SHAPES: Mapping[str, Shape] = {
    **hosts.SHAPES,
    **networks.SHAPES,
    **volumes.SHAPES,
    **rest.SHAPES,
}
