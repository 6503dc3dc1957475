"""What the machines of the web show: signals that follow the metres which cells later inherit.

A gauge reads the spot that passes it (`simulator.web_field`) and adds noise of its own. Between two
rolls a machine shows the web going on behind the last one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from plant.model import Equipment, Plant
from simulator.inheritance import INHERITED, read_by
from simulator.material import (
    COATED_MS,
    LANES,
    MIXED_MS,
    ROLL_M,
    SLIT_MS,
    SLURRY_KG,
    machines_of,
)
from simulator.noise import Floats, Ints
from simulator.origin import CALENDERED_MS, MS_PER_M, MS_PER_SLIT_M, Origin
from simulator.pace import BEGINNING_MS, Pace
from simulator.physics import ELECTRODE_NAMES
from simulator.room import RoomSignals
from simulator.wear import worn_at
from simulator.web_field import Spot, WebField

#: The quantity of web.toml that a signal reads, and whose field it is where several read one.
_READS = {name: quantity for quantity, names in INHERITED.items() for name in names} | {
    "coating.dry_thickness": "dry_thickness",
    "mixing.viscosity": "viscosity",
    "mixing.solids": "solids",
}
#: The dry coating is as thick as it is heavy, in this correlation of what is really there (A).
_THICK_AS_HEAVY = 0.57
_LOADING = "coating.loading_a"


class _Passing(NamedTuple):
    """What is at a machine at some times: rows, or rows x lanes."""

    spot: Spot
    times_ms: Ints


class WebSignals:
    """The healthy signals of one machine of mixing, coating, calendering, slitting or drying."""

    def __init__(self, plant: Plant, machine: Equipment, seed: int, origin: Origin) -> None:
        self._plant = plant
        self._machine = machine
        self._origin = origin
        self._letter = letter = machine.group.rpartition("-")[2]
        self._seed = seed
        self._peers = machines_of(plant, machine.line, machine.station, letter)
        self._fields = {
            full: WebField((seed, machine.line, letter), quantity, full.split(".")[1])
            for full, quantity in _READS.items()
            if read_by(plant, machine.line, full, letter)
        }

    @classmethod
    def of(
        cls, plant: Plant, machine: Equipment, seed: int, pace: Pace
    ) -> WebSignals | RoomSignals | None:
        """Return the signals of *machine* that follow the web; None where it has none."""
        if machine.station == "dry_room":
            return RoomSignals(plant, machine, seed)
        letter = machine.group.rpartition("-")[2]
        if machine.station not in _SPOTS or letter not in ELECTRODE_NAMES:
            return None
        origin = Origin(plant, machine.line, pace, letter)
        return cls(plant, machine, seed, origin) if origin.has_winders else None

    def values(self, name: str, times_ms: Ints) -> Floats | None:
        """Return signal *name* as the healthy machine reads it, before rounding.

        Shape (rows,), or (rows, positions) where the plant file has it per position; the noise of
        the gauge is in it, with the mean and sd of the plant file over a long time. A value hangs
        on its moment alone, however often the machine samples. None: no signal of the web.
        """
        full = f"{self._machine.station}.{name}"
        signals = self._plant.stations[self._machine.station].signals
        if full in ("calendering.density", "calendering.porosity") and name in signals:
            return self._compacted(name, times_ms)
        if full not in self._fields:
            return None
        field, signal = self._fields[full], self._plant.signal(self._machine.name, name)
        passing = self._passing(times_ms, per_lane=signal.per_position)
        deviation = field.at(passing.spot)
        if full == "coating.dry_thickness" and _LOADING in self._fields:
            heavy = self._fields[_LOADING]
            mass = heavy.at(passing.spot) * (field.variance() / heavy.variance()) ** 0.5
            own = (1 - _THICK_AS_HEAVY**2) ** 0.5
            deviation = _THICK_AS_HEAVY * mass + own * deviation
        gauge = field.gauge(passing.times_ms, passing.spot.lanes)
        return np.asarray(signal.nominal + signal.sd * (deviation + gauge))

    def _compacted(self, name: str, times_ms: Ints) -> Floats | None:
        """Return density or porosity: what the lanes weigh on average, in the thickness read."""
        thick = self._fields.get("calendering.thickness")
        sides = [field for full, field in self._fields.items() if _READS[full] == "loading"]
        loading = read_by(self._plant, self._machine.line, _LOADING, self._letter)
        if thick is None or loading is None:
            return None
        spot, times = self._passing(times_ms, per_lane=False)
        lanes = np.arange(1, LANES + 1)
        rows = spot._replace(
            rolls=spot.rolls[:, None],
            lanes=lanes,
            metres=spot.metres[:, None] + np.zeros(LANES),
            batches=spot.batches[:, None],
        )
        heavy = np.mean([side.at(rows) for side in sides], axis=0).mean(axis=1)
        thickness = self._plant.signal(self._machine.name, "thickness")
        ratio = (1 + loading.sd / loading.nominal * heavy) / (
            1 + thickness.sd / thickness.nominal * (thick.at(spot) + thick.gauge(times, spot.lanes))
        )
        usual = self._plant.signal(self._machine.name, name).nominal
        return np.asarray(usual * ratio if name == "density" else 1 - (1 - usual) * ratio)

    def _passing(self, times_ms: Ints, *, per_lane: bool) -> _Passing:
        """Return what is at the machine at *times_ms*, of each lane or of the whole width."""
        times, lanes = times_ms, np.zeros(1, dtype=np.int64)
        if per_lane:
            positions = self._plant.stations[self._machine.station].positions
            times = times_ms[:, None]
            lanes = np.arange(1, (positions.count if positions else 1) + 1, dtype=np.int64)
        number, peers = self._peers.index(self._machine), len(self._peers)
        spot = _SPOTS[self._machine.station](self._origin, times, lanes, number, peers)
        station = self._plant.stations[self._machine.station]
        return _Passing(spot._replace(worn=worn_at(station, self._machine.number, times)), times)


def _mixed(origin: Origin, times_ms: Ints, lanes: Ints, number: int, peers: int) -> Spot:
    """Return the slurry in a mixer; its metres are the seconds since it came."""
    share = origin.electrode.roll_kg / SLURRY_KG
    rolls = origin.latest(times_ms, MIXED_MS) // LANES
    last = np.ceil((rolls + 1) * share).astype(np.int64) - 1
    slurry = last - (last - number) % peers
    since_s = (times_ms - origin.slurry_ms(slurry)) / 1000
    return Spot(slurry, lanes, since_s, slurry, origin.electrode.cell_m)


def _coated(origin: Origin, times_ms: Ints, lanes: Ints, number: int, peers: int) -> Spot:
    return _rolled(origin, times_ms, lanes, (number, peers), COATED_MS)


def _calendered(origin: Origin, times_ms: Ints, lanes: Ints, number: int, peers: int) -> Spot:
    return _rolled(origin, times_ms, lanes, (number, peers), CALENDERED_MS)


def _rolled(
    origin: Origin, times_ms: Ints, lanes: Ints, machine: tuple[int, int], lead_ms: int
) -> Spot:
    """Return the metre of the last roll that machine *number* of *peers* has begun."""
    number, peers = machine
    rolls = origin.latest(times_ms, lead_ms) // LANES
    rolls = rolls - (rolls - number) % peers
    metres = (times_ms - origin.made_ms(rolls * LANES, lead_ms)) / MS_PER_M
    slurries = origin.slurries_at(rolls, np.minimum(metres, ROLL_M))
    shape = np.zeros(np.broadcast_shapes(metres.shape, lanes.shape))
    return Spot(rolls, lanes, metres + shape, slurries, origin.electrode.cell_m)


def _slit(origin: Origin, times_ms: Ints, lanes: Ints, number: int, peers: int) -> Spot:
    """Return the metre of the last strip of each lane; a roll's lanes are slit one by one."""
    last = origin.latest(times_ms, SLIT_MS)
    strips = last - (last - (lanes - 1)) % LANES
    rolls = strips // LANES
    strips = strips - (rolls - number) % peers * LANES
    metres = (times_ms - origin.made_ms(strips, SLIT_MS)) / MS_PER_SLIT_M
    return Spot(strips // LANES, lanes, metres, strips // LANES, origin.electrode.cell_m)


def _dried(origin: Origin, times_ms: Ints, lanes: Ints, number: int, peers: int) -> Spot:
    """Return the batch in a dryer; its metres are the seconds since the last one came anywhere."""
    last, rest_ms = np.divmod(times_ms - BEGINNING_MS, origin.batch_ms)
    batch = last - (last - number) % peers
    return Spot(batch, lanes, rest_ms / 1000, batch, origin.electrode.cell_m)


_SPOTS: dict[str, Callable[[Origin, Ints, Ints, int, int], Spot]] = {
    "mixing": _mixed,
    "coating": _coated,
    "calendering": _calendered,
    "slitting": _slit,
    "vacuum_drying": _dried,
}
