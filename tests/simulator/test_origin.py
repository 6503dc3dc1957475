"""The way back from cells agrees with the material events that the line publishes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from plant.frames import merge
from plant.model import Plant
from plant.payload import PayloadDecoder
from simulator.faults import parse_fault
from simulator.line import Line
from simulator.message import Window
from simulator.origin import Origin

HOUR_MS = 3_600_000


def events_of(plant: Plant, line: Line, now_ms: int) -> list[dict[str, Any]]:
    decoder = PayloadDecoder(plant, now_us=lambda: now_ms * 1000)
    events: list[dict[str, Any]] = []
    window = Window(now_ms - HOUR_MS // 6, now_ms, 60_000, is_first=True)
    for message in line._material.messages(window):
        for frame in decoder.decode(message.topic, message.payload):
            block = merge([frame])
            columns = [list(values) for values in block.values]
            events += [
                dict(zip(block.columns, row, strict=True)) for row in zip(*columns, strict=True)
            ]
    return events


@pytest.mark.parametrize("name", ["pilot", "reference"])
def test_faults_take_the_way_that_the_record_tells(
    request: pytest.FixtureRequest, name: str, now_ms: int
) -> None:
    plant: Plant = request.getfixturevalue(name)
    line = Line(plant, "l1", 1)
    events = events_of(plant, line, now_ms)
    begin_ms = {e["child"]: int(e["time"]) / 1000 for e in events}
    made_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        made_of[event["child"]].append(event)
    numbers = line.pace.between(now_ms - HOUR_MS // 6, now_ms)
    ids = line.ids.of(numbers)
    strip = [next(e for e in made_of[cell] if "-c-" in e["parent"]) for cell in ids]
    rolls = [made_of[e["parent"]][0]["parent"] for e in strip]

    def touch(text: str) -> Any:
        fault = parse_fault(text, plant).started(0)  # long before
        return line.hits.reaches.of(fault, numbers)

    lanes = np.array([int(e["parent"][-1]) for e in strip])
    for lane in range(1, 9):
        assert np.array_equal(touch(f"F01:lane={lane}").severity > 0, lanes == lane)
    metre = np.array([(e["from_m"] + e["to_m"]) / 2 for e in strip])
    coated = np.array([begin_ms[roll] for roll in rolls]) + metre * 1000
    assert np.abs(touch(f"F01:lane={lanes[0]}").times_ms - coated).max() <= 1
    slit = np.array([begin_ms[e["parent"]] for e in strip]) + metre * 600
    assert np.abs(touch("F05:knife=1").times_ms - slit).max() <= 1
    # A metre is of the slurry at whose kilograms of the roll it is.
    mixers = []
    for roll, m in zip(rolls, metre.tolist(), strict=True):
        taken = np.cumsum([e["amount_kg"] for e in made_of[roll]])
        slurry = made_of[roll][int(np.searchsorted(taken, m / 3_000 * taken[-1]))]["parent"]
        mixers.append(made_of[slurry][0]["equipment"])
    for mixer in plant.equipment_at("l1", "mixing"):
        if mixer.group == "mixer-c":
            hit = touch(f"F03:mixer={mixer.number}").severity > 0
            assert np.array_equal(hit, np.array(mixers) == mixer.name)


@pytest.mark.parametrize("name", ["pilot", "reference"])
def test_a_strip_is_dried_after_it_is_slit_and_before_it_is_wound(
    request: pytest.FixtureRequest, name: str, now_ms: int
) -> None:
    plant: Plant = request.getfixturevalue(name)
    line = Line(plant, "l1", 1)
    origin = Origin(plant, "l1", line.pace, "c")
    numbers = line.pace.between(now_ms, now_ms + 48 * HOUR_MS)[::50]
    dryers = [m for m in plant.equipment_at("l1", "vacuum_drying") if m.group == "dryer-c"]
    batches = [origin.dried(numbers, dryer) for dryer in dryers]
    assert np.array_equal(np.sum([mine for mine, _ in batches], axis=0), np.ones(len(numbers)))
    end = batches[0][1]
    stay_h = 22 / (len(dryers) + 1) * len(dryers)
    strips = origin.strips(numbers)
    assert (end <= origin.begin_ms(strips) - HOUR_MS).all()
    assert (end - stay_h * HOUR_MS >= origin.made_ms(strips, 28 * HOUR_MS) + HOUR_MS // 2).all()
