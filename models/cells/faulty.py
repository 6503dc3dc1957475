"""The rate of cells with a fault of their own: a chart by line and measure, and its anomalies.

No chart of a result sees one cell in two hundred. These count verdicts: each cell once for each
measure, in order of time, when its neighbours have come and the verdict is settled. Faulty is who
is held or scrapped for what was measured of it; who was measured wrongly is not. A cell that is
held with others (its machine alarms, its tray differs) is neither faulty nor good: that has been
told.

Each measure has a chart, as cells that leak are something else than cells of an odd resistance:
together they would be seen later, and have less in common. It counts where the measure is read: a
cell that is scrapped there never comes to the end of the line.

All of it is in the caller's transaction, with the verdicts and the place in the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from models.cells.faulty_store import Judged, Tally, Watched, horizon, load, mark, pending, save
from models.cells.faulty_told import OTHER, Event, Teller
from models.cells.standard import Standard
from models.cells.window import Reach
from models.spc.bernoulli import SMALLEST, BernoulliCusum, Design
from models.spc.design import SECONDS_PER_DAY, arl0_from_budget
from models.spc.numerics import chi2_quantile
from plant.model import Plant
from storage.connect import Connection

log = logging.getLogger("jellyroll.models")

#: False alarms, as a share of the line's budget, beside what charts and signals have of it.
SHARE = 0.1
#: They are quickest to see a rate of so many times the usual one.
MULTIPLE = 5.0
#: The usual rate is taken so high that this share of lines with these cells would have less: over
#: all rates that are possible then, false alarms are half to three quarters of what was planned.
_CONFIDENCE = 0.85
#: Of none faulty in so many over a rate, the rate is that at most, with 95 %.
_RULE_OF_THREE = 3.0
#: A line of which a tenth is faulty needs no chart to be told.
_MOST = 0.1
_AT_ONCE = 50_000
#: Suspects are looked for again when there are so many times as many faulty cells.
_GROWN = 1.25


class FaultyCells:
    """The charts of all lines of *plant*, whose cells are held to *standard*."""

    def __init__(self, plant: Plant, standard: Standard) -> None:
        quality, production = standard.quality, plant.production
        self._plant = plant
        order = list(plant.stations)
        self.measures = (*quality.screened, OTHER)
        self._names = quality.names
        #: Where each measure is read, and what tells that a cell was there.
        self._station = {name: quality.station_of(name) for name in quality.screened}
        self._station[OTHER] = max(self._station.values(), key=order.index)
        self._of_station = {
            station: [name for name in quality.names if quality.station_of(name) == station]
            for station in dict.fromkeys(self._station.values())
        }
        self._settles = timedelta(microseconds=Reach.of(plant, standard).again_us)
        held = quality.held_ppm / 1e6
        # Screening parts what it may hold alike among what it compares.
        self._floor = max(held / len(self.measures), SMALLEST)
        per_day = production.cells_per_second * SECONDS_PER_DAY
        #: Cells that a baseline needs: a day's, and enough to tell the budget of held ones.
        self.needed = round(max(per_day, _RULE_OF_THREE / held))
        budget = SHARE * production.false_alarms_per_day
        self._arl0 = arl0_from_budget(per_day * len(self.measures), budget)
        self._tell = Teller(plant, self._station, self._of_station, self._settles)

    def count(self, connection: Connection, model: int) -> tuple[int, int]:
        """Count what is settled, judged by version *model*; return alarms begun and ended."""
        known = load(connection)
        begun = ended = 0
        for line in self._plant.production.lines:
            newest, xid = horizon(connection, line)
            if newest is None:
                continue
            tally = known.get(line) or Tally(line, model=model)
            for measure in self.measures:
                tally.watched.setdefault(measure, Watched())
            if tally.model != model:  # other limits hold others; the old charts go on meanwhile
                tally.model = model
                self._forget(tally)
            settled = newest - self._settles
            last: Judged | None = None
            while cells := pending(
                connection, tally, settled, self._names, after=last, most=_AT_ONCE
            ):
                on, off = self._take(connection, tally, cells)
                begun, ended, last = begun + on, ended + off, cells[-1]
            tally.place, tally.place_xid = max(tally.place, settled), xid
            save(connection, tally)
        return begun, ended

    def design(self, faulty: int) -> Design:
        """Return the chart of a measure by which so many of the baseline's cells were *faulty*."""
        bound = chi2_quantile(1.0 - _CONFIDENCE, 2.0 * (faulty + 1)) / 2.0
        p0 = min(max(bound / self.needed, self._floor), _MOST)
        return Design.of(p0, MULTIPLE * p0, max(self._arl0, 1.0 / p0))

    def _take(
        self, connection: Connection, tally: Tally, cells: Sequence[Judged]
    ) -> tuple[int, int]:
        """Count *cells*, each once at each station; return alarms begun and ended."""
        begun = ended = 0
        counted: dict[str, list[str]] = {station: [] for station in self._of_station}
        for cell in cells:
            faulty = {name if name in self.measures else OTHER for name in cell.faulty}
            new = {
                station
                for station, names in self._of_station.items()
                if station not in cell.counted and not set(names).isdisjoint(cell.measured)
            }
            for station in new:
                counted[station].append(cell.cell)
            for measure in () if cell.is_excused else self.measures:
                if self._station[measure] in new:
                    one = tally.watched[measure]
                    turned = self._add(connection, (tally.line, measure, one), cell, faulty)
                    if turned and one.chart:
                        begun, ended = begun + one.chart.is_on, ended + (not one.chart.is_on)
        for station, names in counted.items():
            mark(connection, station, names)
        return begun, ended

    def _add(
        self,
        connection: Connection,
        of: tuple[str, str, Watched],
        cell: Judged,
        faulty: set[str],
    ) -> bool:
        """Let the chart of a measure have *cell*; return whether its alarm began or ended."""
        line, measure, one = of
        is_faulty = measure in faulty
        self._learn(line, measure, one, is_faulty=is_faulty)
        if one.chart is None:
            return False
        event = Event(line, measure, one, one.chart)
        turned = one.chart.add(cell.time_us, is_bad=is_faulty)
        if turned:
            self._tell.turned(connection, event, cell.time_us)
        elif one.chart.is_on and one.chart.bad >= _GROWN * one.looked:
            self._tell.look(connection, event, cell.time_us)
        return turned

    @staticmethod
    def _forget(tally: Tally) -> None:
        for one in tally.watched.values():
            one.learnt = one.faulty = 0

    def _learn(self, line: str, measure: str, one: Watched, *, is_faulty: bool) -> None:
        """Let the baseline of a measure have one more cell."""
        if one.learnt >= self.needed or (one.chart and one.chart.is_on):
            return
        one.learnt += 1
        one.faulty += is_faulty
        if one.learnt == self.needed:
            one.chart = BernoulliCusum(self.design(one.faulty))
            log.info(
                "faulty cells of %s by %s: %d of %d are usual",
                line,
                measure,
                one.faulty,
                one.learnt,
            )
