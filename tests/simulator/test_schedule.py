from __future__ import annotations

import numpy as np
import pytest

from plant.model import Plant
from simulator.pace import BEGINNING_MS
from simulator.schedule import Making, ScheduleError, parse_schedule

HOUR_MS = 3_600_000


def test_recipes_come_in_turns_from_the_beginning(pilot: Plant) -> None:
    schedule = parse_schedule("vehicle:5d,storage:2d", pilot, 0)
    days = BEGINNING_MS + np.arange(0, 14 * 24, 12) * HOUR_MS
    names = [schedule.names[at] for at in schedule.at(days).tolist()]
    assert names == (["vehicle"] * 10 + ["storage"] * 4) * 2
    assert schedule.changes_ms()[:3] == [d * 24 * HOUR_MS for d in (5, 7, 12)]


def test_a_recipe_that_follows_itself_needs_no_changeover(pilot: Plant) -> None:
    assert parse_schedule("storage:2d", pilot, 0).changes_ms() == []
    twice = parse_schedule("vehicle:2d,vehicle:1d,storage:1d", pilot, 0)
    assert twice.changes_ms()[:3] == [d * 24 * HOUR_MS for d in (3, 4, 7)]


def test_cells_come_in_pieces_of_one_recipe(pilot: Plant) -> None:
    making = Making.of(pilot, parse_schedule("vehicle:5h,storage:2h", pilot, 0))
    numbers = np.arange(100, dtype=np.int64)
    pieces = list(making.pieces(numbers, BEGINNING_MS + numbers * HOUR_MS))
    assert np.array_equal(np.concatenate([piece for _, piece in pieces]), numbers)
    assert [making.names[r] for r, _ in pieces[:3]] == ["vehicle", "storage", "vehicle"]
    assert [len(piece) for _, piece in pieces[:3]] == [5, 2, 5]
    assert making.name_at(BEGINNING_MS + 6 * HOUR_MS) == "storage"
    assert making.plants[1].signal("l1-filler-01", "fill_mass").nominal == 6.05


def test_without_a_schedule_it_is_the_first_recipe_always(pilot: Plant, small: Plant) -> None:
    assert Making.of(pilot, None).name_at(BEGINNING_MS) == "vehicle"
    assert Making.of(small, None).name_at(BEGINNING_MS) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vehicle", "must look like vehicle:5d,storage:2d"),
        ("boat:5d", "'boat' is not known; the plant file has vehicle, storage"),
        ("vehicle:soon", "'soon' is no duration"),
        ("vehicle:5d,storage:1h", "1h of storage is too short"),
    ],
)
def test_what_is_no_schedule_is_refused(pilot: Plant, text: str, expected: str) -> None:
    with pytest.raises(ScheduleError, match=expected):
        parse_schedule(text, pilot, 45 * 60_000)


def test_a_plant_without_recipes_has_no_schedule(small: Plant) -> None:
    with pytest.raises(ScheduleError, match="the plant file has no recipes"):
        parse_schedule("vehicle:5d", small, 0)
