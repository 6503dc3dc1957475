"""What the charts of faulty cells know: `analysis.faulty_count` and `analysis.faulty_chart`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from models.spc.bernoulli import BernoulliCusum, Design
from models.sql import statement
from plant.times import from_us
from storage.connect import Connection

#: Before any cell.
_NEVER = from_us(0)


class Judged(NamedTuple):
    """A cell that has something *measured*, and the stations whose measures are *counted*.

    *faulty* are the measures by which it has a fault of its own; *is_excused*: it is held for what
    it shares with others.
    """

    cell: str
    time_us: int
    measured: Sequence[str]
    counted: Sequence[str]
    faulty: Sequence[str]
    is_excused: bool


@dataclass(slots=True)
class Watched:
    """The cells with a fault by one measure.

    *learnt* cells make its baseline, *faulty* of them are; no *chart* before it is complete.
    *anomaly* is on; its suspects were looked for with *looked* faulty cells.
    """

    learnt: int = 0
    faulty: int = 0
    chart: BernoulliCusum | None = None
    anomaly: int | None = None
    looked: int = 0


@dataclass(slots=True)
class Tally:
    """What is known of one line.

    Cells up to *place* are counted; older ones written since transaction *place_xid* are late.
    Baselines are judged by version *model* of the model of cells.
    """

    line: str
    place: datetime = _NEVER
    place_xid: int = 0
    model: int = 0
    watched: dict[str, Watched] = field(default_factory=dict)


def load(connection: Connection) -> dict[str, Tally]:
    """Return what is known, by line."""
    found = {
        row[0]: Tally(row[0], row[1], int(row[2]), *row[3:])
        for row in connection.execute(
            "SELECT line, place, place_xid::text, model FROM analysis.faulty_count"
        )
    }
    for line, measure, learnt, faulty, *numbers in connection.execute(statement("faulty_load")):
        design, stands, (anomaly, looked) = numbers[:4], numbers[4:9], numbers[9:]
        chart = None if design[0] is None else BernoulliCusum(Design(*design), *stands)
        found[line].watched[measure] = Watched(learnt, faulty, chart, anomaly, looked)
    return found


def save(connection: Connection, tally: Tally) -> None:
    """Write *tally*, in the caller's transaction."""
    connection.execute(
        statement("faulty_save_count"),
        {
            "line": tally.line, "place": tally.place, "place_xid": str(tally.place_xid),
            "model": tally.model,
        },
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("faulty_save"),
            [_row(tally.line, measure, one) for measure, one in tally.watched.items()],
        )


def _row(line: str, measure: str, one: Watched) -> dict[str, Any]:
    design = one.chart.design if one.chart else None
    chart = one.chart or BernoulliCusum(Design(0.0, 0.0, 0, 0))
    return {
        "line": line, "measure": measure, "learnt_cells": one.learnt, "learnt_faulty": one.faulty,
        "p0": design and design.p0, "p1": design and design.p1, "step": design and design.step,
        "limit": design and design.limit, "total": chart.total, "is_on": chart.is_on,
        "since_us": chart.since_us, "units": chart.units, "bad": chart.bad,
        "anomaly": one.anomaly, "looked": one.looked,
    }  # fmt: skip


def horizon(connection: Connection, line: str) -> tuple[datetime | None, int]:
    """Return when the newest judged cell of *line* was measured, None if there is none.

    And a transaction below which nothing is written any more.
    """
    row = connection.execute(
        "SELECT (SELECT max(time) FROM analysis.cell_quality WHERE line = %s),"
        " pg_snapshot_xmin(pg_current_snapshot())::text",
        (line,),
    ).fetchone()
    assert row is not None
    return row[0], int(row[1])


def pending(
    connection: Connection,
    tally: Tally,
    settled: datetime,
    measures: Sequence[str],
    *,
    after: Judged | None,
    most: int,
) -> list[Judged]:
    """Return the next cells *after* one that have one of *measures*, at most *most*.

    In order of time. Some may be counted already.
    """
    rows = connection.execute(
        statement("faulty_pending"),
        {
            "line": tally.line, "place": tally.place, "place_xid": str(tally.place_xid),
            "settled": settled, "measures": list(measures), "most": most,
            "after_time": from_us(after.time_us) if after else _NEVER,
            "after_cell": after.cell if after else "",
        },
    )  # fmt: skip
    return [Judged(*row) for row in rows]


def mark(connection: Connection, station: str, cells: Sequence[str]) -> None:
    """Write that *cells* are counted by the measures of *station*, in the caller's transaction."""
    if cells:
        connection.execute(
            "UPDATE analysis.cell_quality SET counted = counted || %s::text WHERE cell = ANY (%s)",
            (station, list(cells)),
        )
