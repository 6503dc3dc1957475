from __future__ import annotations

import pytest

from simulator.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("3d", 259_200_000),
        ("12h", 43_200_000),
        ("1h30m", 5_400_000),
        ("0.5s", 500),
        ("0", 0),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize("text", ["", "3", "d", "3 days", "-1h", "1h, 2m", "3D"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration; write 3d, 12h"):
        parse_duration(text)
