"""Identity and tags: what a run writes on what it creates, and whose a resource is by them.

Nothing here imports an SDK, and clients import it first, so it stays small.
"""

from reaper.model.run_id import check_run_id, new_run_id, run_started, safe_prefix
from reaper.tags.claims import claim
from reaper.tags.journal import Journal
from reaper.tags.profiles import (
    BUILT_IN,
    NO_IDENTITY,
    ExpiryReader,
    KeepReader,
    Profile,
    Read,
    TagRules,
    marker_keys,
)
from reaper.tags.values import (
    DEFAULT_REALM,
    EXPIRES,
    IMAGE_RUN,
    KEEP,
    OWNER,
    REALM,
    RUN,
    decode_owner,
    encode_owner,
    image_tags,
    run_tags,
)

__all__ = [
    "BUILT_IN",
    "DEFAULT_REALM",
    "EXPIRES",
    "IMAGE_RUN",
    "KEEP",
    "NO_IDENTITY",
    "OWNER",
    "REALM",
    "RUN",
    "ExpiryReader",
    "Journal",
    "KeepReader",
    "Profile",
    "Read",
    "TagRules",
    "check_run_id",
    "claim",
    "decode_owner",
    "encode_owner",
    "image_tags",
    "marker_keys",
    "new_run_id",
    "run_started",
    "run_tags",
    "safe_prefix",
]
