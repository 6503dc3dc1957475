"""The published JSON Schema is what the code says, and refuses what is no message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError
from typer.testing import CliRunner

from alerts.commands import app
from tests.alerts.support import validate

PUBLISHED = Path(__file__).parents[2] / "docs" / "alert-webhook.schema.json"


def test_the_published_schema_is_what_the_command_prints() -> None:
    result = CliRunner().invoke(app, ["schema"])
    assert result.stdout_bytes == PUBLISHED.read_bytes()


def test_it_is_a_schema_and_takes_the_documented_message() -> None:
    Draft202012Validator.check_schema(json.loads(PUBLISHED.read_text()))
    validate(_example())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version": 1', b'"version": 2'),
        (b'"alert.opened"', b'"alert.exploded"'),
        (b'"alert": 17', b'"alert": "17"'),
        (b'"severity": "high",', b""),
        (b'"kind": "process"', b'"kind": "weather"'),
    ],
)
def test_it_refuses_what_is_none(old: bytes, new: bytes) -> None:
    assert old in _example()
    with pytest.raises(ValidationError):
        validate(_example().replace(old, new))


def _example() -> bytes:
    text = (PUBLISHED.parent / "alerts.md").read_bytes()
    return text.partition(b"```json\n")[2].partition(b"```")[0]
