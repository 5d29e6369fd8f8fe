"""The services beside Compute, as far as what they keep is to be cleaned."""

from reaper.sandbox.gce.services import assets as assets
from reaper.sandbox.gce.services import clusters as clusters
from reaper.sandbox.gce.services import identities as identities
from reaper.sandbox.gce.services import keys as keys
from reaper.sandbox.gce.services import messages as messages
from reaper.sandbox.gce.services import objects as objects
from reaper.sandbox.gce.services import projects as projects
from reaper.sandbox.gce.services import secrets as secrets
from reaper.sandbox.gce.services.calls import Call as Call
from reaper.sandbox.gce.services.calls import Method as Method

METHODS: tuple[Method, ...] = (
    *projects.METHODS,
    *objects.METHODS,
    *keys.METHODS,
    *clusters.METHODS,
    *identities.METHODS,
    *messages.METHODS,
    *secrets.METHODS,
    *assets.METHODS,
)
