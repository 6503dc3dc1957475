"""How fast the monitor is: one line at its real rates, from the row to the anomaly.

Rows are written straight into the database with their ledger lines, as ingest would, second by
second; nothing else runs but the monitor. Faults of all results of welding and sealing, and of one
signal of each winder, begin at times of their own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.processes import cpu_s, peak_memory_mb
from models import registry
from models.baseline import MIN_POINTS
from models.charted import charted_tables
from models.follow import catch_up
from models.monitor import Monitor
from models.monitor_signals import SignalMonitor
from models.station.classic import T2Detector
from models.train import train
from plant.frames import Frame, block
from plant.load import load_plant
from plant.model import Equipment, Plant
from plant.tables import Kind
from plant.times import from_us, to_us
from stack.services import Services
from storage.connect import Connection, connect
from storage.copy import copy_frame
from storage.ledger import CHANNEL, Entry, Span, draw_id, write_entry
from storage.migrate import migrate

_S = 1_000_000
#: Seconds of history to train on, in steps of ten, and cells for the baselines of the charts.
_HISTORY_S, _HISTORY_STEP_S, _CELLS = 7_200, 10, 6_200
#: Seconds without a fault at first, and for which the end is waited for at most.
_HEALTHY_S, _PATIENCE_S = 15, 120.0
_FAULTS = ("welding", "sealing")
_FAULTY_SIGNAL = ("winding", "web_speed")
_FAULT_SD = 12.0


@dataclass(frozen=True)
class MonitorResult:
    """Times are in seconds, rates per second; latency is from commit to the anomaly's row.

    *results_fed* and *results_scored* count results of cells, those of the history too, that were
    written and that the charts took in: they are equal, or the monitor has missed some.
    """

    seconds: float
    values_per_s: float
    cells_per_s: float
    cores_monitor: float
    peak_memory_mb: float
    results_fed: int
    results_scored: int
    anomalies: int
    latency_p50_s: float | None
    latency_p99_s: float | None
    latency_max_s: float | None
    behind_s: float
    catch_up_values_per_s: float
    t2_rows_per_s: float
    load_before: float


def batch_t2(rows: int = 1_000_000, signals: int = 20) -> float:
    """Return the rows a second that T2 of *signals* takes, on one core."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(signals, signals))
    detector = T2Detector.fit([random.normal(size=(5_000, signals)) @ mixing])
    chosen = random.normal(size=(rows, signals)) @ mixing
    begin = time.process_time()
    detector.statistic(chosen)
    return rows / (time.process_time() - begin)


