"""Pictures of faults: results of cells without them and with them."""

from __future__ import annotations

import numpy as np

from plant.load import PILOT, load_plant
from simulator.faults import Fault, parse_fault
from simulator.noise import Floats
from simulator.picture import GREY, RED, Panel, Series, svg
from simulator.results import Results

_FIRST = 2_610 * 8 * 3_797  # a roll of November 2026
_LEGEND = (("before", GREY), ("after", RED))


def f01() -> str:
    """Return the picture of F01: three rolls of 23 hours, each point the mean of 400 cells."""
    results, fault = _pilot("F01:lane=3@-49h")
    count = 3 * 8 * 3_797
    strips = np.arange(count // 400) / 9.4925
    panels = [
        _panel(title, strips, _means(results, fault, full, count, 400), axis)
        for title, full, axis in (
            ("Capacity at the end of line, A.h: mean of 400 cells", "end_of_line.capacity", ""),
            ("Mass at the end of line, g", "end_of_line.mass", "strips of the winder, in order"),
        )
    ]
    return svg("F01, lane 3 of the coater", panels, _LEGEND)


def f12() -> str:
    """Return the picture of F12: 800 cells one by one."""
    results, fault = _pilot("F12:nozzle=3@+23m")
    panels = [
        _panel(title, np.arange(800.0), _means(results, fault, full, 800, 1), axis)
        for title, full, axis in (
            ("Electrolyte filled in, g", "filling.fill_mass", ""),
            (
                "Resistance of a 10 s pulse at the end of line, mOhm",
                "end_of_line.dcir",
                "cells, in order of winding",
            ),
        )
    ]
    return svg("F12, nozzle 3 of the filler", panels, _LEGEND)


def _pilot(text: str) -> tuple[Results, Fault]:
    plant = load_plant(PILOT)
    results = Results(plant, "l1", 1)
    return results, parse_fault(text, plant).started(results.pace.time_ms(_FIRST))


def _means(
    results: Results, fault: Fault, full: str, count: int, each: int
) -> tuple[Floats, Floats]:
    place, name = full.split(".")
    healthy, faulty = (
        results.of(place, _FIRST, count, faults)[name][: count // each * each]
        for faults in ((), (fault,))
    )
    return healthy.reshape(-1, each).mean(axis=1), faulty.reshape(-1, each).mean(axis=1)


def _panel(title: str, x: Floats, both: tuple[Floats, Floats], axis: str) -> Panel:
    """Return points without the fault in grey, and over them those that it moved in red."""
    before, after = both
    moved = before != after
    return Panel(title, [Series(x, before, GREY), Series(x[moved], after[moved], RED)], axis)
