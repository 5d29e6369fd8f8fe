"""The configuration as a JSON schema, for editors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from reaper.config.settings import Config
from reaper.durations import format_duration


def json_schema() -> dict[str, Any]:
    """Describe the configuration as a JSON schema."""
    return Config.model_json_schema(schema_generator=_OurDurations)


class _OurDurations(GenerateJsonSchema):
    """Writes default durations as people write them: pydantic would write ISO 8601's PT15M."""

    def encode_default(self, dft: Any) -> Any:
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)
