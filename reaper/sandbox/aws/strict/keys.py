"""KMS: a key is only ever scheduled for deletion, and refuses use from then on."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import ValidationException
from moto.kms.models import KmsBackend

from reaper.sandbox.aws.patching import Rules

RULES = Rules()

_PENDING = "PendingDeletion"
_WINDOW_DAYS = range(7, 31)


@RULES.around(KmsBackend, "schedule_key_deletion")
def a_key_is_pending_for_seven_to_thirty_days(
    original: Any, backend: Any, key_id: str, pending_window_in_days: int
) -> Any:
    if pending_window_in_days not in _WINDOW_DAYS:
        raise ValidationException(
            f"1 validation error detected: Value '{pending_window_in_days}' at"
            " 'pendingWindowInDays' failed to satisfy constraint: Member must have value between"
            " 7 and 30"
        )
    _refuse_pending(backend, key_id)
    return original(backend, backend.any_id_to_key_id(key_id), pending_window_in_days)


@RULES.around(
    KmsBackend,
    "create_grant",
    "disable_key",
    "enable_key",
    "encrypt",
    "generate_data_key",
    "generate_mac",
    "sign",
    "tag_resource",
    "untag_resource",
    "update_key_description",
)
def a_pending_key_refuses_use(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Any:
    named = kwargs.get("key_id") or (args[0] if args else "")
    _refuse_pending(backend, named)
    return original(backend, *args, **kwargs)


def _refuse_pending(backend: Any, named: str) -> None:
    key = backend.keys.get(backend.any_id_to_key_id(named))
    if key is not None and key.key_state == _PENDING:
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
