"""Pictures as SVG: panels one below the other, of points, lines, or a map of colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulator.noise import Floats

GREY, RED, BLUE = "#9aa5b1", "#c0392b", "#2471a3"
_WIDTH, _LEFT, _RIGHT, _TOP = 720, 70, 20, 34
_TITLE, _GAP = 20, 14
_DOTS = 'stroke-width="3" stroke-linecap="round"'
_LINE = 'stroke-width="1.5" stroke-linejoin="round"'
#: From low to high.
_COLOURS = (
    "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582", "#d6604d",
    "#b2182b",
)  # fmt: skip


class Series(NamedTuple):
    """Points of one colour, joined by a line or not."""

    x: Floats
    y: Floats
    color: str
    is_line: bool = False


@dataclass(frozen=True)
class Panel:
    """Series over one pair of axes; *axis* is what stands below, nothing when it is empty."""

    title: str
    series: Sequence[Series]
    axis: str = ""
    inner: int = 150

    @property
    def height(self) -> int:
        """Pixels in all."""
        return _TITLE + self.inner + _GAP + (30 if self.axis else 0)

    def drawn(self, top: int) -> Iterator[str]:
        """Yield the elements."""
        all_x, all_y = (np.concatenate([s[at] for s in self.series]) for at in (0, 1))
        low_x, high_x = float(all_x.min()), float(all_x.max())
        low, high = float(all_y.min()), float(all_y.max())
        bottom = top + _TITLE + self.inner
        yield f'<text x="{_LEFT}" y="{top + 12}">{self.title}</text>'
        frame = f"M{_LEFT - 3} {top + 16}V{bottom + 4}H{_WIDTH - _RIGHT + 4}"
        yield f'<path d="{frame}" stroke="#333" fill="none"/>'
        for value, at in ((low, bottom), (high, top + _TITLE)):
            yield f'<text x="{_LEFT - 8}" y="{at + 4}" text-anchor="end">{value:.4g}</text>'
        for series in self.series:
            x = _LEFT + (series.x - low_x) / (high_x - low_x) * (_WIDTH - _LEFT - _RIGHT)
            y = bottom - (series.y - low) / (high - low) * self.inner
            if series.is_line:
                path, style = "M" + "L".join(_points(x, y)), _LINE
            else:
                path, style = "".join(f"M{point}h0" for point in _points(x, y)), _DOTS
            yield f'<path d="{path}" stroke="{series.color}" {style} fill="none"/>'
        if self.axis:
            yield _below(bottom, self.axis, low_x, high_x)


@dataclass(frozen=True)
class Map:
    """*values* as colours, (rows, columns), from *low* in blue to *high* in red.

    Rows are named by *rows*; columns go from 0 to *until* of what *axis* says.
    """

    title: str
    values: Floats
    rows: Sequence[str]
    low: float
    high: float
    axis: str
    until: float

    @property
    def height(self) -> int:
        """Pixels in all."""
        return _TITLE + 14 * len(self.rows) + _GAP + 30

    def drawn(self, top: int) -> Iterator[str]:
        """Yield the elements."""
        yield f'<text x="{_LEFT}" y="{top + 12}">{self.title}</text>'
        part = (self.values - self.low) / (self.high - self.low)
        colour = np.clip((part * len(_COLOURS)).astype(np.int64), 0, len(_COLOURS) - 1)
        width = (_WIDTH - _LEFT - _RIGHT) / self.values.shape[1]
        for index, name in enumerate(_COLOURS):
            rows, columns = np.nonzero(colour == index)
            path = "".join(
                f"M{_LEFT + c * width:.1f} {top + _TITLE + 7 + 14 * r}h{width:.1f}"
                for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
            )
            yield f'<path d="{path}" stroke="{name}" stroke-width="13"/>'
        for row, name in enumerate(self.rows):
            y = top + _TITLE + 11 + 14 * row
            yield f'<text x="{_LEFT - 8}" y="{y}" text-anchor="end">{name}</text>'
        yield _below(top + _TITLE + 14 * len(self.rows), self.axis, 0.0, self.until)


def svg(title: str, panels: Sequence[Panel | Map], legend: Sequence[tuple[str, str]] = ()) -> str:
    """Return *panels* below *title*; *legend* has names and their colours."""
    named = " and ".join(f'<tspan fill="{color}">{name}</tspan>' for name, color in legend)
    height = _TOP + sum(panel.height for panel in panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}">',
        "<style>text { font: 12px sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="18">{title}{": " if named else ""}{named}</text>',
    ]
    top = _TOP
    for panel in panels:
        lines += panel.drawn(top)
        top += panel.height
    return "\n".join([*lines, "</svg>"]) + "\n"


def _points(x: Floats, y: Floats) -> list[str]:
    return [f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)]


def _below(bottom: int, axis: str, low: float, high: float) -> str:
    y = bottom + 20
    return (
        f'<text x="{_LEFT}" y="{y}">{low:.4g}</text>'
        f'<text x="{_WIDTH / 2}" y="{y}" text-anchor="middle">{axis}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{y}" text-anchor="end">{high:.4g}</text>'
    )
