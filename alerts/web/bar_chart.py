"""Counts as bars, as SVG. Pure: numbers in, markup out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from alerts.web.svg import BOTTOM, INNER_WIDTH, LEFT, TOP, element, level, picture, text

_HEIGHT = 160
#: More labels cannot be read side by side.
_MOST_LABELS = 12


def bar_chart(
    title: str, bars: Sequence[tuple[str, int]], targets: Sequence[tuple[str, float]] = ()
) -> str:
    """Return a bar for each label and count, and a line for each named target.

    Empty bars keep their place; labels are thinned out to what can be read.
    """
    counts = [count for _, count in bars]
    most = max([*counts, *(value for _, value in targets), 1])
    step = INNER_WIDTH / max(1, len(bars))
    floor = TOP + _HEIGHT
    parts = []
    for index, (label, count) in enumerate(bars):
        left, height = LEFT + index * step, _HEIGHT * count / most
        tip = f"<title>{escape(label)}: {count}</title>"
        parts.append(
            element("rect", "bar", tip, x=left + step * 0.1, y=floor - height, width=step * 0.8,
                    height=height)
        )  # fmt: skip
        each = math.ceil(len(bars) / _MOST_LABELS)
        if index % each == 0:
            # On a phone every second one goes, too.
            kind = "label minor" if index // each % 2 else "label"
            parts.append(text(left + step / 2, floor + 16, label, "middle", kind))
    for name, value in targets:
        parts += level("limit", floor - _HEIGHT * value / most, name)
    parts += level("axis", floor)
    parts += [text(LEFT - 6, floor, "0", "end"), text(LEFT - 6, TOP + 4, f"{most:g}", "end")]
    description = f"{sum(counts)} in all, at most {max(counts, default=0)}"
    return picture(title, description, floor + BOTTOM, parts)
