"""The monitor of signals: follows the ledger, asks each machine's model, writes what it says.

A step takes new samples into the memories of their machines. These are written, with the place in
the ledger and the anomalies, in one transaction: at once when there is an alarm, else each 20
seconds. Whatever stops it in between, the samples since then are read again and give the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import date, datetime

import numpy as np

from models import monitor_signals_store as store
from models.anomaly_store import AnomalyRow, write_anomalies
from models.monitor import CHANNEL, Progress, check_database
from models.monitor_states import NOTHING_KNOWN, States, read_states
from models.monitor_windows import spans_of, windows
from models.results import Results, read_samples
from models.station import memory as memories
from models.station.persist import ModelFileError
from models.station.watch import Edge, Rows, Seen, release, watch
from models.suspects import write_suspects
from models.watched import Group, groups
from plant.model import Plant
from plant.tables import Table
from plant.times import format_time_us, from_us
from storage.connect import Connection
from storage.ledger import LedgerBatch, advance, follow

log = logging.getLogger("jellyroll.models")

#: The place up to which memories are written, and the one up to which they are in the process.
FOLLOWER, _AHEAD = "signals", "signals-ahead"
#: Seconds between writes of the memories, and between steps: a step has its cost.
FLUSH_S, _STEP_S = 20.0, 1.0
MAX_VALUES = 2_000_000


class SignalMonitor:
    """A stage of the monitor (`models.follow.Stage`) for the samples of machines.

    *flush_s* is how long memories may be ahead of the database; 0 for work that is done once.
    """

    def __init__(self, plant: Plant, flush_s: float = FLUSH_S) -> None:
        self._plant = plant
        self._flush_s = flush_s
        self._groups = groups(plant)
        self._default = next(iter(plant.recipes), "")
        self._forget()

    def _forget(self) -> None:
        self._models: dict[tuple[str, str, str], store.Active] = {}
        self._loaded: set[int] = set()
        self._watched: dict[str, store.Watched] = {}
        self._states: dict[str, States] = {}
        self._states_from: datetime | None = None
        self._days: dict[tuple[int, date], store.Day] = {}
        self._changed: set[str] = set()
        self._xid = 0
        self._flushed_at = self._next = time.monotonic()

    def attach(self, connection: Connection) -> None:
        """Take models and memories from the database; raise `MonitorError` if it lacks tables."""
        check_database(connection, self._plant)
        self._forget()
        with connection.transaction():
            store.rewind(connection, FOLLOWER, _AHEAD)
            self._watched = store.load_watched(connection)

    def step(self, connection: Connection) -> Progress:
        """Do what is pending, or the first part of it; no batches in the result: none was."""
        if self._flush_s and time.monotonic() < self._next:
            return Progress()
        with connection.transaction():
            batches = self._first_part(follow(connection, _AHEAD))
            progress = self._take(connection, batches) if batches else Progress()
            is_due = time.monotonic() - self._flushed_at >= self._flush_s
            if self._xid and (progress.alarms_on or progress.alarms_off or is_due):
                self._flush(connection)
        if not batches:
            self._next = time.monotonic() + _STEP_S
        return progress

    def _first_part(self, batches: Sequence[LedgerBatch]) -> Sequence[LedgerBatch]:
        widths = {str(group.table): len(group.columns) for group in self._groups}
        values = 0
        for count, batch in enumerate(batches):
            values += sum(span.rows * widths.get(span.table_name, 0) for span in batch.spans)
            if values > MAX_VALUES and count:
                return batches[:count]
        return batches

    def _take(self, connection: Connection, batches: Sequence[LedgerBatch]) -> Progress:
        self._refresh(connection)
        rows: list[AnomalyRow] = []
        values = 0
        for group in self._groups:
            if not any((group.line, group.name, r) in self._models for r in self._recipes()):
                continue
            spans = spans_of(batches, group.table)
            if not spans:
                continue
            first = min(s.from_time for _, s in spans)
            is_news = any(s.table_name == "machine.state" for b in batches for s in b.spans)
            self._read_states(connection, first, is_news=is_news)
            samples = read_samples(
                connection,
                group.table,
                group.columns,
                group.machines,
                batches=[batch for batch, _ in spans],
                spans=windows(connection, group.table, spans, self._writers(group.table)),
            )
            values += int(np.isfinite(samples.values).sum())
            rows += self._by_machine(group, samples)
        self._xid = batches[-1].xid
        advance(connection, _AHEAD, self._xid)
        if rows:
            write_suspects(connection, self._plant, write_anomalies(connection, rows))
            connection.execute(f"NOTIFY {CHANNEL}")
        on = sum(row.state == "on" for row in rows)
        return Progress(len(batches), values, 0, on, len(rows) - on)

    def _writers(self, table: Table) -> list[str]:
        """Return all machines whose samples are in *table*."""
        return [m.name for m in self._plant.equipment.values() if m.station == table.name]

    def _recipes(self) -> tuple[str, ...]:
        return tuple(self._plant.recipes) or ("",)

    def _refresh(self, connection: Connection) -> None:
        """Load what has become active."""
        active = store.active_ids(connection)
        if active == self._loaded:
            return
        self._loaded = active
        self._models = {}
        for number in sorted(active):
            try:
                model = store.load_model(connection, number)
            except ModelFileError as error:
                log.warning("model %d is not used: it %s", number, error)
                continue
            self._models[model.line, model.group, model.recipe] = model
        log.info("%d models of signals", len(self._models))

    def _read_states(self, connection: Connection, first: datetime, *, is_news: bool) -> None:
        """Know what the machines did from *first* on."""
        if self._states_from is not None and not is_news and first >= self._states_from:
            return
        machines = [machine for group in self._groups for machine in group.machines]
        self._states = read_states(connection, machines, first, self._default)
        self._states_from = first

    def _by_machine(self, group: Group, samples: Results) -> list[AnomalyRow]:
        found: list[AnomalyRow] = []
        starts = np.flatnonzero(np.diff(samples.machine, prepend=-1))
        for low, high in zip(starts, [*starts[1:], len(samples.machine)], strict=True):
            machine = group.machines[samples.machine[low]]
            states = self._states.get(machine, NOTHING_KNOWN)
            time_us = samples.time_us[low:high]
            recipes = states.recipe(time_us, self._default)
            cuts = [at for at in range(1, len(recipes)) if recipes[at] != recipes[at - 1]]
            for a, b in zip([0, *cuts], [*cuts, len(recipes)], strict=True):
                part = Rows(time_us[a:b], samples.values[low + a : low + b])
                found += self._one(group, machine, recipes[a], part, states)
        return found

    def _one(
        self, group: Group, machine: str, recipe: str, rows: Rows, states: States
    ) -> list[AnomalyRow]:
        """Ask the model of *recipe* about *rows* of *machine*."""
        active = self._models.get((group.line, group.name, recipe))
        watched = self._watched.get(machine)
        is_other = watched is not None and (active is None or watched.active.id != active.id)
        if watched is not None and is_other and rows.time_us[-1] < watched.newest_us:
            return []  # late, and of a recipe that the machine no longer makes
        if active is None:
            return []
        edges: list[tuple[store.Active, Edge]] = []
        if watched is None or is_other:
            if watched is not None:
                ends = release(watched.memory, int(rows.time_us[0]))
                edges += [(watched.active, edge) for edge in ends]
            watched = store.Watched(active, memories.new(len(active.model.columns)))
            self._watched[machine] = watched
        chosen = Rows(rows.time_us, rows.values[:, active.pick(group.columns)])
        seen = watch(active.model, machine, watched.memory, chosen, states.run)
        self._count(active, seen)
        self._changed.add(machine)
        edges += [(active, edge) for edge in seen.edges]
        found = [store.anomaly(self._plant, its, machine, edge) for its, edge in edges]
        for row in found:
            log.info("%s", _describe(row))
        return found

    def _count(self, active: store.Active, seen: Seen) -> None:
        """Add what was seen to the figures of its days."""
        days = seen.time_us // 86_400_000_000
        for day in np.unique(days).tolist():
            own = days == day
            key = active.id, from_us(day * 86_400_000_000).date()
            counted = self._days.setdefault(key, store.Day(len(active.model.columns)))
            counted.add(active.model, seen, own)
        alarms = sum(edge.is_on for edge in seen.edges)
        if alarms:
            day_of = from_us(seen.edges[0].time_us).date()
            counted = self._days.setdefault(
                (active.id, day_of), store.Day(len(active.model.columns))
            )
            counted.alarms += alarms

    def _flush(self, connection: Connection) -> None:
        """Write memories and figures, and that all up to here is in them."""
        store.save(
            connection,
            {machine: self._watched[machine] for machine in self._changed},
            self._days,
        )
        advance(connection, FOLLOWER, self._xid)
        self._changed.clear()
        self._days.clear()
        self._flushed_at = time.monotonic()
        self._xid = 0


def _describe(row: AnomalyRow) -> str:
    position = f" position {row.position}" if row.position else ""
    text = f"{row.equipment}{position} {row.characteristic} {row.state}"
    signals = ", ".join(f"{c['signal']} {c['share']:.0%}" for c in row.contributions[:3])
    since = format_time_us(round(row.since.timestamp() * 1e6))
    return f"{text} since {since}" + (f": {signals}" if signals else "")