class LineFeed:
    """Writes one line's samples and results into a database, healthy but for the faults."""

    def __init__(self, plant: Plant, line: str) -> None:
        self._plant = plant
        self._line = line
        self._random = np.random.default_rng(1)
        self._cell = 0
        self._charted, _ = charted_tables(plant, MIN_POINTS)
        #: Results of cells so far that there are charts for.
        self.results = 0

    def samples(self, from_us: int, to_us: int, step_us: int, *, faulty: bool) -> Iterator[Frame]:
        """Yield the samples of all watched machines from a time until before another."""
        for (kind, name), table in self._plant.tables.items():
            station = self._plant.stations[name]
            if kind is not Kind.TELEMETRY or station.monitor.detector == "none":
                continue
            machines = self._plant.equipment_at(self._line, name)
            fastest = max(signal.rate_hz for signal in station.signals.values())
            step = max(step_us, round(_S / fastest))
            times = np.arange(-(-from_us // step) * step, to_us, step)
            if not len(times):
                continue
            rows = len(times) * len(machines)
            all_times = np.repeat(times, len(machines))
            values = []
            for signal in station.signals:
                model = station.signals[signal]
                width = station.positions.count if model.per_position and station.positions else 0
                column = model.nominal + model.sd * self._random.normal(size=(rows, width or 1))
                if faulty and (name, signal) == _FAULTY_SIGNAL:
                    column += _FAULT_SD * model.sd
                column[all_times % round(_S / model.rate_hz) >= step] = np.nan
                values.append(column if width else column[:, 0])
            names: list[str | None] = [machine.name for _ in times for machine in machines]
            yield block(table, ("time", "equipment", *station.signals), (all_times, names, *values))

    def cells(self, times_us: npt.NDArray[np.int64], faults: dict[str, float]) -> Iterator[Frame]:
        """Yield the results of a cell at each of *times_us*, at every charted station.

        *faults* is how many sd a station's results are off.
        """
        numbers = np.arange(self._cell, self._cell + len(times_us))
        self._cell += len(times_us)
        for (kind, name), table in self._plant.tables.items():
            if kind is not Kind.CELL or name in {"formation", "ageing", "end_of_line"}:
                continue
            station = self._plant.stations[name]
            machines: tuple[Equipment, ...] = self._plant.equipment_at(self._line, name)
            positions = station.positions.count if station.positions else 0
            of = [machines[n % len(machines)].name for n in numbers.tolist()]
            columns = {"time": times_us, "cell": [f"B{n:09}" for n in numbers], "equipment": of}
            if positions:
                columns["position"] = (numbers // len(machines) % positions + 1).astype(np.float64)
            for result, model in station.results.items():
                noise = self._random.normal(size=len(numbers)) + faults.get(name, 0.0)
                columns[result] = model.nominal + model.sd * noise
            if str(table) in self._charted:
                self.results += len(numbers) * len(self._charted[str(table)].characteristics)
            yield block(table, tuple(columns), tuple(columns.values()))  # type: ignore[arg-type]


def measure(services: Services, plant_file: Path, seconds: float, load: float) -> MonitorResult:
    """Measure the monitor on the first line of the plant of *plant_file* for *seconds*."""
    plant = load_plant(plant_file)
    migrate(services.database, plant)
    feed = LineFeed(plant, plant.production.lines[0])
    with connect(services.database, application="bench", autocommit=True) as connection:
        begin_us = to_us(datetime.now(UTC)) + 60 * _S
        caught_up = _prepare(services.database, connection, plant, feed, begin_us)
        monitor = services.start(
            "monitor", "monitor", "--database", services.database, "--plant", str(plant_file),
            "--baseline-points", str(MIN_POINTS),
        )  # fmt: skip
        _wait(connection)
        before, values, start = cpu_s(monitor.pid), 0, time.monotonic()
        for second in range(int(seconds)):
            at_us = begin_us + second * _S
            is_faulty = second >= _HEALTHY_S
            cells = np.arange(at_us, at_us + _S, round(_S / plant.production.cells_per_second))
            off = dict.fromkeys(_FAULTS, _FAULT_SD) if is_faulty else {}
            frames = [
                *feed.samples(at_us, at_us + _S, 0, faulty=is_faulty), *feed.cells(cells, off),
            ]  # fmt: skip
            values += _commit(connection, frames)
            time.sleep(max(0.0, start + second + 1 - time.monotonic()))
        spent, passed = cpu_s(monitor.pid) - before, time.monotonic() - start
        behind = _wait(connection)
        rows = connection.execute(_LATENCIES, (from_us(begin_us),)).fetchall()
        latencies = [latency for (latency,) in rows]
        points = connection.execute("SELECT sum(points)::bigint FROM analysis.chart").fetchone()
        services.check()
        return MonitorResult(
            seconds=passed,
            values_per_s=values / passed,
            cells_per_s=plant.production.cells_per_second,
            cores_monitor=spent / passed,
            peak_memory_mb=peak_memory_mb(monitor.pid),
            results_fed=feed.results,
            results_scored=int(points[0] or 0) if points else 0,
            anomalies=len(latencies),
            latency_p50_s=_quantile(latencies, 0.5),
            latency_p99_s=_quantile(latencies, 0.99),
            latency_max_s=_quantile(latencies, 1.0),
            behind_s=behind,
            catch_up_values_per_s=caught_up,
            t2_rows_per_s=batch_t2(),
            load_before=load,
        )


def _quantile(values: Sequence[float], part: float) -> float | None:
    return float(np.quantile(values, part)) if values else None


def _prepare(
    dsn: str, connection: Connection, plant: Plant, feed: LineFeed, begin_us: int
) -> float:
    """Feed a history, train on it and let the charts learn; return the values a second of that."""
    first_us = begin_us - _HISTORY_S * _S
    for at_us in range(first_us, begin_us, 600 * _S):
        _commit(
            connection,
            list(feed.samples(at_us, at_us + 600 * _S, _HISTORY_STEP_S * _S, faulty=False)),
        )
    times_us = np.linspace(first_us, begin_us - _S, _CELLS).astype(np.int64)
    for part in np.array_split(times_us, 20):
        _commit(connection, list(feed.cells(part, {})))
    window = from_us(first_us), from_us(begin_us)
    for trained in train(dsn, plant, window, only=[plant.production.lines[0]]):
        for model in trained.models:
            registry.promote(connection, registry.register(connection, model))
    begin = time.perf_counter()
    done = catch_up(dsn, Monitor(plant, MIN_POINTS), SignalMonitor(plant, flush_s=0.0))
    return done.values / (time.perf_counter() - begin)


def _commit(connection: Connection, frames: Sequence[Frame]) -> int:
    """Write *frames* as one batch of the ledger; return its values."""
    with connection.transaction():
        number = draw_id(connection)
        copied = [(frame, copy_frame(connection, frame, number)) for frame in frames]
        spans = tuple(
            Span(str(frame.table), frame.rows, its.from_time, its.to_time) for frame, its in copied
        )
        rows, values = sum(frame.rows for frame in frames), sum(its.values for _, its in copied)
        entry = Entry(number, "bench", datetime.now(UTC), len(frames), rows, values, 0, 0, spans)
        write_entry(connection, entry)
        connection.execute(f"NOTIFY {CHANNEL}")
    return values


def _wait(connection: Connection) -> float:
    """Wait until both followers have read all; return for how many seconds."""
    begin = time.monotonic()
    while time.monotonic() - begin < _PATIENCE_S:
        row = connection.execute(_BEHIND).fetchone()
        if row and row[0] == 2:
            break
        time.sleep(0.05)
    return time.monotonic() - begin


_BEHIND = """SELECT count(*) FROM ingest.cursor
              WHERE follower IN ('monitor', 'signals-ahead')
                AND xid >= (SELECT max(xid) FROM ingest.batch)"""
#: A row is there when its batch is committed; the batch of a row is told by its time.
_LATENCIES = """
    SELECT extract(epoch FROM a.detected_at - min(b.committed_at))::double precision
      FROM analysis.anomaly AS a
      JOIN ingest.batch_span AS s ON a.time BETWEEN s.from_time AND s.to_time
       AND s.table_name IN ('cell.' || a.station, 'telemetry.' || a.station)
      JOIN ingest.batch AS b ON b.id = s.batch
     WHERE a.state = 'on' AND a.time >= %s
     GROUP BY a.id"""
