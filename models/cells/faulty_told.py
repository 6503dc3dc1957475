"""An alarm of faulty cells: its anomaly, the curve that goes with it, and who may be behind it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from models.anomaly_store import AnomalyRow, write_anomalies
from models.cells.faulty_store import Watched
from models.spc.bernoulli import BernoulliCusum
from models.sql import statement
from models.suspects_common import written
from models.suspects_event import first_of
from models.suspects_event import write as write_suspects
from plant.model import Plant
from plant.times import from_us
from storage.connect import Connection

log = logging.getLogger("jellyroll.models")

#: How the characteristic of its anomalies begins; the measure follows after a dot. They are of a
#: whole line: no station, no equipment.
FAULTY_CELLS = "faulty_cells"
#: The chart of what is by no single measure that peers are compared in.
OTHER = "other"
#: Suspects are looked for among the cells of the event, but for no more than so many of the newest.
_COMPARED = 20_000
#: Points of the curve that an anomaly keeps.
_PIECES = 25
_PERCENT = 100.0


class Event(NamedTuple):
    """A chart and whose it is."""

    line: str
    measure: str
    watched: Watched
    chart: BernoulliCusum


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes what becomes of charts of *plant*, in the caller's transaction.

    *station* is where each measure is read, `OTHER` among them; *of_station* all that is measured
    there; a verdict *settles* within that time.
    """

    plant: Plant
    station: Mapping[str, str]
    of_station: Mapping[str, Sequence[str]]
    settles: timedelta

    def turned(self, connection: Connection, event: Event, time_us: int) -> None:
        """Write that the alarm of a chart began or ended."""
        chart, one = event.chart, event.watched
        design, since, time = chart.design, from_us(chart.since_us), from_us(time_us)
        row = AnomalyRow(
            state="on" if chart.is_on else "off", line=event.line, station="", equipment="",
            position=None, characteristic=f"{FAULTY_CELLS}.{event.measure}", direction="high",
            since=since,
            # The moment of the data at which it can be told, however they come.
            time=time + self.settles,
            statistic=chart.total / design.step, limit=design.limit / design.step,
            value=_PERCENT * chart.bad / chart.units, expected=_PERCENT * design.p0,
            sd=_PERCENT * (design.p0 * (1.0 - design.p0) / chart.units) ** 0.5, unit="%",
            samples=chart.units, last_points=self._shares(connection, event, time),
            model="bernoulli", recipe="",
        )  # fmt: skip
        log.info(
            "%s %s %s: %d of %d since %s, %.3g %% are usual", event.line, row.characteristic,
            row.state, chart.bad, chart.units, since.isoformat(timespec="seconds"), row.expected,
        )  # fmt: skip
        one.anomaly = next(iter(write_anomalies(connection, [row])), None)
        if chart.is_on:
            self.look(connection, event, time_us)

    def look(self, connection: Connection, event: Event, time_us: int) -> None:
        """Write what the faulty cells have in common, if that is another thing than before."""
        chart, anomaly = event.chart, event.watched.anomaly
        assert anomaly is not None
        event.watched.looked = chart.bad
        time = from_us(time_us)
        span = max(from_us(chart.since_us), time - self._most_span()), time
        faulty = [cell for cell, _, is_faulty in self._cells(connection, event, span) if is_faulty]
        place = event.line, self.station[event.measure]
        found = written(connection, self.plant, place, faulty, time)
        if found and (found[0].factor, found[0].value) != first_of(connection, anomaly):
            log.info("suspects of anomaly %d: %s", anomaly, found[0].sentence)
            write_suspects(connection, anomaly, found)

    def _most_span(self) -> timedelta:
        return timedelta(seconds=_COMPARED / self.plant.production.cells_per_second)

    def _shares(
        self, connection: Connection, event: Event, time: datetime
    ) -> list[tuple[str, float]]:
        """Return the share of faulty cells before and since the onset, as points of a curve."""
        since = from_us(event.chart.since_us)
        cells = self._cells(connection, event, (since - (time - since), time))
        size = -(-len(cells) // _PIECES) or 1
        pieces = [cells[at : at + size] for at in range(0, len(cells), size)]
        return [
            (
                piece[-1][1].astimezone(UTC).isoformat(),
                _PERCENT * sum(is_faulty for *_, is_faulty in piece) / len(piece),
            )
            for piece in pieces
        ]

    def _cells(
        self, connection: Connection, event: Event, span: tuple[datetime, datetime]
    ) -> list[tuple[str, datetime, bool]]:
        """Return the finished cells of *span*: when, and whether they are faulty as those are."""
        is_other = event.measure == OTHER
        asked = {
            "line": event.line, "from_time": span[0], "to_time": span[1],
            "measured": list(self.of_station[self.station[event.measure]]), "among": not is_other,
            "measures": list(self.station) if is_other else [event.measure],
        }  # fmt: skip
        return connection.execute(statement("faulty_cells"), asked).fetchall()
