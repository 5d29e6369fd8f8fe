"""How a rule of the sandbox refuses a caller, for the gateway to say in the caller's dialect."""

from __future__ import annotations


class Denied(Exception):
    """No policy allows the call; its text is AWS's sentence."""
