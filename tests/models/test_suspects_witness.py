"""Gauges and their witnesses: the arithmetic, and when suspects are looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from models.suspects_event import Event
from models.suspects_schedule import next_look
from models.suspects_witness import Testimony as Said
from models.suspects_witness import Verdict, contrast, relations, verdict
from plant.model import Plant

SINCE = datetime(2026, 9, 1, tzinfo=UTC)


def said(expected: float, seen: float, error: float, cells: int = 0) -> Said:
    return Said("witness", expected, seen, error, "g", cells)


@pytest.mark.parametrize(
    ("testimonies", "expected"),
    [
        ([], Verdict.UNKNOWN),
        ([said(0.25, 0.01, 0.01)], Verdict.GAUGE),
        ([said(-0.25, -0.01, 0.01)], Verdict.GAUGE),
        ([said(0.25, 0.24, 0.01)], Verdict.PROCESS),
        ([said(0.25, 0.40, 0.01)], Verdict.PROCESS),
        ([said(0.25, -0.20, 0.01)], Verdict.GAUGE),
        ([said(0.25, 0.125, 0.01)], Verdict.UNKNOWN),
        ([said(0.25, 0.0, 0.25)], Verdict.UNKNOWN),
        ([said(0.0, 0.1, 0.0)], Verdict.UNKNOWN),
        ([said(0.25, 0.0, np.inf)], Verdict.UNKNOWN),
        ([said(0.25, 0.0, 0.01), said(0.25, 0.25, 0.01)], Verdict.UNKNOWN),
        ([said(0.25, 0.0, 0.01), said(0.25, 0.25, 0.01, cells=400)], Verdict.PROCESS),
        ([said(0.25, 0.25, 0.01), said(0.25, 0.0, 0.3, cells=40)], Verdict.PROCESS),
    ],
)
def test_a_witness_that_should_have_moved_and_has_not_speaks_against_the_gauge(
    testimonies: list[Said], expected: Verdict
) -> None:
    assert verdict(testimonies) is expected


def test_the_error_of_a_contrast_holds_what_two_halves_differ_by_anyway() -> None:
    """White noise, and noise that wanders from block to block: |z| > 2 about once in twenty."""
    draw = np.random.default_rng(7)
    for wander in (0.0, 0.5):
        beyond = []
        for _ in range(400):
            slow = np.repeat(draw.normal(scale=wander, size=36), 20)
            values = draw.normal(size=720) + slow
            shift, error = contrast(values[480:], values[:480])
            beyond.append(abs(shift) > 2.0 * error)
        assert np.mean(beyond) < 0.12
    shift, _ = contrast(values[480:] + 3.0, np.append(values[:480], np.nan))
    assert shift == pytest.approx(3.0, abs=0.6)
    assert contrast(np.array([]), values) == (0.0, np.inf)


def test_the_plant_file_says_who_witnesses_what(pilot: Plant) -> None:
    of_coater = {
        (one.of, f"{one.by_station}.{one.by}", one.is_of_cells)
        for one in relations(pilot, "coating", "coater-c")
    }
    assert of_coater == {
        (("loading_a",), "coating.dry_thickness", False),
        (("loading_a", "loading_b"), "filling.mass_before", True),
    }
    thick = [one.per for one in relations(pilot, "coating", "coater-a")]
    assert thick[0] == pytest.approx(118 / 14.12, rel=1e-3)
    assert list(relations(pilot, "dry_room", "zone")) == []
    without = pilot.model_copy(update={"cell_quality": None})
    assert list(relations(without, "coating", "coater-c")) == []


def event(station: str, equipment: str, characteristic: str, **given: Any) -> Event:
    values: dict[str, Any] = {
        "id": 5, "event": 5, "line": "l1", "station": station, "equipment": equipment,
        "position": None, "characteristic": characteristic, "since": SINCE,
        "time": SINCE + timedelta(hours=1), "value": 1.0, "expected": 0.0, "sd": 1.0, "unit": "1",
        "recipe": "", "contributions": [], **given,
    }  # fmt: skip
    return Event(**values)


def looks(plant: Plant, one: Event, *, is_ended: bool = False) -> list[float]:
    """Hours after the onset at which suspects are looked at again."""
    found, after = [], one.time
    while (at := next_look(plant, one, after, is_ended=is_ended)) is not None:
        found.append((at - SINCE) / timedelta(hours=1))
        after = at
    return found


def test_an_alarm_of_a_result_is_looked_at_when_it_has_lasted_twice_as_long(pilot: Plant) -> None:
    weld = event("welding", "l1-welder-01", "tab_resistance")
    assert looks(pilot, weld) == [2, 3, 5, 9, 17, 33]
    assert looks(pilot, weld, is_ended=True) == []
    assert looks(pilot, weld._replace(id=6)) == [], "the first of the event stands for all"
    dose = event("filling", "l1-filler-01", "fill_mass")
    way = (pilot.stations["end_of_line"].delay_s - pilot.stations["filling"].delay_s) / 3600
    assert looks(pilot, dose, is_ended=True) == [pytest.approx(2 + way)]


def test_a_machine_is_looked_at_again_while_the_cells_of_its_metres_may_come(pilot: Plant) -> None:
    part = {"signal": "loading_b[3]", "share": 0.5}
    gauge = event("coating", "l1-coater-c-01", "multivariate", contributions=[part])
    assert looks(pilot, gauge, is_ended=True) == [1 + 6 * turn for turn in range(1, 29)]
    speed = gauge._replace(contributions=[{"signal": "web_speed", "share": 0.5}])
    assert looks(pilot, speed) == []
    assert looks(pilot, gauge._replace(characteristic="stuck:loading_b")) == []
