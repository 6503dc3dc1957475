"""Traces against the simulator's truth: the cells that a fault touched, found by the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bench.scenario_feed import HOUR_MS, feed, windows
from bench.scenario_truth import Done, done_by
from genealogy.affected import Choice, cells_of
from genealogy.checks import catch_up, flags_of
from plant.model import Plant
from simulator.faults import parse_fault
from simulator.line import Line
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
        self.done: Done = done_by(line, wrong, BEGIN_MS, end_ms)
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
    assert len(story.done.cells) > 400
    assert story.traced(nozzle) == story.done.cells
    assert story.flags() == []


def test_a_splice_that_nobody_recorded_is_flagged_on_the_cells_of_the_strip(
    tell: Tell,
) -> None:
    story = tell("F20:kind=splice,winder=1@+1h", 8)
    flagged = {
        flag.thing
        for flag in flags_of(story.connection, None, 10_000)
        if flag.kind == "metres beyond the end"
    }
    assert len(story.done.cells) > 1000
    assert flagged == story.done.cells


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
    assert len(story.done.cells) == 256
    begin = BEGIN + timedelta(hours=24)
    assert story.done.cells <= story.traced(Choice(equipment=name, since=begin))
