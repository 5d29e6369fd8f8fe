"""What the caller may do, by the list of its permissions that Azure gives, changing nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reaper.providers.azure.answers import CALL_ERRORS, explain
from reaper.providers.azure.api import ROLES, Api
from reaper.providers.protocol import Allowance, Held

_MISSING = "the caller's roles in the subscription do not have it"
_REMEDY = "let the role have Microsoft.Authorization/permissions/read"


def ask(api: Api, actions: Iterable[str]) -> list[Allowance]:
    """Ask Azure which of these the caller may do in the subscription."""
    wanted = sorted(actions)
    path = f"{api.base}/providers/Microsoft.Authorization/permissions"
    try:
        roles = list(api.listed(path, ROLES))
    except CALL_ERRORS as error:
        why = explain(error)
        return [
            Allowance(action=each, held=Held.UNKNOWN, reason=why, remedy=_REMEDY) for each in wanted
        ]
    return [
        Allowance(action=each, held=Held.ALLOWED)
        if any(_allows(role, each) for role in roles)
        else Allowance(action=each, held=Held.DENIED, reason=_MISSING)
        for each in wanted
    ]


def _allows(role: Mapping[str, Any], action: str) -> bool:
    """Whether a role's actions have it and its exceptions do not; `*` stands for anything."""
    return _has(role.get("actions") or (), action) and not _has(
        role.get("notActions") or (), action
    )


def _has(patterns: Sequence[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), each.lower()) for each in patterns)
