"""What cells have from before they were cells: of the metres, batches and zones that they had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plant.model import Plant
from plant.signals import Signal
from simulator.knots import Knots
from simulator.material import LANES, machines_of
from simulator.noise import Floats, Ints
from simulator.origin import Origin
from simulator.pace import Pace
from simulator.physics import ELECTRODE_NAMES
from simulator.place import Place
from simulator.room import DewPoint, vapour_ratio
from simulator.spread import Figures
from simulator.web_field import Spot, WebField

#: What of the web goes into cells: the quantity of web.toml, by the signals that read it. Several
#: that a plant has are sides of one coating, and the cell has their mean.
INHERITED: Mapping[str, tuple[str, ...]] = {
    "loading": ("coating.loading_a", "coating.loading_b", "coating.loading"),
    "thickness": ("calendering.thickness",),
    "width": ("slitting.strip_width",),
    "burr": ("slitting.burr_height",),
    "water": ("vacuum_drying.water",),
}
#: Read over the whole width of the web.
WIDE = frozenset({"thickness"})
_VAPOUR = "room.vapour"
_LUCK = "noise.leakage"


class Inheritance:
    """The quantities that the cells of one line inherit; `figures` has those that there are.

    Named `cathode.loading`, in the unit of the signal that reads it; `room.vapour` is the water
    vapour where the cell was open over the usual one, `noise.leakage` standard normal.
    """

    def __init__(
        self, plant: Plant, line: str, seed: int, pace: Pace, places: Mapping[str, Place]
    ) -> None:
        self._pace = pace
        self.figures: dict[str, Figures] = {_LUCK: Figures(0.0, 1.0)}
        self._luck = Knots(seed, line, "leakage")
        self._fields: dict[str, tuple[Origin, Signal, list[WebField]]] = {}
        for letter, electrode in ELECTRODE_NAMES.items():
            origin = Origin(plant, line, pace, letter)
            if not origin.has_winders:
                continue
            for quantity, names in INHERITED.items():
                signals = {name: read_by(plant, line, name, letter) for name in names}
                found = {name: signal for name, signal in signals.items() if signal}
                if found:
                    web = seed, line, letter
                    fields = [WebField(web, quantity, name.split(".")[1]) for name in found]
                    signal = next(iter(found.values()))
                    sd = signal.sd * fields[0].variance(len(fields)) ** 0.5
                    self.figures[f"{electrode}.{quantity}"] = Figures(signal.nominal, sd)
                    self._fields[f"{electrode}.{quantity}"] = origin, signal, fields
        self._room = _Room.of(plant, line, seed, pace, places)
        if self._room:
            self.figures[_VAPOUR] = Figures(1.0, self._room.spread)

    def of(self, name: str, numbers: Ints) -> Floats:
        """Return quantity *name* of the cells *numbers*, which follow each other."""
        if name == _LUCK:
            return self._luck.at(numbers)
        if name == _VAPOUR and self._room:
            return self._room.vapour(numbers)
        origin, signal, fields = self._fields[name]
        quantity = name.split(".")[1]
        strips = origin.strips(numbers)
        spot = Spot(
            strips // LANES,
            np.zeros_like(strips) if quantity in WIDE else strips % LANES + 1,
            origin.metres(numbers),
            origin.batches(numbers) if quantity == "water" else origin.slurries(numbers),
            origin.electrode.cell_m,
        )
        if quantity == "burr":
            spot = spot._replace(worn=origin.knives(numbers))
        deviation = np.mean([field.at(spot) for field in fields], axis=0)
        return np.asarray(signal.nominal + signal.sd * deviation)


@dataclass(frozen=True)
class _Room:
    """The zones of the dry room around the fillers."""

    pace: Pace
    filling: Place
    dew_point: DewPoint
    signal: Signal
    zones: int

    @classmethod
    def of(
        cls, plant: Plant, line: str, seed: int, pace: Pace, places: Mapping[str, Place]
    ) -> _Room | None:
        group = "filling-zone"
        zones = [m for m in machines_of(plant, line, "dry_room") if m.group == group]
        if not zones or "filling" not in places:
            return None
        if "dew_point" not in plant.stations["dry_room"].signals:
            return None
        signal = plant.signal(zones[0].name, "dew_point")
        dew_point = DewPoint(seed, line, group, len(zones))
        return cls(pace, places["filling"], dew_point, signal, len(zones))

    def vapour(self, numbers: Ints) -> Floats:
        zone = self.filling.machine_of(numbers) * self.zones // len(self.filling.machines)
        times = self.pace.times_ms(numbers, self.filling.delay_ms)
        deviation = self.dew_point.at(times)[np.arange(len(numbers)), zone]
        usual = self.signal.nominal
        return vapour_ratio(usual + self.signal.sd * deviation, usual)

    @property
    def spread(self) -> float:
        """The sd of `vapour`, to the first order."""
        usual, sd = self.signal.nominal, self.signal.sd
        up, down = vapour_ratio(np.array([usual + sd, usual - sd]), usual)
        return float(up - down) / 2


def read_by(plant: Plant, line: str, full: str, letter: str) -> Signal | None:
    """Return signal *full*, `station.name`, as the machines of one electrode have it, if any."""
    station, name = full.split(".")
    if station not in plant.stations or name not in plant.stations[station].signals:
        return None
    machine = next(iter(machines_of(plant, line, station, letter)), None)
    return plant.signal(machine.name, name) if machine else None
