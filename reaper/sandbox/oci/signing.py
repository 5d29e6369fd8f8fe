"""The signature that each request bears: RSA over some headers, as OCI's services check it.

https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from reaper.sandbox.kernel.requests import Request
from reaper.sandbox.oci.dialect import Refused

_PARTS = re.compile(r'(\w+)="([^"]*)"')
_ALWAYS = frozenset({"(request-target)", "date", "host"})
_WITH_BODY = frozenset({"content-length", "content-type", "x-content-sha256"})
_OBJECT = re.compile(r"/n/[^/]+/b/[^/]+/[ou]/")
_BODIES = frozenset({"POST", "PUT", "PATCH"})


def check(request: Request, target: str, keys: Mapping[str, rsa.RSAPublicKey]) -> str:
    """Tell by whose key a request is signed.

    Args:
        request: As it came.
        target: Its path with its query, as they came.
        keys: Public keys by the ID that signatures name.

    Raises:
        Refused: It is not signed, not wholly, or by no key that is known.
    """
    parts: dict[str, Any] = dict(_PARTS.findall(request.headers.get("authorization", "")))
    if parts.get("algorithm") != "rsa-sha256" or "signature" not in parts:
        raise _refused("The required information to complete authentication was not provided.")
    signed = str(parts.get("headers", "")).split()
    wanted = _ALWAYS | (_WITH_BODY if _signs_body(request) else frozenset())
    if not wanted <= set(signed):
        raise _refused(f"The signature lacks {', '.join(sorted(wanted - set(signed)))}.")
    key = keys.get(str(parts.get("keyId")))
    if key is None:
        raise _refused("Failed to verify the HTTP(S) Signature: no such key.")
    if "x-content-sha256" in signed:
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        if digest != request.headers.get("x-content-sha256"):
            raise _refused("The digest is not that of the body.")
    lines = [
        f"{name}: {request.method.lower()} {target}"
        if name == "(request-target)"
        else f"{name}: {request.headers.get(name, '')}"
        for name in signed
    ]
    try:
        signature = base64.b64decode(str(parts["signature"]))
        key.verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error) as error:
        raise _refused("Failed to verify the HTTP(S) Signature") from error
    return str(parts["keyId"])


def _signs_body(request: Request) -> bool:
    """Whether the body must be signed too: not that of an object, which may be large."""
    is_object = request.method == "PUT" and _OBJECT.search(request.path) is not None
    return request.method in _BODIES and bool(request.body) and not is_object


def _refused(message: str) -> Refused:
    return Refused(401, "NotAuthenticated", message)
