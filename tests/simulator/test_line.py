from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from plant.model import Plant
from plant.payload import PayloadDecoder
from simulator.line import Line
from simulator.message import Message, Window

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
Read = Callable[[Iterable[Message]], Rows]

MINUTE_MS = 60_000


def published(plant: Plant) -> set[str]:
    """Return the tables that the simulator fills; nothing is mounted without dryers or parts."""
    unused = set() if plant.recipes else {"material.mount"}
    return {str(table) for table in plant.tables.values()} - unused


def windows(edges: list[int], thinned_ms: int | None = None) -> list[Window]:
    return [Window(a, b, thinned_ms, is_first=a == edges[0]) for a, b in itertools.pairwise(edges)]


def same(one: Rows, other: Rows) -> bool:
    return one.keys() == other.keys() and all(
        rows.keys() == other[table].keys()
        and all(
            np.array_equal(value, other[table][key][name], equal_nan=isinstance(value, float))
            for key, row in rows.items()
            for name, value in row.items()
        )
        for table, rows in one.items()
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    small: Plant, now_ms: int
) -> None:
    window = Window(now_ms - MINUTE_MS, now_ms, None, is_first=True)
    first = list(Line(small, "l1", 5).messages(window))
    assert first == list(Line(small, "l1", 5).messages(window))
    assert first != list(Line(small, "l1", 6).messages(window))


def test_a_line_is_the_same_whatever_other_lines_there_are(small: Plant, now_ms: int) -> None:
    document = small.model_dump()
    document["production"]["lines"] = ("l1",)
    alone = Plant.model_validate(document)
    window = Window(now_ms - MINUTE_MS, now_ms, None, is_first=True)
    one, both, other = (
        [(m.topic, m.payload) for m in Line(plant, name, 5).messages(window)]
        for plant, name in ((alone, "l1"), (small, "l1"), (small, "l2"))
    )
    assert one == both
    assert not {p for t, p in other if t.endswith("/cell")} & {p for _, p in one}


def test_rows_are_the_same_however_time_is_cut(small: Plant, now_ms: int, read: Read) -> None:
    start = now_ms - 90_000
    cuts = np.random.default_rng(3).integers(start, now_ms, 40).tolist()
    for thinned_ms in (None, 7_000):
        whole = windows([start, now_ms], thinned_ms)
        pieces = windows(sorted({start, *cuts, now_ms}), thinned_ms)
        line = Line(small, "l1", 5)
        rows = [read(m for w in ws for m in line.messages(w)) for ws in (whole, pieces)]
        assert same(rows[0], rows[1])
        assert rows[0].keys() == published(small)


def test_every_message_is_read_by_ingests_decoder_with_all_its_rows(
    small: Plant, now_ms: int, read: Read
) -> None:
    # `read` compares rows and values of each message with what the decoder makes of it.
    hours = windows([now_ms - 120 * MINUTE_MS, now_ms - 60 * MINUTE_MS, now_ms], MINUTE_MS)
    lines = [Line(small, name, 5) for name in ("l1", "l2")]
    rows = read(m for window in hours for line in lines for m in line.messages(window))
    assert rows.keys() == published(small)


def test_every_message_of_the_pilot_can_be_read(pilot: Plant, now_ms: int) -> None:
    decoder = PayloadDecoder(pilot, now_us=lambda: now_ms * 1000)
    line = Line(pilot, "l1", 1)
    found = set()
    for window in (
        Window(now_ms - 120 * MINUTE_MS, now_ms - MINUTE_MS, MINUTE_MS, is_first=True),
        Window(now_ms - MINUTE_MS, now_ms),
    ):
        for message in line.messages(window):
            frames = decoder.decode(message.topic, message.payload)
            assert sum(frame.rows for frame in frames) == message.rows
            found.add(str(message.table))
    assert found == published(pilot)


def test_machines_say_that_they_run_at_the_start_and_at_each_shift(
    small: Plant, now_ms: int, read: Read
) -> None:
    start = now_ms - 1440 * MINUTE_MS
    line = Line(small, "l1", 5)
    window = Window(start, now_ms, 600_000, is_first=True)
    states = read(line._states.messages(window))["machine.state"]
    mine = [row for (machine, _), row in states.items() if machine == "l1-filler-02"]
    assert [row["reason"] for row in mine].count("shift") == 3
    assert {row["state"] for row in mine} == {"Execute"}
    assert min(row["time"] for row in mine) == start * 1000
    machines = {machine for machine, _ in states}
    assert machines == {m for m, e in small.equipment.items() if e.line == "l1"}


def test_each_result_names_its_machine_and_position(small: Plant, now_ms: int, read: Read) -> None:
    line = Line(small, "l1", 5)
    rows = read(line.messages(Window(now_ms - 20_000, now_ms)))
    filling = sorted(rows["cell.filling"].values(), key=lambda row: int(row["time"]))
    places = [(row["equipment"], int(row["position"])) for row in filling]
    turn = [(f"l1-filler-0{m}", p) for m in (1, 2) for p in (1, 2, 3, 4)] * 5
    assert any(places == turn[shift : shift + 20] for shift in range(8))
    assert "position" not in next(iter(rows["cell.winding"].values()))
