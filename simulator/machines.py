"""Machine samples: every signal at its own rate, or thinned.

Healthy signals of the web come from `simulator.web`, of trays from their curve; all others are the
nominal of the recipe and a deviation that `simulator.character` makes out of noise. A counter runs
up as the tool is used, or with time.

A machine that does not execute shows it: drives stand (`_STANDING`), gauges of the web see none and
have no value, rooms and temperatures stay as they are. After maintenance and changeovers signals
are off at first, by up to 2.5 standard deviations, and settle with three minutes (A).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plant.model import Equipment, Plant
from plant.signals import Signal
from plant.tables import Kind
from plant.topics import topic_of
from simulator.character import Character
from simulator.faults import Fault
from simulator.faults_signals import SignalFaults
from simulator.formation import CURVE_DECIMALS, TrayCurve
from simulator.message import MOST_ROWS, MOST_VALUES, Message, Window, dump, encode
from simulator.noise import Floats, Ints, Noise
from simulator.physics import MAY_BE_NEGATIVE, is_counter
from simulator.rounding import decimals
from simulator.timeline import Timeline
from simulator.web import WebSignals

#: Thinned, a machine with more values in a row than this samples as many times more rarely.
_NARROW = 32
#: A machine that samples no faster than this does it at a moment of its own, to spread the load.
_SLOW_MS = 2_000

#: What is left of the nominal of what is driven when a machine stands, by its unit; a mixer's
#: motor and a web's drive hold, coolant goes on.
_STANDING: Mapping[str, float] = {
    "m/min": 0.0, "L/min": 0.0, "N.m": 0.0, "kN/m": 0.0, "kW": 0.1, "N": 0.3,
}  # fmt: skip
_GOES_ON = frozenset({"cooling_flow"})
_SETTLE_TAU_MS, _SETTLE_MS, _SETTLE_SD = 180_000, 900_000, 2.5


@dataclass(frozen=True, slots=True)
class _Column:
    """One signal of one machine, and the columns of the noise that are its own."""

    name: str
    signal: Signal
    period_ms: int
    noise: slice


class Machine:
    """What one machine, one of *peers* like it, publishes of its signals.

    *plants* has the plant for each recipe that the line makes, *recipes_at* tells for each time
    which of them this machine works for, *worn* how far gone its tool is, 0 to 1.
    """

    def __init__(
        self,
        plants: Sequence[Plant],
        machine: Equipment,
        *,
        peers: int,
        seed: int,
        curve: TrayCurve | None,
        timeline: Timeline,
        recipes_at: Callable[[Ints], Ints],
        worn: Callable[[Ints], Floats],
    ) -> None:
        plant = plants[0]
        station = plant.stations[machine.station]
        positions = station.positions.count if station.positions else 1
        self._topic = topic_of(plant, machine, Kind.TELEMETRY)
        self._table = plant.tables[Kind.TELEMETRY, machine.station]
        self._number = machine.number
        self._share = (machine.number - 1) / peers
        self._curve = curve
        self._machine = machine
        self._seed = (seed, machine.name)
        self._timeline = timeline
        self._recipes_at = recipes_at
        self._worn = worn
        columns, width = [], 0
        for name in station.signals:
            signal = station.signal_of(machine.group, name)
            count = positions if signal.per_position else 1
            period = max(1, round(1000 / signal.rate_hz))
            columns.append(_Column(name, signal, period, slice(width, width + count)))
            width += count
        self._columns = columns
        self._signals = [
            {c.name: p.stations[machine.station].signal_of(machine.group, c.name) for c in columns}
            for p in plants
        ]
        self._webs = [WebSignals.of(p, machine, seed, timeline.pace) for p in plants]
        self._decimals = {
            c.name: CURVE_DECIMALS.get(c.name, decimals(c.signal.sd))
            if curve
            else decimals(c.signal.sd)
            for c in columns
        }
        self._width = width
        self._own_ms = min(column.period_ms for column in columns)
        self._streams: dict[int, Noise] = {}
        self._of_web: set[str] = set()
        self._counters = {c.name for c in columns if is_counter(c.signal)}
        self._curved = frozenset(CURVE_DECIMALS if curve else ())
        shape = [(c.name, c.signal, c.noise.stop - c.noise.start) for c in columns]
        self._character = (
            None
            if self._curved.issuperset(c.name for c in columns)
            else Character(self._seed, shape, worn)
        )

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the samples that are due within *window*."""
        step = self._step_ms(window.thinned_ms)
        offset = int(self._share * step) if step >= _SLOW_MS else 0
        first = -(-(window.from_ms - offset) // step)
        end = -(-(window.to_ms - offset) // step)
        most = max(1, min(MOST_ROWS, MOST_VALUES // self._width))
        for at in range(first, end, most):
            yield self._message(at, min(most, end - at), step, offset, window.faults)

    def _step_ms(self, thinned_ms: int | None) -> int:
        if thinned_ms is None:
            return self._own_ms
        return max(self._own_ms, thinned_ms * -(-self._width // _NARROW))

    def _message(
        self, first: int, rows: int, step: int, offset: int, faults: tuple[Fault, ...]
    ) -> Message:
        times = np.arange(first, first + rows, dtype=np.int64) * step + offset
        values = self._values(first, rows, step, offset, faults)
        signals = self._signals[int(self._recipes_at(times[:1])[0])]
        shown = SignalFaults.of(self._machine, signals, self._decimals, faults)
        if shown is not None:
            values = shown.applied(
                values,
                times,
                lambda ms: self._values(-(-(ms - offset) // step), 1, step, offset, faults),
            )
        objects, count = self._by_what_is_due(times, step, values)
        payload = dump(objects[0] if len(objects) == 1 else objects)
        return Message(self._topic, payload, self._table, rows, count)

    def _values(
        self, first: int, rows: int, step: int, offset: int, faults: tuple[Fault, ...]
    ) -> dict[str, Floats]:
        """Return the values of samples *first* to *first* + *rows* of one each *step*.

        Healthy ones, but a tray shows the cells that it has, with what *faults* did to them.
        """
        times = np.arange(first, first + rows, dtype=np.int64) * step + offset
        if step not in self._streams:
            self._streams[step] = Noise(*self._seed, step, width=self._width)
        normals = self._streams[step].normals(first, rows)
        values: dict[str, Floats] = {}
        if self._curve is not None:
            values = self._curve.values(times, self._number, normals, faults)
        if self._character is None:
            return values
        deviations = self._character.deviations(normals, times)
        start = self._starting(times)
        recipes = self._recipes_at(times)
        made = np.unique(recipes).tolist()
        stands = self._timeline.stands(times)
        for column in self._columns:
            if column.name in values:
                continue
            value = self._value(column, made[0], times, deviations, start)
            for recipe in made[1:]:
                other = self._value(column, recipe, times, deviations, start)
                value = np.where(_like(recipes == recipe, value), other, value)
            if stands.any():
                value = np.where(_like(stands, value), self._standing(column, value), value)
            values[column.name] = value
        return values

    def _value(
        self, column: _Column, recipe: int, times: Ints, deviations: Floats, start: Floats | None
    ) -> Floats:
        """Return the signal while it runs: (rows,), or (rows, positions) when per position."""
        signal = self._signals[recipe][column.name]
        if column.name in self._counters:
            return np.round(2 * signal.nominal * self._worn(times), decimals(signal.sd))
        own: slice | int = column.noise if signal.per_position else column.noise.start
        web = self._webs[recipe]
        seen = web.values(column.name, times) if web is not None else None
        if seen is not None:
            self._of_web.add(column.name)
        value = signal.nominal + signal.sd * deviations[:, own] if seen is None else seen
        if start is not None:
            value = value + signal.sd * start[:, own]
        if signal.nominal > 0 and signal.unit not in MAY_BE_NEGATIVE:
            value = np.maximum(value, 0.0)
        return np.round(value, self._decimals[column.name])

    def _standing(self, column: _Column, value: Floats) -> Floats | float:
        """Return what the signal is while the machine does not execute, for what it would be."""
        if column.name in self._of_web:
            return np.nan
        part = _STANDING.get(column.signal.unit)
        if part is None or column.name in _GOES_ON or column.name in self._counters:
            return value
        return round(part * column.signal.nominal, self._decimals[column.name])

    def _starting(self, times: Ints) -> Floats | None:
        """Return how far signals are off after a start, in standard deviations; None if not."""
        off: Floats | None = None
        for span in self._timeline.spans(int(times[0]) - _SETTLE_MS, int(times[-1]) + 1):
            since = times - span.to_ms
            settling = (since >= 0) & (since < _SETTLE_MS)
            if span.state == "Starting" and settling.any():
                luck = Noise(*self._seed, "start", width=self._width)
                size = 2 * luck.uniforms(span.to_ms // 1000, 1) - 1
                fading = np.where(settling, np.exp(-since / _SETTLE_TAU_MS), 0.0)
                part = _SETTLE_SD * fading[:, None] * size
                off = part if off is None else off + part
        return off

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


def _like(rows: npt.NDArray[np.bool_], value: Floats) -> npt.NDArray[np.bool_]:
    """Return *rows* in a shape that goes with *value*."""
    return rows.reshape((-1,) + (1,) * (value.ndim - 1))
