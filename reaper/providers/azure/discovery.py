"""Finds the subscriptions that the credentials here can see, for `reaper init`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from reaper.providers.discovery import Discovery, FoundPlace

_NONE = (
    "Azure has no credentials here: `az login`, or AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret "
    "or token, gives some"
)
_ENVIRONMENT = "AZURE_SUBSCRIPTION_ID"


def own_subscriptions() -> Discovery:
    """What `az login` left in its profile, or the environment names; else why there is none.

    Nobody is asked: the list is a file, and the metadata service would let one wait elsewhere.
    """
    named = os.environ.get(_ENVIRONMENT)
    if named:
        found = FoundPlace(
            place={"subscription": named.lower()}, address=named, about=f"as {_ENVIRONMENT} says"
        )
        return Discovery(places=(found,))
    folder = os.environ.get("AZURE_CONFIG_DIR")
    path = (Path(folder) if folder else Path.home() / ".azure") / "azureProfile.json"
    if not path.is_file():
        return Discovery(notes=(_NONE,))
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        places = tuple(
            FoundPlace(
                place={"subscription": str(each["id"]).lower(), "tenant": each["tenantId"]},
                address=str(each["id"]),
                about=f"{each.get('name')}, as {each.get('user', {}).get('name')}",
            )
            for each in told["subscriptions"]
            if each.get("state") == "Enabled" and each.get("isDefault")
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Discovery(notes=(f"{path} cannot be read: {error}",))
    return Discovery(places=places, notes=() if places else (_NONE,))
