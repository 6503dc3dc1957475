from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.calendar import Calendar, LineStop, StopKind

HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
#: About November 2026, in time since the beginning of the line.
NOW_MS = 217_000_000_000


def calendar(seed: int = 1, number: int = 1, *, breaks: bool = True) -> Calendar:
    changes = list(range(0, 8 * 366 * 24 * HOUR_MS, 84 * HOUR_MS))[1:]
    return Calendar(seed, f"l{number}", number, changes, 45 * 60_000, breaks=breaks)


@given(
    seed=st.integers(0, 9),
    breaks=st.booleans(),
    running=st.lists(st.integers(0, 190_000_000_000), min_size=1, max_size=50),
)
def test_the_line_has_run_for_as_long_as_it_says_when_it_says(
    seed: int, *, breaks: bool, running: list[int]
) -> None:
    kept = calendar(seed, breaks=breaks)
    times = np.array(sorted(running), dtype=np.int64)
    wall = kept.wall_ms(times)
    assert np.array_equal(kept.running_ms(wall), times)
    assert (kept.running_ms(wall - 1) <= times).all()
    assert (np.diff(wall) >= np.diff(times)).all()


def test_nothing_is_wound_in_a_stop_and_everything_between_them() -> None:
    kept = calendar()
    stops = kept.stops(NOW_MS, NOW_MS + WEEK_MS)
    assert {stop.kind for stop in stops} == set(StopKind)
    assert all(a.to_ms <= b.from_ms for a, b in itertools.pairwise(stops))
    second = np.arange(NOW_MS, NOW_MS + WEEK_MS, 1000, dtype=np.int64)
    ran = np.diff(kept.running_ms(second))
    stood = np.zeros(len(second) - 1, dtype=np.int64)
    for stop in stops:
        stood += np.clip(
            np.minimum(second[1:], stop.to_ms) - np.maximum(second[:-1], stop.from_ms), 0, None
        )
    assert np.array_equal(ran, 1000 - stood)


def test_a_line_runs_for_88_percent_of_the_time_that_is_planned_for_it() -> None:
    kept = Calendar(3, "l1", 1)
    day_ms = 24 * HOUR_MS
    weeks = np.diff(kept.running_ms(NOW_MS + np.arange(20, dtype=np.int64) * WEEK_MS))
    assert weeks / (WEEK_MS - 4 * HOUR_MS) == pytest.approx(0.8854, abs=0.003)
    days = np.diff(kept.running_ms(NOW_MS + np.arange(140, dtype=np.int64) * day_ms)) / day_ms
    # Eight hours between planned stops have the same stops in all, so no day is far from another.
    assert (np.median(days), days.max()) == pytest.approx((0.885, 0.885), abs=0.05)


def test_breakdowns_differ_in_length_and_come_at_any_time_of_the_shift() -> None:
    stops = Calendar(3, "l1", 1).stops(NOW_MS, NOW_MS + 8 * WEEK_MS)
    lengths = np.array([s.to_ms - s.from_ms for s in stops if s.kind is StopKind.BREAKDOWN])
    assert len(lengths) / 8 == pytest.approx(6 * 3 * 7, rel=0.05)
    assert np.median(lengths) == pytest.approx(7.5 * 60_000, rel=0.2)
    assert lengths.std() > 0.6 * lengths.mean()
    hours = np.bincount([s.from_ms // HOUR_MS % 24 for s in stops], minlength=24)
    assert hours.min() > 0.4 * hours.mean()


@given(edges=st.lists(st.integers(NOW_MS, NOW_MS + WEEK_MS), min_size=2, max_size=12, unique=True))
def test_stops_are_the_same_however_time_is_cut(edges: list[int]) -> None:
    whole = calendar().stops(min(edges), max(edges))
    pieces: list[LineStop] = []
    for a, b in itertools.pairwise(sorted(edges)):
        pieces += [stop for stop in calendar().stops(a, b) if stop not in pieces]
    assert pieces == whole


def test_two_lines_do_not_have_maintenance_at_once() -> None:
    starts = {
        stop.from_ms % WEEK_MS
        for number in range(1, 8)
        for stop in Calendar(1, f"l{number}", number).stops(NOW_MS, NOW_MS + WEEK_MS)
        if stop.kind is StopKind.MAINTENANCE
    }
    assert len(starts) == 7


def test_a_changeover_that_meets_the_maintenance_follows_it() -> None:
    week = 12 * HOUR_MS
    kept = Calendar(1, "l1", 1, [week + HOUR_MS, week + 3 * HOUR_MS], 2 * HOUR_MS, breaks=True)
    planned = [s for s in kept.stops(0, 24 * HOUR_MS) if s.kind is not StopKind.BREAKDOWN]
    assert [(s.kind, s.from_ms, s.to_ms) for s in planned] == [
        (StopKind.MAINTENANCE, week, week + 4 * HOUR_MS),
        (StopKind.CHANGEOVER, week + 4 * HOUR_MS, week + 5 * HOUR_MS),
    ]


@given(running=st.integers(0, 3 * WEEK_MS), since=st.integers(0, NOW_MS))
def test_the_longest_time_is_enough_wherever_it_begins(running: int, since: int) -> None:
    kept = calendar()
    edges = np.array([since, since + kept.longest_ms(running)])
    assert np.diff(kept.running_ms(edges))[0] >= running
