"""F20: the record does not say where a cell was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from plant.model import Plant
from simulator.faults import Fault, parse_fault
from simulator.line import Line
from simulator.message import Message, Window
from simulator.truth import truth

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
Read = Callable[[Iterable[Message]], Rows]
HOUR_MS = 3_600_000


def rows_of(
    line: Line, now_ms: int, read: Read, table: str, faults: tuple[Fault, ...]
) -> list[dict[str, Any]]:
    windows = [
        Window(at, at + HOUR_MS, 600_000, faults=faults)
        for at in range(now_ms - 12 * HOUR_MS, now_ms, HOUR_MS)
    ]
    found = read(m for w in windows for m in line.messages(w) if str(m.table) == table)
    return sorted(found[table].values(), key=lambda row: (row["time"], row.get("parent", "")))


def told(line: Line, fault: Fault, now_ms: int) -> set[str | None]:
    rows = truth([line], [fault], now_ms - 12 * HOUR_MS, now_ms)
    return {row.cell for row in rows if row.nature == "record"}


def test_a_splice_that_is_not_recorded_leaves_cells_with_the_strip_before(
    small: Plant, now_ms: int, read: Read
) -> None:
    line = Line(small, "l1", 1)
    text = "F20:kind=splice,winder=2"
    fault = parse_fault(text, small).started(now_ms - 8 * HOUR_MS)
    table = "material.genealogy"
    healthy = rows_of(line, now_ms, read, table, ())
    faulty = rows_of(line, now_ms, read, table, (fault,))
    wrong = [(a, b) for a, b in zip(healthy, faulty, strict=True) if a["parent"] != b["parent"]]
    assert wrong
    assert {a["equipment"] for a, _ in wrong} == {"l1-winder-02"}
    assert len({a["parent"] for a, _ in wrong}) == 1  # one strip, that of the first change
    assert min(b["from_m"] for _, b in wrong) == 3_797 * 0.790  # the metres count on
    assert {a["child"] for a, _ in wrong} == told(line, fault, now_ms)
    same = [(a, b) for a, b in zip(healthy, faulty, strict=True) if a["parent"] == b["parent"]]
    assert all(a == b or a["from_m"] is None or np.isnan(a["from_m"]) for a, b in same)


def test_a_turned_tray_gives_each_cell_the_results_of_its_mirror(
    small: Plant, now_ms: int, read: Read
) -> None:
    line = Line(small, "l1", 1)
    fault = parse_fault("F20:kind=swap,tray=5@+0..+1h", small).started(now_ms - 8 * HOUR_MS)
    healthy = rows_of(line, now_ms, read, "cell.formation", ())
    faulty = rows_of(line, now_ms, read, "cell.formation", (fault,))
    wrong = [(a, b) for a, b in zip(healthy, faulty, strict=True) if a["cell"] != b["cell"]]
    assert {a["cell"] for a, _ in wrong} == told(line, fault, now_ms)
    assert {a["equipment"] for a, _ in wrong} == {"l1-tray-05"}
    # 160 s to fill all twenty trays of eight: tray 5 is read 22 or 23 times in the hour.
    assert len(wrong) in {22 * 8, 23 * 8}
    for at in range(0, len(wrong), 8):
        tray = wrong[at : at + 8]
        assert [b["cell"] for _, b in tray] == [a["cell"] for a, _ in tray][::-1]
    assert all({**a, "cell": ""} == {**b, "cell": ""} for a, b in wrong)
