"""Converts kb's values to JSON-compatible ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from .answers.answer import Answer


def as_data(value: object) -> object:
    """Return one of kb's values as JSON-compatible data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        data = {field.name: as_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return data | ({"citations": as_data(value.citations)} if isinstance(value, Answer) else {})
    if isinstance(value, (list, tuple)):
        return [as_data(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): as_data(item) for key, item in value.items()}
    return str(value) if isinstance(value, Path) else value
