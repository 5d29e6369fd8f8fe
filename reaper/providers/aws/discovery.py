"""Finds the account that the SDK's own credentials are of, for `reaper init`."""

from __future__ import annotations

import botocore.session
from botocore.config import Config

from reaper.providers.aws.answers import CALL_ERRORS

_PATIENCE_S = 5


def own_account() -> list[str]:
    """The account's number, if there are credentials and STS accepts them; else nothing."""
    session = botocore.session.Session()
    try:
        if session.get_credentials() is None:
            return []
        client = session.create_client(
            "sts",
            region_name=session.get_config_variable("region") or "us-east-1",
            config=Config(
                connect_timeout=_PATIENCE_S,
                read_timeout=_PATIENCE_S,
                retries={"total_max_attempts": 1},
            ),
        )
        return [str(client.get_caller_identity()["Account"])]
    except CALL_ERRORS:
        return []
