from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from plant.model import Plant
from simulator.faults import parse_fault
from simulator.line import Line
from simulator.message import Message
from simulator.pace import Pace
from simulator.run import Phase, Plan, PlanError, Progress, Run

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
Read = Callable[[Iterable[Message]], Rows]

HOUR_MS = 3_600_000


class SteppedClock:
    """Time that passes only where something takes it: *reading_ms* for each look at it."""

    def __init__(self, time_ms: int, reading_ms: int = 0) -> None:
        self.time_ms = time_ms
        self._reading_ms = reading_ms

    def now_ms(self) -> int:
        self.time_ms += self._reading_ms
        return self.time_ms

    def wait(self, seconds: float) -> None:
        # Never quite what was asked for, as on a real machine.
        self.time_ms += round(seconds * 1000) + 37


def run(plant: Plant, plan: Plan, clock: SteppedClock) -> tuple[list[Message], list[Progress]]:
    sent: list[Message] = []
    told: list[Progress] = []

    def send(message: Message) -> bool:
        sent.append(message)
        return True

    told.append(Run([Line(plant, "l1", 5)], plan, clock, send, lambda _: None).go())
    return sent, told


def test_history_and_live_meet_without_a_gap_or_an_overlap(
    small: Plant, now_ms: int, read: Read
) -> None:
    # The clock moves on with each look at it, so history has to catch up several times.
    clock = SteppedClock(now_ms - 600_000, reading_ms=700)
    plan = Plan(history_ms=HOUR_MS, thinned_ms=60_000, duration_ms=30_000)
    sent, told = run(small, plan, clock)
    progress = told[-1]
    rows = read(sent)  # fails where a key comes twice
    pace = Pace.of(1.0)
    for name, station in small.stations.items():
        if not station.results:
            continue
        delay_ms = round(station.delay_s * 1000)
        expected = pace.between(progress.from_ms, progress.until_ms + 30_000, delay_ms)
        times = sorted(row["time"] // 1000 for row in rows[f"cell.{name}"].values())
        assert times == pace.times_ms(expected, delay_ms).tolist()
    keys = rows["telemetry.filling"]
    vacuum = sorted(int(t) // 1000 for m, t in keys if m == "l1-filler-01")
    before = [t for t in vacuum if t < progress.until_ms]
    after = [t for t in vacuum if t >= progress.until_ms]
    assert {b - a for a, b in itertools.pairwise(before)} == {60_000}
    assert {b - a for a, b in itertools.pairwise(after)} == {100}
    assert len(after) == 300


def test_history_ends_where_the_clock_is_when_it_has_caught_up(small: Plant, now_ms: int) -> None:
    clock = SteppedClock(now_ms - 600_000, reading_ms=400)
    plan = Plan(history_ms=HOUR_MS, thinned_ms=60_000, until_live=True)
    _, told = run(small, plan, clock)
    assert told[-1].phase is Phase.DONE
    assert told[-1].from_ms == now_ms - 600_000 + 400 - HOUR_MS
    assert 0 <= clock.time_ms - told[-1].time_ms <= 1_500


def test_without_a_history_live_begins_now(small: Plant, now_ms: int) -> None:
    sent, told = run(small, Plan(0, 60_000, duration_ms=2_000), SteppedClock(now_ms - 60_000))
    assert (told[-1].from_ms, told[-1].time_ms) == (now_ms - 60_000, now_ms - 58_000)
    assert {m.table.schema for m in sent} >= {"telemetry", "cell", "machine", "material"}


def test_a_fast_run_ends_at_the_present_and_never_runs_ahead_of_it(
    small: Plant, now_ms: int
) -> None:
    clock = SteppedClock(now_ms - 600_000)
    _, told = run(small, Plan(HOUR_MS, 60_000, speed=60, duration_ms=600_000), clock)
    assert told[-1].time_ms - told[-1].until_ms == 600_000
    assert 0 <= clock.time_ms - told[-1].time_ms < 1_500


def test_a_fast_run_without_an_end_is_refused() -> None:
    with pytest.raises(PlanError, match="--speed 10 needs --duration"):
        Plan(0, 60_000, speed=10)


def test_a_fault_starts_with_live_or_so_long_after(small: Plant, now_ms: int, read: Read) -> None:
    faults = (parse_fault("F12:nozzle=2", small), parse_fault("F12:nozzle=3@+30s", small))
    plan = Plan(HOUR_MS, 60_000, duration_ms=60_000, faults=faults)
    sent, told = run(small, plan, SteppedClock(now_ms - 600_000))
    live_from_ms = told[-1].until_ms
    assert [f.on_ms for f in told[-1].faults] == [live_from_ms, live_from_ms + 30_000]
    rows = read(sent)["cell.filling"].values()
    short = {(r["equipment"], r["position"], r["time"]) for r in rows if r["fill_mass"] < 6.2}
    expected = {
        (r["equipment"], r["position"], r["time"])
        for r in rows
        for nozzle, on_ms in ((2, live_from_ms), (3, live_from_ms + 30_000))
        if r["equipment"] == "l1-filler-01"
        and r["position"] == nozzle
        and r["time"] >= on_ms * 1000
    }
    assert short == expected
    assert len(short) > 8


def test_a_fault_may_come_in_the_history_and_go_in_live(
    small: Plant, now_ms: int, read: Read
) -> None:
    faults = (parse_fault("F12:nozzle=2@-30m..+20s", small),)
    plan = Plan(HOUR_MS, 60_000, duration_ms=60_000, faults=faults)
    sent, told = run(small, plan, SteppedClock(now_ms - 600_000))
    fault = told[-1].faults[0]
    # Live begins where history has caught up, which is where it was planned to be but for moments.
    assert fault.on_ms == now_ms - 600_000 - HOUR_MS // 2
    assert fault.off_ms == now_ms - 600_000 + 20_000
    rows = read(sent)["cell.filling"].values()
    times = sorted(int(r["time"]) // 1000 for r in rows if r["fill_mass"] < 6.2)
    assert fault.on_ms <= times[0] < fault.on_ms + 8_000
    assert fault.off_ms - 8_000 <= times[-1] < fault.off_ms
    assert len(times) == pytest.approx((30 * 60 + 20) / 8, abs=1)


def test_a_run_counts_what_it_has_sent_and_no_more(small: Plant, now_ms: int) -> None:
    sent: list[Message] = []

    def send(message: Message) -> bool:
        if len(sent) == 50:
            return False
        sent.append(message)
        return True

    clock = SteppedClock(now_ms - 600_000)
    plan = Plan(HOUR_MS, 60_000)
    progress = Run([Line(small, "l1", 5)], plan, clock, send, lambda _: None).go()
    assert progress.phase is Phase.DONE
    assert progress.messages == len(sent) == 50
    assert progress.rows == sum(m.rows for m in sent) == sum(progress.tables.values())
    assert progress.values == sum(m.values for m in sent)
