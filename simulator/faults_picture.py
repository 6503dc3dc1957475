"""The pictures of docs/faults.md: `python -m simulator.faults_picture docs`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plant.load import PILOT, load_plant
from simulator.faults import Fault, parse_fault
from simulator.noise import Floats
from simulator.results import Results

_WIDTH, _PANEL, _LEFT, _TOP = 720, 150, 70, 34
_GREY, _RED = "#9aa5b1", "#c0392b"
_FIRST = 2_610 * 8 * 3_797  # a roll of November 2026
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class _Panel:
    """Points without the fault in grey, and over them those that it moved in red."""

    title: str
    x: Floats
    before: Floats
    after: Floats


def f01() -> str:
    """Return the picture of F01: three rolls of 23 hours, each point the mean of 400 cells."""
    results, fault = _pilot("F01:lane=3@-49h")
    count = 3 * 8 * 3_797
    panels = [
        _Panel(title, np.arange(count // 400) / 9.4925, *_means(results, fault, full, count, 400))
        for title, full in (
            ("Capacity at the end of line, A.h: mean of 400 cells", "end_of_line.capacity"),
            ("Mass at the end of line, g", "end_of_line.mass"),
        )
    ]
    return _svg("F01, lane 3 of the coater", "strips of one winder, in order of winding", panels)


def f12() -> str:
    """Return the picture of F12: 800 cells one by one."""
    results, fault = _pilot("F12:nozzle=3@+23m")
    panels = [
        _Panel(title, np.arange(800.0), *_means(results, fault, full, 800, 1))
        for title, full in (
            ("Electrolyte filled in, g", "filling.fill_mass"),
            ("Resistance of a 10 s pulse at the end of line, mOhm", "end_of_line.dcir"),
        )
    ]
    return _svg("F12, nozzle 3 of the filler", "cells, in order of winding", panels)


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


def _svg(title: str, axis: str, panels: list[_Panel]) -> str:
    height = _TOP + len(panels) * (_PANEL + 34) + 20
    drawn = [
        line
        for index, panel in enumerate(panels)
        for line in _drawn(panel, _TOP + index * (_PANEL + 34))
    ]
    legend = f'<tspan fill="{_GREY}">before</tspan> and <tspan fill="{_RED}">after</tspan>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}">',
        "<style>text { font: 12px sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="18">{title}: {legend}</text>',
        *drawn,
        f'<text x="{_WIDTH / 2}" y="{height - 8}" text-anchor="middle">{axis}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _drawn(panel: _Panel, top: int) -> list[str]:
    both = np.concatenate((panel.before, panel.after))
    low, high = float(both.min()), float(both.max())
    x = _LEFT + panel.x / panel.x.max() * (_WIDTH - _LEFT - 20)
    bottom = top + 20 + _PANEL

    y_before, y_after = (
        bottom - (values - low) / (high - low) * _PANEL for values in (panel.before, panel.after)
    )
    moved = panel.before != panel.after
    lines = [_dots(x, y_before, _GREY), _dots(x[moved], y_after[moved], _RED)]
    labels = [
        f'<text x="{_LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{value:.4g}</text>'
        for value, y in ((low, bottom), (high, top + 20))
    ]
    frame = f"M{_LEFT - 3} {top + 16}V{bottom + 4}H{_WIDTH - 16}"
    return [
        f'<text x="{_LEFT}" y="{top + 12}">{panel.title}</text>',
        f'<path d="{frame}" stroke="#333" fill="none"/>',
        *labels,
        *lines,
    ]


def _dots(x: Floats, y: Floats, color: str) -> str:
    path = "".join(f"M{a:.0f} {b:.1f}h0" for a, b in zip(x, y, strict=True))
    style = 'stroke-width="3" stroke-linecap="round" fill="none"'
    return f'<path d="{path}" stroke="{color}" {style}/>'


def main(folder: Path) -> None:
    """Write the pictures to *folder*."""
    for name, text in (("fault-f01", f01()), ("fault-f12", f12())):
        (folder / f"{name}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
