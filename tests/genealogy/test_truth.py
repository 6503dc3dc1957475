"""Traces against the simulator's truth: the cells that a fault touched, found by the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bench.scenario_feed import HOUR_MS, feed, windows
from bench.scenario_truth import done_by
from genealogy import mounts
from genealogy.affected import Choice, cells_of
from genealogy.checks import catch_up, flags_of
from plant.model import Plant
from simulator.faults import parse_fault
from simulator.line import Line
from simulator.noise import Ints
from simulator.origin import Origin
from simulator.pace import Pace
from simulator.results import Results
from storage.connect import Connection, connect

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
BEGIN_MS = int(BEGIN.timestamp() * 1000)
SEED = 11


class Story:
    """A line of which one thing went wrong, as its database tells it, and what really happened."""

    def __init__(self, connection: Connection, plant: Plant, fault: str, hours: int) -> None:
        self.connection, self.plant = connection, plant
        line = Line(plant, "l1", SEED)
        wrong = parse_fault(fault, plant).started(BEGIN_MS)
        end_ms = BEGIN_MS + hours * HOUR_MS
        for window in windows(BEGIN_MS, end_ms, 6 * HOUR_MS, HOUR_MS, wrong, is_first=True):
            feed(connection, plant, line, window)
        # Material is touched days before it is wound; of cells of before the run nothing is told.
        done = done_by(plant, line, wrong, BEGIN_MS - 100 * HOUR_MS, end_ms)
        told = connection.execute(
            "SELECT child FROM material.genealogy WHERE equipment = 'l1-winder-01'"
        )
        self.touched = done.cells & {cell for (cell,) in told}
        mounts.catch_up(connection)
        catch_up(connection, plant)

    def traced(self, choice: Choice) -> set[str]:
        return set(cells_of(self.connection, self.plant, choice))

    def flags(self) -> list[str]:
        return [flag.kind for flag in flags_of(self.connection, None, 10_000)]


Tell = Callable[[str, int], Story]


@pytest.fixture
def tell(
    new_database: Callable[[str], AbstractContextManager[str]], pilot_template: str, pilot: Plant
) -> Iterator[Tell]:
    with (
        new_database(pilot_template) as dsn,
        connect(dsn, application="test", autocommit=True) as connection,
    ):
        yield lambda fault, hours: Story(connection, pilot, fault, hours)


def test_a_nozzle_that_doses_short_has_touched_the_cells_that_its_channel_traces_to(
    tell: Tell,
) -> None:
    story = tell("F12:nozzle=3@+2h..+5h", 6)
    nozzle = Choice(
        equipment="l1-filler-01",
        position=3,
        since=BEGIN + timedelta(hours=2),
        until=BEGIN + timedelta(hours=5),
    )
    assert len(story.touched) > 400
    assert story.traced(nozzle) == story.touched
    assert story.flags() == []


@pytest.fixture(scope="module")
def origin(pilot: Plant) -> Origin:
    """Where the cathodes of the pilot line come from."""
    return Origin(pilot, "l1", Pace.of(pilot.production.cells_per_second), "c")


def wound_at(pilot: Plant, hours: int) -> Ints:
    """The cell that is wound so long after the beginning."""
    pace = Pace.of(pilot.production.cells_per_second)
    return np.array([pace.first_from(BEGIN_MS + hours * HOUR_MS)])


def test_a_dryer_that_leaks_has_touched_the_cells_of_the_strips_that_were_in_it(
    tell: Tell, pilot: Plant, origin: Origin
) -> None:
    """A leak at the end of a batch, as its pressure shows."""
    (dryer,) = pilot.equipment_at("l1", "vacuum_drying")[:1]
    end_ms = int(origin.dried(wound_at(pilot, 3), dryer)[1][0])
    before_min = (BEGIN_MS - end_ms) // 60_000
    story = tell(f"F11:dryer=1@-{before_min + 60}m..-{before_min - 1}m", 6)
    end = BEGIN - timedelta(milliseconds=BEGIN_MS - end_ms)
    leak = Choice(equipment=dryer.name, since=end - timedelta(hours=1), until=end)
    assert len(story.touched) > 1000
    assert story.traced(leak) == story.touched


def test_a_lane_that_drifts_for_a_whole_roll_has_touched_the_cells_of_its_strip(
    tell: Tell, pilot: Plant, origin: Origin
) -> None:
    cell = wound_at(pilot, 3)
    lane, roll = int(origin.lanes(cell)[0]), int(origin.rolls(cell)[0])
    story = tell(f"F01:lane={lane}@-75h..-40h", 6)
    assert len(story.touched) > 1000
    strip = Choice(thing=f"l1-c-roll-{roll:06d}-{lane}")
    assert story.traced(strip) == story.touched


def test_a_splice_that_nobody_recorded_is_flagged_on_the_cells_of_the_strip(
    tell: Tell,
) -> None:
    story = tell("F20:kind=splice,winder=1@+1h", 8)
    flagged = {
        flag.thing
        for flag in flags_of(story.connection, None, 10_000)
        if flag.kind == "metres beyond the end"
    }
    assert len(story.touched) > 1000
    assert flagged == story.touched


def test_a_tray_that_was_turned_is_flagged_at_its_place(tell: Tell, pilot: Plant) -> None:
    """The tray that is filled when the first cells of the run have been formed for an hour."""
    place = Results(pilot, "l1", SEED).places["formation"]
    pace = Pace.of(pilot.production.cells_per_second)
    first = pace.first_from(BEGIN_MS + 25 * HOUR_MS, place.delay_ms)
    tray = int(place.machine_of(np.array([first]))[0]) + 1
    story = tell(f"F20:kind=swap,tray={tray}@+24h..+26h", 27)
    name = place.machines[tray - 1].name
    flags = flags_of(story.connection, None, 10_000)
    assert {(flag.kind, flag.thing) for flag in flags} == {("tray turned", name)}
    assert len(story.touched) == 256
    begin = BEGIN + timedelta(hours=24)
    assert story.touched <= story.traced(Choice(equipment=name, since=begin))
