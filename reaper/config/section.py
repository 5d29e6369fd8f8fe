"""What all parts of the configuration have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True
    )


def filled(value: Any) -> Any:
    """Read a section that is written without any key as one with its defaults."""
    return {} if value is None else value
