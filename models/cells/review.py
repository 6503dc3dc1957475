"""Cells of a database judged: the touched ones, or all of a time, each among its peers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

import numpy as np

from models.cells.alarms import held_by_alarm
from models.cells.cells import NOWHERE, POSITIONS, Cells, Mask, joined
from models.cells.forecast import Forecaster
from models.cells.judge import Judge
from models.cells.metres_read import MetresReader
from models.cells.peers import loads
from models.cells.read import CellReader
from models.cells.reference import Reference
from models.cells.standard import standards
from models.cells.verdict import Verdict
from models.cells.window import Reach, Span
from plant.cell_quality import CellQuality
from plant.model import Plant
from plant.times import from_us, to_us
from storage.connect import Connection

#: The loads before on the same tray places, days apart, say what follows a pin of them.
_SAME_PLACE = dt.timedelta(days=5)
#: Of more tray places than this at once, the loads before are not read: that is a history.
_MOST_PLACES = 16


class Review:
    """Judges cells of one database; *references* and *forecasters* are by recipe.

    A recipe without a reference is judged by what is usual in the window itself.
    """

    def __init__(
        self,
        plant: Plant,
        connection: Connection,
        references: Mapping[str, Reference],
        forecasters: Mapping[str, Forecaster],
    ) -> None:
        self._plant = plant
        self._connection = connection
        self._standards = standards(plant)
        self._standard = next(iter(self._standards.values()))
        self._forecasters = forecasters
        self._machines = {name: number for number, name in enumerate(plant.equipment)}
        self._judge = Judge(self._standards, references, tuple(plant.equipment))
        self._reach = Reach.of(plant, self._standard)
        features = {name for f in forecasters.values() for name in f.features}
        self._wanted = sorted({*results_read(self._standard.quality), *features})
        self.reader = CellReader(plant, connection, self._standard)
        self._metres = MetresReader(plant, connection, self._standard.quality)

    def of(
        self, touched: Collection[str], about: tuple[dt.datetime, dt.datetime]
    ) -> Iterator[tuple[Verdict, bool]]:
        """Yield verdicts of the cells *touched* and of all on their trays (True).

        And of the neighbours that are or were not in order (False). *about* are times at which
        something came of them.
        """
        for cells in self.reader.cells(touched, about, self._wanted):
            on_tray = cells.place(self._standard.quality.tray) != NOWHERE
            if not on_tray.all():
                before = cells.of(~on_tray)
                for verdict in self._verdicts(before, np.ones(len(before), dtype=bool)):
                    yield verdict, True
            left_us = cells.times_us[self._standard.quality.tray][on_tray]
            for span in self._reach.spans(left_us):
                yield from self._window(cells.of(on_tray), span)

    def between(self, line: str, first: dt.datetime, last: dt.datetime) -> Iterator[list[Verdict]]:
        """Yield verdicts of the cells that left their trays on *line* from *first* to *last*.

        In pieces of some tray loads; both times are aware.
        """
        margin = dt.timedelta(microseconds=self._reach.back_us)
        step = 6 * margin
        at = first
        while at < last:
            end = min(at + step, last)
            cells = self.reader.trays(line, (at - margin, end + margin), self._wanted)
            if cells is not None:
                left_us = cells.times_us[self._standard.quality.tray]
                rows = (left_us >= to_us(at)) & (left_us < to_us(end))
                yield list(self._verdicts(cells, rows))
            at = end

    def _window(self, touched: Cells, span: Span) -> Iterator[tuple[Verdict, bool]]:
        """Yield verdicts of the touched trays of one window (True), and of their neighbours."""
        tray = self._standard.quality.tray
        left_us = touched.times_us[tray]
        own = (left_us >= span.first_us) & (left_us <= span.last_us)
        cells = self.reader.trays(
            touched.line, (from_us(span.from_us), from_us(span.to_us)), self._wanted
        )
        assert cells is not None  # the touched ones are there
        again = cells.times_us[tray] >= span.again_us
        machines = np.unique(touched.place(tray)[own] // POSITIONS).tolist()
        if len(machines) <= _MOST_PLACES:
            before = self.reader.trays(
                touched.line,
                (from_us(span.from_us) - _SAME_PLACE, from_us(span.from_us - 1)),
                self._wanted,
                [self._judge.machines[machine] for machine in machines],
            )
            if before is not None:
                cells = joined(cells, before)
                again = np.append(again, np.zeros(len(before), dtype=bool))
        names = cells.cell.astype(str)
        load = loads(cells, tray)
        anew = np.isin(load, load[np.isin(names, touched.cell[own].astype(str))])
        odd = again & np.isin(names, self._odd(cells.of(again)))
        new = set(names[anew])
        for verdict in self._verdicts(cells, anew | odd, again):
            yield verdict, verdict.cell in new

    def _odd(self, cells: Cells) -> list[str]:
        """Return which of *cells* were not found in order when they were last judged."""
        rows = self._connection.execute(
            "SELECT cell FROM analysis.cell_quality WHERE cell = ANY (%s)"
            " AND (disposition IN ('hold', 'scrap') OR fault_class <> 'none')",
            (list(cells.cell),),
        )
        return [cell for (cell,) in rows]

    def _verdicts(
        self, cells: Cells, rows: Mask, odd_rows: Mask | None = None
    ) -> Iterator[Verdict]:
        """Yield verdicts of *rows*, and of those *odd_rows* that are not in order."""
        judged = cells.of(rows if odd_rows is None else rows | odd_rows)
        held = held_by_alarm(self._connection, self._standard, judged, self._machines)
        for recipe, forecaster in self._forecasters.items():
            standard = self._standards[recipe]
            own = forecaster.asked(standard, judged.of(judged.recipe == recipe))
            if len(own):
                own = self._metres.added(own)
            for cell, reasons in forecaster.reasons(standard, own).items():
                held[cell].extend(reasons)
        yield from self._judge.judge(cells, held, rows, odd_rows)


def results_read(quality: CellQuality) -> list[str]:
    """Return the results that judging reads, `station.result`."""
    names = list(quality.critical)
    for measure in quality.measures.values():
        names += measure.names()
    if quality.self_discharge:
        names += quality.self_discharge.names()
    return sorted(set(names))
