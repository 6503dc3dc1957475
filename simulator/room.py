"""The air of the dry room: the dew point of each zone, and the water vapour that cells meet."""

from __future__ import annotations

import numpy as np

from plant.model import Equipment, Plant
from simulator.knots import Knots
from simulator.material import machines_of
from simulator.noise import Floats, Ints, Noise
from simulator.noise_slow import SlowNoise

#: The room forgets an excursion in so long (A).
_TAU_MS = 20 * 60_000
#: Share of the sensor in the variance of a reading (A).
_SENSOR = 0.1


class DewPoint:
    """The dew points of the *zones* zones of one group of a line.

    In standard deviations of a reading, the sensor's part left out.
    """

    def __init__(self, seed: int, line: str, group: str, zones: int) -> None:
        self._slow = SlowNoise(Noise(seed, line, "dew point", group, width=zones), _TAU_MS)

    def at(self, times_ms: Ints) -> Floats:
        """Return the deviations at *times_ms*, in order, shape (times, zones)."""
        return np.asarray((1 - _SENSOR) ** 0.5 * self._slow.at(times_ms))


class RoomSignals:
    """The healthy dew point as the sensor of one zone reads it."""

    def __init__(self, plant: Plant, machine: Equipment, seed: int) -> None:
        zones = [
            m for m in machines_of(plant, machine.line, machine.station) if m.group == machine.group
        ]
        self._plant = plant
        self._machine = machine
        self._zone = zones.index(machine)
        self._dew_point = DewPoint(seed, machine.line, machine.group, len(zones))
        self._sensor = Knots(seed, machine.name, "dew point")

    def values(self, name: str, times_ms: Ints) -> Floats | None:
        """Return the dew point at *times_ms*, in order, before rounding; None for the others."""
        if name != "dew_point":
            return None
        signal = self._plant.signal(self._machine.name, name)
        deviation = self._dew_point.at(times_ms)[:, self._zone]
        sensor = np.sqrt(_SENSOR) * self._sensor.at(times_ms)
        return np.asarray(signal.nominal + signal.sd * (deviation + sensor))


def vapour_ratio(dew_point_cel: Floats, usual_cel: Floats | float) -> Floats:
    """Return the pressure of water vapour over that at the usual dew point: Magnus, over ice."""
    return np.exp(_magnus(dew_point_cel) - _magnus(usual_cel))


def _magnus(cel: Floats | float) -> Floats:
    return np.asarray(22.46 * cel / (272.62 + cel))
