"""What the caller may do, by the call of Google's that tells it and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reaper.providers.gce.answers import CALL_ERRORS, explain
from reaper.providers.gce.api import Api
from reaper.providers.protocol import Allowance, Held

_PER_CALL = 100
_MISSING = "the caller's roles in the project do not have it"


def ask(api: Api, permissions: Iterable[str]) -> list[Allowance]:
    """Ask Resource Manager which of these the caller has in the project."""
    wanted = sorted(permissions)
    found: list[Allowance] = []
    for at in range(0, len(wanted), _PER_CALL):
        found += _ask(api, wanted[at : at + _PER_CALL])
    return found


def _ask(api: Api, permissions: Sequence[str]) -> list[Allowance]:
    path = f"/v3/projects/{api.project}:testIamPermissions"
    try:
        told = api.connection.read(
            "cloudresourcemanager", path, body={"permissions": list(permissions)}
        )
    except CALL_ERRORS as error:
        return [
            Allowance(action=each, held=Held.UNKNOWN, reason=explain(error)) for each in permissions
        ]
    held = set(told.get("permissions") or ())
    return [
        Allowance(action=each, held=Held.ALLOWED)
        if each in held
        else Allowance(action=each, held=Held.DENIED, reason=_MISSING)
        for each in permissions
    ]
