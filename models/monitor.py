"""The monitor: follows the ledger, keeps the charts, writes what they say.

One step reads the new rows of some ledger batches, updates the charts and commits anomalies,
charts and the monitor's place in the ledger in one transaction: whatever stops it in between, no
point is missed and none counts twice. Points enter a chart in the order of the ledger, within a
batch in that of time; late points are scored when they come. Sums are exact (`models.spc.cusum`),
so it does not matter how many batches one step takes.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from models import chart_store
from models.baseline import MIN_POINTS
from models.charted import ChartedTable, arl0_of_lines, charted_tables
from models.charts import Alarm, Batch, ChartKey, Charts
from models.monitor_baselines import apply_promoted
from models.monitor_windows import spans_of, windows
from models.results import Results, read_results
from models.suspects import look_again, write_suspects
from plant.model import Plant
from plant.times import format_time_us
from storage.connect import Connection
from storage.ledger import LedgerBatch, advance, follow
from storage.schema import missing_columns

log = logging.getLogger("jellyroll.models")

FOLLOWER = "monitor"
#: Notified with each commit that brings anomalies.
CHANNEL = "jellyroll_anomaly"
#: A step takes batches up to so many values, or one: it bounds memory, about 250 bytes a value.
MAX_VALUES = 400_000
_POSITIONS, _RECIPES = 1 << 16, 1 << 8


class MonitorError(Exception):
    """The monitor cannot work on this database; the text says what to do."""


def check_database(connection: Connection, plant: Plant) -> None:
    """Raise `MonitorError` if the database is not that of *plant*."""
    if missing := missing_columns(connection, plant):
        shown = ", ".join(missing[:3]) + (", ..." if missing[3:] else "")
        raise MonitorError(
            f"the database lacks {shown}; run `jellyroll migrate` with the same --plant first"
        )


class Progress(NamedTuple):
    """What was done: batches, values and baselines are counted, as are alarms begun and ended."""

    batches: int = 0
    values: int = 0
    baselines: int = 0
    alarms_on: int = 0
    alarms_off: int = 0

    def plus(self, *others: Progress) -> Progress:
        """Return the sum of all."""
        return Progress(*map(sum, zip(self, *others, strict=True)))


class Monitor:
    """Scores what the ledger of one database brings; *baseline_points* make a chart's baseline.

    Raise `ValueError` for fewer than `MIN_POINTS`.
    """

    def __init__(self, plant: Plant, baseline_points: int) -> None:
        if baseline_points < MIN_POINTS:
            raise ValueError(f"a baseline needs at least {MIN_POINTS} points")
        self._plant = plant
        self._baseline_points = baseline_points
        self._tables, self.uncharted = charted_tables(plant, baseline_points)
        self.arl0 = arl0_of_lines(plant, self._tables)
        self._charts = Charts(baseline_points, self.arl0)
        # What names no recipe is of the first one.
        self._recipes = tuple(plant.recipes) or ("",)
        self._refused: set[int] = set()

    def attach(self, connection: Connection) -> None:
        """Take the charts' state from the database; to be called for each new *connection*.

        Raise `MonitorError` if the database is not that of the plant model.
        """
        check_database(connection, self._plant)
        chart_store.prepare(connection)
        self._charts = Charts(self._baseline_points, self.arl0)
        chart_store.load(connection, self._plant, self._charts)

    def step(self, connection: Connection) -> Progress:
        """Do what is pending, or the first part of it; no batches in the result: none was.

        After an exception the charts in memory are ahead of the database: `attach` again.
        """
        with connection.transaction():
            if apply_promoted(connection, self._plant, self._charts, self._refused):
                connection.execute(f"NOTIFY {CHANNEL}")
        with connection.transaction():
            batches = self._first_part(follow(connection, FOLLOWER))
            if not batches:
                return Progress()
            batch = self._read(connection, batches)
            progress = self._apply(connection, batch) if batch else Progress()
            newest = max((s.to_time for b in batches for s in b.spans), default=None)
            if newest is not None:
                look_again(connection, self._plant, newest)
            advance(connection, FOLLOWER, batches[-1].xid)
        return progress._replace(batches=len(batches))

    def _first_part(self, batches: Sequence[LedgerBatch]) -> Sequence[LedgerBatch]:
        """Return the batches that fit into one step, at least one of them."""
        values = 0
        for count, batch in enumerate(batches):
            values += sum(
                span.rows * len(self._tables[span.table_name].characteristics)
                for span in batch.spans
                if span.table_name in self._tables
            )
            if values > MAX_VALUES and count:
                return batches[:count]
        return batches

    def _read(self, connection: Connection, batches: Sequence[LedgerBatch]) -> Batch | None:
        pieces = []
        for charted in self._tables.values():
            spans = spans_of(batches, charted.table)
            if not spans:
                continue
            results = read_results(
                connection,
                charted.table,
                charted.characteristics,
                charted.machines,
                self._recipes,
                batches=[batch for batch, _ in spans],
                spans=windows(connection, charted.table, spans),
            )
            pieces += list(self._by_chart(charted, results))
        if not pieces:
            return None
        chart, length, value, time_us = (np.concatenate(p) for p in zip(*pieces, strict=True))
        return Batch(chart, np.cumsum(length) - length, value, time_us)

    def _by_chart(self, charted: ChartedTable, results: Results) -> Iterator[Batch]:
        """Yield each characteristic's points, with lengths in place of starts."""
        if not len(results.time_us):
            return
        place = (results.machine * _POSITIONS + results.position) * _RECIPES + results.recipe
        first = np.flatnonzero(np.diff(place, prepend=-1))
        present = np.isfinite(results.values)
        lengths = np.add.reduceat(present, first, axis=0, dtype=np.int64)
        places = [
            (charted.machines[results.machine[at]], int(results.position[at]) or None,
             self._recipes[results.recipe[at]])
            for at in first
        ]  # fmt: skip
        for column, characteristic in enumerate(charted.characteristics):
            has = lengths[:, column] > 0
            numbers = [
                self._number(ChartKey(machine, position, characteristic, recipe))
                for machine, position, recipe in itertools.compress(places, has)
            ]
            if numbers:
                rows = present[:, column]
                yield Batch(
                    np.array(numbers, dtype=np.int64),
                    lengths[has, column],
                    results.values[rows, column],
                    results.time_us[rows],
                )

    def _number(self, key: ChartKey) -> int:
        number = self._charts.number.get(key)
        if number is None:
            number = self._charts.add(key, chart_store.usual_sd(self._plant, key))
        return number

    def _apply(self, connection: Connection, batch: Batch) -> Progress:
        outcome = self._charts.update(batch)
        begun = chart_store.save(connection, self._plant, self._charts, outcome)
        write_suspects(connection, self._plant, begun)
        if outcome.alarms:
            connection.execute(f"NOTIFY {CHANNEL}")
        if outcome.learnt:
            log.info("%d baselines learnt", len(outcome.learnt))
        for alarm in outcome.alarms:
            log.info("%s", self._describe(alarm))
        on = sum(alarm.is_on for alarm in outcome.alarms)
        return Progress(0, len(batch.value), len(outcome.learnt), on, len(outcome.alarms) - on)

    def _describe(self, alarm: Alarm) -> str:
        key = self._charts.keys[alarm.chart]
        position = f" position {key.position}" if key.position else ""
        return (
            f"{key.equipment}{position} {key.characteristic} {'high' if alarm.is_high else 'low'}"
            f" {'on' if alarm.is_on else 'off'}: {alarm.value:.6g} instead of {alarm.expected:.6g}"
            f" since {format_time_us(alarm.since_us)}"
        )
