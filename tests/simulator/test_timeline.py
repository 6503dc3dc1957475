from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from plant.model import Plant
from plant.tables import PACKML_STATES
from simulator.calendar import StopKind
from simulator.line import Line
from simulator.operation import Operation
from simulator.pace import BEGINNING_MS
from simulator.schedule import parse_schedule
from simulator.timeline import Span, Timeline
from simulator.wear import renewals_ms

NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS


@pytest.fixture(scope="module")
def line(pilot: Plant) -> Line:
    schedule = parse_schedule("vehicle:60h,storage:30h", pilot, 0)
    return Line(pilot, "l1", 1, Operation(stops=True, schedule=schedule))


def timeline(line: Line, name: str) -> Timeline:
    return next(t for m, t in line.timelines.items() if m.name == name)


def week(line: Line, name: str) -> list[Span]:
    return timeline(line, name).spans(NOW_MS, NOW_MS + WEEK_MS)


def test_a_machine_does_one_thing_at_a_time_and_says_why(line: Line) -> None:
    for machine, its in line.timelines.items():
        spans = its.spans(NOW_MS, NOW_MS + WEEK_MS)
        assert all(a.to_ms <= b.from_ms for a, b in itertools.pairwise(spans)), machine.name
        assert all(span.from_ms < span.to_ms and span.reason for span in spans)
        assert {span.state for span in spans} <= set(PACKML_STATES)


def test_spans_are_the_same_however_time_is_cut(pilot: Plant) -> None:
    whole, cut = (Line(pilot, "l1", 1, Operation(stops=True)) for _ in range(2))
    edges = np.random.default_rng(4).integers(NOW_MS, NOW_MS + WEEK_MS, 200)
    edges = np.sort(np.concatenate((edges, edges[::9] + 1000)))
    for name in ("l1-winder-01", "l1-coater-c-01", "l1-welder-01", "l1-tester-01"):
        pieces: list[Span] = []
        # From the end on, so that nothing is remembered of what comes before.
        for a, b in reversed(list(itertools.pairwise(edges.tolist()))):
            spans = timeline(cut, name).spans(a, b)
            pieces = [span for span in spans if span not in pieces] + pieces
        assert pieces == timeline(whole, name).spans(int(edges[0]), int(edges[-1])), name


def test_a_stop_of_the_line_goes_down_the_line_as_the_cells_do(line: Line) -> None:
    calendar = line.pace.calendar
    assert calendar is not None
    since_ms = NOW_MS - BEGINNING_MS
    stops = calendar.stops(since_ms, since_ms + 24 * HOUR_MS)
    broken = [s for s in stops if s.kind is StopKind.BREAKDOWN]
    assert len(broken) > 10
    for name, delay_ms in (("l1-winder-01", 0), ("l1-filler-01", 300_000)):
        for stop in broken:
            at = BEGINNING_MS + delay_ms + stop.from_ms
            span = next(s for s in timeline(line, name).spans(at, at + 1) if s.from_ms <= at)
            assert span.to_ms - at >= stop.to_ms - stop.from_ms
            # Winders tell what is wrong, fillers that nothing comes.
            assert (span.state == "Suspended") == (delay_ms > 0)
            assert span.reason.startswith("no cells: ") == (delay_ms > 0)


def test_planned_stops_empty_and_start_the_line(line: Line) -> None:
    spans = [s for s in week(line, "l1-winder-01") if s.state in {"Stopped", "Starting"}]
    reasons = Counter(span.reason for span in spans)
    assert reasons["planned maintenance"] == 2
    assert reasons["changeover to storage"] in {2, 4}
    for stopped, starting in zip(spans[::2], spans[1::2], strict=True):
        assert (stopped.state, starting.state) == ("Stopped", "Starting")
        assert stopped.to_ms == starting.from_ms
        assert starting.to_ms - starting.from_ms == 180_000


def test_the_coater_changes_recipe_two_days_before_the_winders(line: Line) -> None:
    def changes(name: str) -> set[int]:
        spans = timeline(line, name).spans(NOW_MS, NOW_MS + 3 * WEEK_MS)
        return {span.from_ms for span in spans if span.state == "Completing"}

    wound, coated = changes("l1-winder-01"), changes("l1-coater-c-01")
    both = {at - 48 * HOUR_MS for at in wound} & coated
    assert len(both) > 5
    assert len(both) >= len(coated) - 2


def test_breakdowns_of_the_line_do_not_stop_what_comes_before_the_winders(line: Line) -> None:
    reasons = {span.reason for span in week(line, "l1-coater-c-01")}
    assert {"new roll", "die lip cleaned", "planned maintenance"} <= reasons
    assert not reasons & {"emergency stop", "safety door open"}


def test_rooms_and_trays_never_stand(line: Line) -> None:
    assert week(line, "l1-zone-01") == week(line, "l1-tray-001") == []
    assert {span.state for span in week(line, "l1-tester-01")} == {"Suspended", "Held"}


def test_a_tip_is_dressed_when_it_has_made_its_welds(line: Line) -> None:
    dressed = [s for s in week(line, "l1-welder-01") if s.reason == "tip dressing"]
    place = line.places["welding"]
    due = renewals_ms(place, 0, line.pace, NOW_MS, NOW_MS + WEEK_MS)
    assert 0.75 * len(due) < len(dressed) <= len(due)  # the others in a stop of the line
    assert {span.to_ms for span in dressed} <= set(due)


def test_reels_are_changed_between_strips(line: Line) -> None:
    reels = [s for s in week(line, "l1-winder-01") if s.reason == "new reel"]
    # 3,000 m of cathode, 0.790 m a cell, and 0.845 m of anode.
    made = line.pace.between(NOW_MS, NOW_MS + WEEK_MS)
    assert len(reels) == pytest.approx(len(made) / 3_797 + len(made) / 3_550, rel=0.15)


def test_machines_are_held_by_themselves_for_moments_only(line: Line) -> None:
    own = [
        span
        for name in ("l1-filler-01", "l1-tester-01")
        for span in week(line, name)
        if span.state == "Held"
    ]
    lengths = np.array([span.to_ms - span.from_ms for span in own])
    assert len(own) > 40
    assert (lengths.min() >= 20_000, lengths.max() <= 150_000) == (True, True)


def test_without_stops_a_line_only_changes_over(pilot: Plant) -> None:
    schedule = parse_schedule("vehicle:60h,storage:30h", pilot, 0)
    quiet = Line(pilot, "l1", 1, Operation(schedule=schedule))
    assert {s.state for s in week(quiet, "l1-winder-01")} == {"Completing", "Stopped", "Starting"}
    smooth = Line(pilot, "l1", 1)
    assert all(not t.spans(NOW_MS, NOW_MS + WEEK_MS) for t in smooth.timelines.values())
