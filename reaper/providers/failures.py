"""How a call to any cloud fails without being refused."""

from __future__ import annotations


class Unanswered(Exception):
    """No answer came that can be read.

    Attributes:
        sent: The call may have been carried out; false where it was never sent.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Incomplete(Exception):
    """A list told that it is not whole: what is missing in it may be there."""
