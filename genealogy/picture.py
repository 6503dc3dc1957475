"""A cell as SVG: in the middle, what it is of to the left, what became of it to the right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from genealogy.affected import State
from genealogy.checks import Flag
from genealogy.trace import Use, Visit

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _EDGE, _HEAD = 200, 46, 60, 10, 12, 64
#: As much of a name as fits into a box; pointing at it shows all of it.
_LETTERS = 28
#: Records that go in a circle would push each other ever further to the left.
_MOST_STEPS = 16
_TONES = {"fail": "bad", "hold": "held"}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Text:
    """What stands in a box, and whether it is *plain*, the *cell*, *bad* or *held*."""

    name: str
    lines: tuple[str, ...] = ()
    tone: str = "plain"

    @property
    def short(self) -> str:
        """The name, cut in the middle where it is too long."""
        if len(self.name) <= _LETTERS:
            return self.name
        half = _LETTERS // 2
        return f"{self.name[: half - 1]}…{self.name[-half:]}"


@dataclass(frozen=True, slots=True)
class Box:
    """A text and its place: the upper left corner, in pixels."""

    x: float
    y: float
    text: Text


@dataclass(frozen=True, slots=True)
class CellTrace:
    """All that is known of a cell: *uses* are behind it, *seen* and *after* what came then."""

    cell: str
    uses: Sequence[Use]
    seen: Sequence[Visit]
    after: Sequence[Use]
    state: State
    doubts: Sequence[Flag]


def picture(trace: CellTrace) -> str:
    """Return *trace* as SVG."""
    behind = _columns(trace.cell, trace.uses)
    columns = [
        *reversed(behind),
        [_of_visit(visit) for visit in trace.seen],
        [*_of_state(trace.state), *(_of_use(use.child, use) for use in trace.after)],
    ]
    rows = max(map(len, columns))
    placed = [
        _placed(_EDGE + at * (_WIDTH + _GAP_X), rows, column) for at, column in enumerate(columns)
    ]
    *left, visits, ends = placed
    boxes = {box.text.name: box for column in left for box in column}
    middle = boxes[trace.cell]
    links = [
        *((boxes[use.parent], boxes[use.child]) for use in trace.uses),
        *((middle, visit) for visit in visits),
        *((visits[-1] if visits else middle, end) for end in ends),
    ]
    heads = [*["made from"] * (len(left) > 1), "", "where it was", "what became of it"]
    at = len(left) - len(heads) + 2
    return _templates.get_template("picture.svg.jinja").render(
        title=trace.cell,
        heads=[
            (_EDGE + (at + n) * (_WIDTH + _GAP_X), head)
            for n, head in enumerate(heads)
            if placed[at + n]
        ],
        links=sorted({_curve(*link) for link in links}),
        boxes=[box for column in placed for box in column],
        doubts=[f"{flag.kind}: {flag.detail}" for flag in trace.doubts],
        box=(_WIDTH, _HEIGHT),
        width=2 * _EDGE + len(columns) * (_WIDTH + _GAP_X) - _GAP_X,
        height=_HEAD + rows * (_HEIGHT + _GAP_Y) + 18 * len(trace.doubts) + _EDGE,
    )


def _columns(cell: str, uses: Sequence[Use]) -> list[list[Text]]:
    """Return the things by their steps from *cell*, each column in the order of what it is in."""
    steps = {cell: 0}
    for _ in range(_MOST_STEPS):
        for use in uses:
            if use.child in steps and use.parent != cell:
                steps[use.parent] = max(steps.get(use.parent, 0), steps[use.child] + 1)
    first = {use.parent: use for use in sorted(uses, key=lambda use: use.time, reverse=True)}
    children = defaultdict(list)
    for use in uses:
        children[use.parent].append(use.child)
    place = {cell: 0.0}
    columns = [[Text(cell, ("the cell",), "cell")]]
    for step in sorted(set(steps.values()) - {0}):
        names = sorted(
            (name for name, at in steps.items() if at == step),
            key=lambda name: (fmean(place.get(child, 0.0) for child in children[name]), name),
        )
        place |= {name: at / len(names) for at, name in enumerate(names)}
        columns.append([_of_use(name, first[name]) for name in names])
    return columns


def _placed(x: float, rows: int, texts: Sequence[Text]) -> list[Box]:
    step = _HEIGHT + _GAP_Y
    top = _HEAD + (rows - len(texts)) * step / 2
    return [Box(x, top + at * step, text) for at, text in enumerate(texts)]


def _of_use(name: str, use: Use) -> Text:
    metres = f"{use.from_m:,.1f} to {use.to_m:,.1f} m" if None not in {use.from_m, use.to_m} else ""
    mass = f"{use.amount_kg:,.4g} kg" if use.amount_kg is not None else ""
    return Text(name, (f"{_time(use.time)}  {use.equipment}", metres or mass))


def _of_visit(visit: Visit) -> Text:
    place = visit.equipment + (f", {visit.position}" if visit.position is not None else "")
    title = f"{visit.station}: {visit.verdict}" if visit.verdict else visit.station
    lines = (_time(visit.time), place)
    return Text(title, lines, _TONES.get(visit.verdict or "", "plain"))


def _of_state(state: State) -> list[Text]:
    texts = []
    if state.disposition:
        title = f"grade {state.grade}: {state.disposition}" if state.grade else state.disposition
        when = _time(state.time) if state.time else ""
        texts.append(Text(title, (when,), "bad" if state.disposition == "scrap" else "plain"))
    if state.held_because:
        texts.append(Text("on hold", (state.held_because[:_LETTERS],), "held"))
    if state.commerce:
        texts.append(Text(state.commerce, ("by the ledger",)))
    return texts


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _curve(left: Box, right: Box) -> str:
    x1, y1 = left.x + _WIDTH, left.y + _HEIGHT / 2
    x2, y2 = right.x, right.y + _HEIGHT / 2
    bend = (x1 + x2) / 2
    return f"M{x1:.0f} {y1:.0f} C{bend:.0f} {y1:.0f} {bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
