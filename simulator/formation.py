"""The formation of a tray: the curves of the cells that stand in it, channel by channel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from plant.model import Plant
from simulator.faults import Fault
from simulator.formation_cell import CHARGE, DISCHARGE
from simulator.formation_cells import FormationCells
from simulator.formation_protocol import PROTOCOL_H, trace
from simulator.noise import Floats, Ints
from simulator.results import Results

#: The signals of the curve, with the decimals that their instruments give.
CURVE_DECIMALS = {"voltage": 4, "current": 4, "temperature": 2}
#: What the instruments add; a real cycler counts in steps of 0.08 mV.
_NOISE_V, _NOISE_A, _NOISE_CEL = 0.0001, 0.0002, 0.05
_MS_PER_H = 3_600_000


class _Stay(NamedTuple):
    """A batch in a tray place: its *first* cell, and when in ms.

    The place is free for it from *free_ms* on, and has it in [*from_ms*, *until_ms*). The protocol
    begins at *begin_ms*, and takes *stretch* times as long as it should.
    """

    first: int
    free_ms: int
    from_ms: int
    begin_ms: float
    until_ms: int
    stretch: float

    def hours(self, times_ms: Ints) -> Floats:
        """Return the hour of the protocol at *times_ms*."""
        since_ms = times_ms.astype(np.float64) - self.begin_ms
        return since_ms / (_MS_PER_H * self.stretch)


class TrayCurve:
    """The curves of the trays of one line's formation station *place*.

    A tray takes as many cells as it has channels, in the order of the line. Its protocol ends when
    the results of its first cell come, or, after a stop that kept it waiting for its last cell,
    with those of that one; then the next batch stands there. A line that winds faster than its
    trays can form has the curves run faster, too.
    """

    def __init__(self, results: Results, place: str) -> None:
        at = results.places[place]
        self._cells = FormationCells(results, place)
        self._pace = results.pace
        self._delay_ms = at.delay_ms
        self._channels = at.positions
        self._trays = len(at.machines)
        self._stays: dict[int, _Stay] = {}

    @classmethod
    def of(cls, results: Results, place: str) -> TrayCurve | None:
        """Return the curves of *place*, or None if the plant does not form cells on trays there."""
        if place not in results.places:
            return None
        station = results.places[place].station
        signals = [station.signals.get(name) for name in CURVE_DECIMALS]
        if not all(signal is not None and signal.per_position for signal in signals):
            return None
        if not {CHARGE, DISCHARGE} <= station.results.keys():
            return None
        return cls(results, place)

    def values(
        self, times_ms: Ints, tray: int, normals: Floats, faults: tuple[Fault, ...] = ()
    ) -> dict[str, Floats]:
        """Return voltage, current and temperature of *tray*, each (rows, channels).

        *times_ms* are in order, *normals* 3 x channels standard normal numbers for each row. An
        empty place has NaN. *faults* act through the results of the cells, from when they come.
        """
        came = sorted({fault.on_ms for fault in faults if fault.on_ms is not None})
        pieces, at = [], 0
        while at < len(times_ms):
            now_ms = int(times_ms[at])
            stay = self._stay(tray, now_ms)
            until_ms = min([stay.until_ms, *(on_ms for on_ms in came if on_ms > now_ms)])
            end = int(np.searchsorted(times_ms, until_ms))
            pieces.append(self._piece(stay, times_ms[at:end], normals[at:end], faults))
            at = end
        if len(pieces) == 1:
            return pieces[0]
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in CURVE_DECIMALS}

    def _piece(
        self, stay: _Stay, times_ms: Ints, normals: Floats, faults: tuple[Fault, ...]
    ) -> dict[str, Floats]:
        cells = self._cells.batch(stay.first, faults, int(times_ms[0]))
        found = trace(stay.hours(times_ms), cells)
        noise_v, noise_a, noise_cel = np.split(normals[:, : 3 * self._channels], 3, axis=1)
        noisy = {
            "voltage": found.voltage + _NOISE_V * noise_v,
            "current": found.current + _NOISE_A * noise_a * (found.current != 0),
            "temperature": found.temperature + _NOISE_CEL * noise_cel,
        }
        values = {name: np.round(value, CURVE_DECIMALS[name]) for name, value in noisy.items()}
        if times_ms[0] < stay.from_ms:
            for value in values.values():
                value[times_ms < stay.from_ms] = np.nan
        return values

    def _stay(self, tray: int, time_ms: int) -> _Stay:
        """Return the batch that stands in *tray* at *time_ms*, or comes there next."""
        known = self._stays.get(tray)
        if known is None or not known.free_ms <= time_ms < known.until_ms:
            known = self._stays[tray] = self._found(tray, time_ms)
        return known

    def _found(self, tray: int, time_ms: int) -> _Stay:
        pace, delay_ms = self._pace, self._delay_ms
        out = pace.first_from(time_ms, delay_ms) // self._channels
        batch = out + (tray - 1 - out) % self._trays
        first, last = batch * self._channels, (batch + 1) * self._channels - 1
        before = max(0, last - self._trays * self._channels)
        wound_ms, free_ms = pace.time_ms(last), pace.time_ms(before, delay_ms) + 1
        from_ms, until_ms = max(wound_ms, free_ms), pace.time_ms(last, delay_ms) + 1
        lasts_ms = PROTOCOL_H * _MS_PER_H
        begin_ms = max(from_ms, pace.time_ms(first, delay_ms) - lasts_ms)
        stretch = min(1.0, (until_ms - begin_ms) / lasts_ms)
        return _Stay(first, free_ms, from_ms, begin_ms, until_ms, stretch)


def without_curves(plant: Plant) -> Plant:
    """Return *plant* with tray places that publish results alone, no curves."""
    stations = {
        name: station.model_copy(update={"signals": {}})
        if station.results and CURVE_DECIMALS.keys() <= station.signals.keys()
        else station
        for name, station in plant.stations.items()
    }
    return plant.model_copy(update={"stations": stations})
