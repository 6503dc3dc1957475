"""Machine samples: every signal at its own rate, or thinned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from plant.model import Equipment, Plant
from plant.signals import Signal
from plant.tables import Kind
from plant.topics import topic_of
from simulator.faults_severity import saw
from simulator.faults_signals import SignalFaults
from simulator.formation import CURVE_DECIMALS, TrayCurve
from simulator.message import MOST_ROWS, MOST_VALUES, Message, Window, dump, encode
from simulator.noise import Floats, Ints, Noise
from simulator.physics import MAY_BE_NEGATIVE, is_counter
from simulator.rounding import decimals

#: Thinned, a machine with more values in a row than this samples as many times more rarely.
_NARROW = 32
#: A machine that samples no faster than this does it at a moment of its own, to spread the load.
_SLOW_MS = 2_000
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class _Column:
    """One signal of one machine, and the columns of the noise that are its own."""

    name: str
    signal: Signal
    period_ms: int
    noise: slice

    def values(self, normals: Floats, times_ms: Ints, number: int) -> Floats:
        """Return the signal at *times_ms*: (rows,), or (rows, positions) when per position."""
        if is_counter(self.signal):
            # A day is assumed for every counter; each machine starts it at another time.
            turn = saw(times_ms, _DAY_MS, number)
            return np.round(2 * self.signal.nominal * turn, decimals(self.signal.sd))
        own = normals[:, self.noise] if self.signal.per_position else normals[:, self.noise.start]
        value = self.signal.nominal + self.signal.sd * own
        if self.signal.nominal > 0 and self.signal.unit not in MAY_BE_NEGATIVE:
            value = np.maximum(value, 0.0)
        return np.round(value, decimals(self.signal.sd))


class Machine:
    """What one machine, one of *peers* like it, publishes of its signals."""

    def __init__(
        self, plant: Plant, machine: Equipment, peers: int, seed: int, curve: TrayCurve | None
    ) -> None:
        station = plant.stations[machine.station]
        positions = station.positions.count if station.positions else 1
        self._topic = topic_of(plant, machine, Kind.TELEMETRY)
        self._table = plant.tables[Kind.TELEMETRY, machine.station]
        self._number = machine.number
        self._share = (machine.number - 1) / peers
        self._curve = curve
        self._machine = machine
        self._seed = (seed, machine.name)
        columns, width = [], 0
        for name in station.signals:
            signal = station.signal_of(machine.group, name)
            count = positions if signal.per_position else 1
            period = max(1, round(1000 / signal.rate_hz))
            columns.append(_Column(name, signal, period, slice(width, width + count)))
            width += count
        self._columns = columns
        self._signals = {column.name: column.signal for column in columns}
        self._decimals = {
            name: CURVE_DECIMALS.get(name, decimals(signal.sd)) if curve else decimals(signal.sd)
            for name, signal in self._signals.items()
        }
        self._width = width
        self._own_ms = min(column.period_ms for column in columns)
        self._streams: dict[int, Noise] = {}

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the samples that are due within *window*."""
        step = self._step_ms(window.thinned_ms)
        offset = int(self._share * step) if step >= _SLOW_MS else 0
        first = -(-(window.from_ms - offset) // step)
        end = -(-(window.to_ms - offset) // step)
        most = max(1, min(MOST_ROWS, MOST_VALUES // self._width))
        faults = SignalFaults.of(self._machine, self._signals, self._decimals, window.faults)
        for at in range(first, end, most):
            yield self._message(at, min(most, end - at), step, offset, faults)

    def _step_ms(self, thinned_ms: int | None) -> int:
        if thinned_ms is None:
            return self._own_ms
        return max(self._own_ms, thinned_ms * -(-self._width // _NARROW))

    def _message(
        self, first: int, rows: int, step: int, offset: int, faults: SignalFaults | None
    ) -> Message:
        times = np.arange(first, first + rows, dtype=np.int64) * step + offset
        values = self._values(first, rows, step, offset)
        if faults is not None:
            values = faults.applied(
                values, times, lambda ms: self._values(-(-(ms - offset) // step), 1, step, offset)
            )
        objects, count = self._by_what_is_due(times, step, values)
        payload = dump(objects[0] if len(objects) == 1 else objects)
        return Message(self._topic, payload, self._table, rows, count)

    def _values(self, first: int, rows: int, step: int, offset: int) -> dict[str, Floats]:
        """Return the healthy values of samples *first* to *first* + *rows* of one each *step*."""
        times = np.arange(first, first + rows, dtype=np.int64) * step + offset
        if step not in self._streams:
            self._streams[step] = Noise(*self._seed, step, width=self._width)
        normals = self._streams[step].normals(first, rows)
        values: dict[str, Floats] = {}
        if self._curve is not None:
            values = self._curve.values(times, self._number, normals)
        for column in self._columns:
            if column.name not in values:
                values[column.name] = column.values(normals, times, self._number)
        return values

    def _by_what_is_due(
        self, times: Ints, step: int, values: dict[str, Floats]
    ) -> tuple[list[dict[str, Any]], int]:
        """Return one object for the rows of each set of signals that are due together."""
        slower = sorted({c.period_ms for c in self._columns if c.period_ms > step})
        pattern = np.zeros(len(times), dtype=np.int64)
        for bit, period in enumerate(slower):
            pattern |= (times // period != (times - step) // period).astype(np.int64) << bit
        objects, count = [], 0
        for code in np.unique(pattern).tolist():
            rows = np.flatnonzero(pattern == code)
            document: dict[str, Any] = {"ts": times[rows]}
            for column in self._columns:
                late = column.period_ms > step
                if late and not code >> slower.index(column.period_ms) & 1:
                    continue
                document[column.name] = values[column.name][rows]
                count += int(np.count_nonzero(~np.isnan(document[column.name])))
            if len(document) > 1:
                objects.append(encode(document, len(rows)))
        return objects, count
