"""The formation of a tray: one curve of charge, rest and discharge for all its channels.

The protocol is stepwise, after greenengguide.com (0.05, 0.1 and 0.2 C up to 4.2 V, held, rested,
discharged at 0.2 C, partly charged again); voltages between the steps are straight lines, which no
cell has, and the hours of each step are assumed (A).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plant.stations import Station
from simulator.noise import Floats, Ints
from simulator.pace import BEGINNING_MS, Pace

#: Hours since the tray was loaded, volts there, and amperes from there on (charge is positive).
_PROTOCOL: tuple[tuple[float, float, float], ...] = (
    (0.0, 2.75, 0.0),
    (2.0, 2.75, 0.24),
    (4.0, 3.05, 0.48),
    (7.0, 3.60, 0.96),
    (10.4, 4.20, 0.35),
    (11.4, 4.20, 0.0),
    (14.4, 4.16, -0.96),
    (19.4, 2.80, 0.0),
    (20.0, 3.10, 1.44),
    (21.5, 3.65, 0.0),
    (24.0, 3.60, 0.0),
)
_HOURS, _VOLTS, _AMPERES = (np.array(column) for column in zip(*_PROTOCOL, strict=True))

#: The signals of the curve, with the decimals that their instruments give.
CURVE_DECIMALS = {"voltage": 4, "current": 4, "temperature": 2}
_CHANNEL_V, _CHANNEL_A, _CHANNEL_CEL = 0.002, 0.0005, 0.1
#: Warming of a cell by its own current, per ampere squared.
_CEL_PER_A2 = 1.5


@dataclass(frozen=True)
class TrayCurve:
    """The curves of the trays of one line's formation station."""

    pace: Pace
    delay_ms: int
    channels: int
    trays: int
    air_cel: float

    @classmethod
    def of(cls, station: Station, pace: Pace, trays: int) -> TrayCurve | None:
        """Return the curve of *station*, or None if it does not form cells on trays."""
        signals = [station.signals.get(name) for name in CURVE_DECIMALS]
        if not all(signal is not None and signal.per_position for signal in signals):
            return None
        channels = station.positions.count if station.positions else 1
        air_cel = station.signals["temperature"].nominal
        return cls(pace, round(station.delay_s * 1000), channels, trays, air_cel)

    def values(self, times_ms: Ints, tray: int, normals: Floats) -> dict[str, Floats]:
        """Return voltage, current and temperature of *tray*, each (rows, channels).

        The results of a tray's cells come when its curve ends, and then it begins again.
        *normals* are 3 x channels standard normal numbers for each row.
        """
        filled = (times_ms - BEGINNING_MS - self.delay_ms) / self._fill_ms
        done = ((filled - tray) / self.trays) % 1.0
        hours = done * _HOURS[-1]
        volts = np.interp(hours, _HOURS, _VOLTS)
        amperes = _AMPERES[np.searchsorted(_HOURS, hours, side="right") - 1]
        cel = self.air_cel + _CEL_PER_A2 * amperes**2
        noise_v, noise_a, noise_cel = np.split(normals[:, : 3 * self.channels], 3, axis=1)
        flows = (amperes != 0.0)[:, None]
        return {
            "voltage": np.round(volts[:, None] + _CHANNEL_V * noise_v, 4),
            "current": np.round(amperes[:, None] + _CHANNEL_A * noise_a * flows, 4),
            "temperature": np.round(cel[:, None] + _CHANNEL_CEL * noise_cel, 2),
        }

    @property
    def _fill_ms(self) -> float:
        """How long the line takes to fill one tray."""
        return self.channels * self.pace.ms_num / self.pace.ms_den
