from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from plant.frames import merge
from plant.model import Plant
from plant.payload import PayloadDecoder
from simulator.formation import without_curves
from simulator.line import Line
from simulator.message import Message, Window

Read = Callable[[Iterable[Message]], dict[str, dict[tuple[Any, ...], dict[str, Any]]]]

MINUTE_MS = 60_000


def telemetry(line: Line, window: Window) -> list[Message]:
    return [message for machine in line._machines for message in machine.messages(window)]


def test_each_signal_comes_at_its_own_rate(small: Plant, now_ms: int, read: Read) -> None:
    start = now_ms - 10 * MINUTE_MS
    messages = telemetry(Line(small, "l1", 1), Window(start, start + 100_000))
    rows = list(read(messages)["telemetry.filling"].values())
    filler = [row for row in rows if row["equipment"] == "l1-filler-01"]
    assert len(filler) == 1_000
    counts = {name: sum(known(row, name) for row in filler) for name in small_signals(small)}
    assert counts == {"vacuum": 1_000, "dose_flow": 100, "water": 1}
    assert sorted({row["time"] for row in filler})[1] % 100_000 == 0


def known(row: dict[str, Any], name: str) -> bool:
    return name in row and not np.isnan(row[name]).any()


def small_signals(small: Plant) -> Iterable[str]:
    return small.stations["filling"].signals


def test_a_machine_sends_one_message_a_second_with_the_samples_that_are_due(
    small: Plant, now_ms: int
) -> None:
    line = Line(small, "l1", 1)
    sent: dict[str, int] = defaultdict(int)
    for second in range(20):
        start = now_ms - 60_000 + second * 1000
        for message in telemetry(line, Window(start, start + 1000)):
            sent[message.topic.split("/")[5]] += 1
    assert sent["l1-filler-01"] == sent["l1-winder-03"] == 20
    assert {count for name, count in sent.items() if "tray" in name} == {2}


def test_the_trays_are_spread_over_the_ten_seconds(small: Plant, now_ms: int) -> None:
    line = Line(small, "l1", 1)
    trays = [
        sum("-tray-" in m.topic for m in telemetry(line, Window(at, at + 1000)))
        for at in range(now_ms - 10_000, now_ms, 1000)
    ]
    assert trays == [2] * 10


def test_a_thinned_history_has_a_row_a_minute_and_of_wide_trays_fewer(
    pilot: Plant, now_ms: int
) -> None:
    line = Line(pilot, "l1", 1)
    rows: dict[str, int] = defaultdict(int)
    for message in telemetry(line, Window(now_ms - 6 * 60 * MINUTE_MS, now_ms, MINUTE_MS)):
        rows[message.topic.split("/")[5]] += message.rows
    assert rows["l1-filler-01"] == 360
    assert rows["l1-tray-001"] == 15  # 768 values a row, so each 24 minutes


def test_every_signal_of_the_pilot_has_the_mean_and_spread_of_its_plant_file(
    pilot: Plant, now_ms: int
) -> None:
    decoder = PayloadDecoder(pilot, now_us=lambda: now_ms * 1000)
    drawn: dict[tuple[str, str], list[Any]] = defaultdict(list)
    start = now_ms - 20 * 1440 * MINUTE_MS
    for message in telemetry(
        Line(without_curves(pilot), "l1", 1), Window(start, now_ms, 5 * MINUTE_MS)
    ):
        for frame in decoder.decode(message.topic, message.payload):
            block = merge([frame])
            for name, values in zip(block.columns[2:], block.values[2:], strict=True):
                rows = np.reshape(values, (len(values), -1))
                drawn[message.topic.split("/")[5], name].append(rows[~np.isnan(rows[:, 0])])
    assert len(drawn) > 100
    for (machine, name), pieces in drawn.items():
        signal = pilot.signal(machine, name)
        off = (np.concatenate(pieces) - signal.nominal) / signal.sd
        # What has a memory of rolls and batches is further off in twenty days: by how much, its
        # own spread from day to day tells.
        mean, square = (
            np.array([day.mean() for day in np.array_split(power, 20)]) for power in (off, off**2)
        )
        assert abs(mean.mean()) < 0.05 + 4 * mean.std() / 20**0.5, (machine, name)
        assert abs(square.mean() - 1) < 0.1 + 4 * square.std() / 20**0.5, (machine, name)


def test_a_counter_runs_evenly_up_to_its_limit(small: Plant, now_ms: int, read: Read) -> None:
    line = Line(without_curves(small), "l1", 1)
    messages = telemetry(line, Window(now_ms - 1440 * MINUTE_MS, now_ms, 60_000))
    rows = read(messages)["telemetry.slitting"]
    run = [row["knife_run"] for (machine, _), row in rows.items() if machine == "l1-slitter-c-01"]
    steps = np.diff(run)
    assert np.count_nonzero(steps < 0) == 1
    assert np.ptp(steps[steps > 0]) < 2
    assert 0 <= min(run) < 1
    assert 149 < max(run) <= 150
