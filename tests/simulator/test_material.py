from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from plant.model import Plant
from simulator.line import Line
from simulator.message import Message, Window

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
SHIFT_MS = 8 * 3_600_000


@pytest.fixture
def events(
    small: Plant, now_ms: int, read: Callable[[Iterable[Message]], Rows]
) -> list[dict[str, Any]]:
    """The material events of a shift, in two windows: three strips of each winder."""
    line = Line(small, "l1", 1)
    start, middle = now_ms - SHIFT_MS, now_ms - SHIFT_MS // 2
    windows = [Window(start, middle, 60_000, is_first=True), Window(middle, now_ms, 60_000)]
    messages = [m for w in windows for m in line.messages(w) if m.table.name == "genealogy"]
    return list(read(messages)["material.genealogy"].values())


def test_the_metres_of_a_strip_go_cell_by_cell_into_its_winders_cells(
    events: list[dict[str, Any]],
) -> None:
    by_strip = defaultdict(list)
    for event in events:
        if event["equipment"].startswith("l1-winder"):
            by_strip[event["parent"]].append(event)
    assert {strip.split("-")[1] for strip in by_strip} == {"c", "a"}
    for strip, cells in by_strip.items():
        assert len({cell["equipment"] for cell in cells}) == 1
        length = 0.790 if strip.startswith("l1-c-") else 0.845
        begin, end = (np.array([cell[name] for cell in cells]) for name in ("from_m", "to_m"))
        assert np.allclose(begin[1:], end[:-1], atol=1e-3)
        assert np.allclose(end - begin, length, atol=1e-3)
        assert end.max() <= 3_000


def test_every_cell_goes_back_to_lots_of_both_electrodes(events: list[dict[str, Any]]) -> None:
    parents = defaultdict(set)
    for event in events:
        parents[event["child"]].add(event["parent"])
    cells = {e["child"] for e in events if e["equipment"].startswith("l1-winder")}
    assert len(cells) == 28_800
    reached = {}

    def lots_of(thing: str) -> frozenset[str]:
        if "-lot-" in thing:
            return frozenset({thing})
        if thing not in reached:
            assert parents[thing], f"{thing} was made of nothing"
            reached[thing] = frozenset().union(*(lots_of(p) for p in parents[thing]))
        return reached[thing]

    kinds = {"nca", "carbon", "pvdf", "graphite", "cmc", "sbr"}
    for cell in cells:
        assert {lot.split("-")[3] for lot in lots_of(cell)} == kinds


def test_the_slurries_of_a_roll_make_up_its_coating(events: list[dict[str, Any]]) -> None:
    by_roll: defaultdict[str, float] = defaultdict(float)
    for event in events:
        if event["equipment"] == "l1-coater-c-01":
            by_roll[event["child"]] += event["amount_kg"]
    assert by_roll
    for mass in by_roll.values():
        assert mass == pytest.approx(0.0253 * 3_000 / 0.790 * 8, abs=0.01)


def test_a_thing_is_made_before_it_is_used(events: list[dict[str, Any]]) -> None:
    made = {event["child"]: event["time"] for event in events}
    for event in events:
        if event["parent"] in made:
            assert made[event["parent"]] < event["time"]


def test_a_plant_without_winders_has_no_material(small: Plant, now_ms: int) -> None:
    document = small.model_dump()
    del document["stations"]["winding"]
    line = Line(Plant.model_validate(document), "l1", 1)
    window = Window(now_ms - 60_000, now_ms, is_first=True)
    assert {m.table.name for m in line.messages(window)} >= {"state", "filling"}
    assert not [m for m in line.messages(window) if m.table.name == "genealogy"]
