"""Results of cells: any station's results of any cells, made from their numbers alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from plant.model import Equipment, Plant
from plant.signals import Signal
from plant.stations import Station
from simulator.faults import Fault
from simulator.noise import Floats, Ints, Noise
from simulator.pace import Pace
from simulator.physics import (
    CEILING,
    FILL,
    IDENTITIES,
    MAY_BE_NEGATIVE,
    SAMPLED_EACH_S,
    TIES,
    WETTING_SPREAD,
    Identity,
    Tie,
)
from simulator.rounding import decimals


@dataclass(frozen=True)
class Place:
    """A station of one line with results: its machines, and which cell meets which of them."""

    name: str
    station: Station
    machines: tuple[Equipment, ...]

    @property
    def delay_ms(self) -> int:
        """From winding to this station."""
        return round(self.station.delay_s * 1000)

    @property
    def positions(self) -> int:
        """Positions of one machine; 1 where the plant names none."""
        return self.station.positions.count if self.station.positions else 1

    def machine_of(self, numbers: Ints) -> Ints:
        """Return the machine of each cell from 0: all positions of one, then the next machine."""
        return numbers // self.positions % len(self.machines)

    def position_of(self, numbers: Ints) -> Ints:
        """Return the position of each cell, from 1, in turn."""
        return numbers % self.positions + 1

    @cached_property
    def signals(self) -> dict[str, tuple[Signal, ...]]:
        """Each result as each machine has it."""
        return {
            name: tuple(self.station.signal_of(m.group, name) for m in self.machines)
            for name in self.station.results
        }


class Results:
    """The results of one line's cells."""

    def __init__(self, plant: Plant, line: str, seed: int) -> None:
        self.pace = Pace.of(plant.production.cells_per_second)
        self.places = {
            name: Place(name, station, plant.equipment_at(line, name))
            for name, station in plant.stations.items()
            if station.results
        }
        self.noise = {
            name: Noise(seed, line, "cell", name, width=len(place.station.results))
            for name, place in self.places.items()
        }
        self.wetting = Noise(seed, line, "cell", "wetting", width=1)
        known = {f"{p}.{r}" for p, place in self.places.items() for r in place.station.results}
        self.ties: dict[str, list[Tie]] = {}
        for tie in TIES:
            if {tie.cause, tie.effect} <= known:
                self.ties.setdefault(tie.effect, []).append(tie)
        self.identities = {i.effect: i for i in IDENTITIES if known.issuperset(i.causes)}

    def of(
        self, place: str, first: int, count: int, faults: tuple[Fault, ...] = ()
    ) -> dict[str, Floats]:
        """Return the results of cells *first* to *first* + *count* at *place*, as measured.

        A result that a cell has not (a destructive sample) is NaN.
        """
        cells = _Cells(self, first, count, faults)
        measured = {}
        for name, signal in self.places[place].station.results.items():
            measured[name] = np.round(cells.value(place, name), decimals(signal.sd))
        return measured

    def verdicts(self, place: str, numbers: Ints, measured: dict[str, Floats]) -> Ints:
        """Return 1 for each cell with a result outside its limits, else 0."""
        at = self.places[place]
        machine = at.machine_of(numbers)
        failed = np.zeros(len(numbers), dtype=bool)
        for name, values in measured.items():
            low = [s.low if s.low is not None else -np.inf for s in at.signals[name]]
            high = [s.high if s.high is not None else np.inf for s in at.signals[name]]
            # A comparison with NaN is false: what was not measured fails nothing.
            failed |= (values < np.array(low)[machine]) | (values > np.array(high)[machine])
        return failed.astype(np.int64)


class _Cells:
    """Values of one range of cells, each worked out once however many results hang on it."""

    def __init__(self, results: Results, first: int, count: int, faults: tuple[Fault, ...]) -> None:
        self._results = results
        self._first = first
        self._count = count
        self._faults = faults
        self._numbers = np.arange(first, first + count, dtype=np.int64)
        self._values: dict[str, Floats] = {}
        self._normals: dict[str, Floats] = {}

    def value(self, place: str, name: str) -> Floats:
        """Return result *name* at *place* of each cell, before rounding."""
        full = f"{place}.{name}"
        if full not in self._values:
            identity = self._results.identities.get(full)
            value = self._by_identity(identity) if identity else self._drawn(place, name)
            self._values[full] = self._sampled(full, self._faulty(place, name, value))
        return self._values[full]

    def _by_identity(self, identity: Identity) -> Floats:
        return identity.formula(*(self.value(*cause.split(".")) for cause in identity.causes))

    def _drawn(self, place: str, name: str) -> Floats:
        at = self._results.places[place]
        full = f"{place}.{name}"
        nominal = self._per_cell(place, [s.nominal for s in at.signals[name]])
        sd = self._per_cell(place, [s.sd for s in at.signals[name]])
        deviation = np.zeros(self._count)
        variance = np.zeros(self._count)
        for tie in self._results.ties.get(full, ()):
            cause_place, cause_name = tie.cause.split(".")
            signals = self._results.places[cause_place].signals[cause_name]
            usual = self._per_cell(cause_place, [s.nominal for s in signals])
            spread = self._per_cell(cause_place, [s.sd for s in signals])
            slope = tie.slope * self._wetting() if tie.cause == FILL else tie.slope
            deviation += slope * (self.value(cause_place, cause_name) / usual - 1)
            variance += (tie.slope * spread / usual) ** 2
        own = np.sqrt(np.maximum(0.0, sd**2 - variance * nominal**2))
        index = list(at.station.results).index(name)
        value = nominal * (1 + deviation) + own * self._normals_of(place)[:, index]
        signal = at.station.results[name]
        if signal.nominal > 0 and signal.unit not in MAY_BE_NEGATIVE:
            value = np.maximum(value, 0.0)
        return np.minimum(value, CEILING[full]) if full in CEILING else value

    def _faulty(self, place: str, name: str, value: Floats) -> Floats:
        for fault in self._faults:
            if (fault.station, fault.result) == (place, name) and fault.on_ms is not None:
                value = np.where(
                    self._met(fault, fault.on_ms), value * (1 + fault.magnitude), value
                )
        return value

    def _met(self, fault: Fault, on_ms: int) -> npt.NDArray[np.bool_]:
        """Return which cells met the machine and position of *fault* since *on_ms*."""
        at = self._results.places[fault.station]
        machines = [m.name for m in at.machines]
        if fault.equipment not in machines:
            return np.zeros(self._count, dtype=bool)
        met: npt.NDArray[np.bool_] = (
            (at.machine_of(self._numbers) == machines.index(fault.equipment))
            & (at.position_of(self._numbers) == fault.position)
            & (self._results.pace.times_ms(self._numbers, at.delay_ms) >= on_ms)
        )
        return met

    def _sampled(self, full: str, value: Floats) -> Floats:
        each_s = SAMPLED_EACH_S.get(full)
        if each_s is None:
            return value
        turn = self._results.pace.times_ms(np.append(self._numbers, self._numbers[-1:] + 1))
        return np.where(np.diff(turn // (each_s * 1000)) > 0, value, np.nan)

    def _per_cell(self, place: str, by_machine: list[float]) -> Floats:
        """Return what each cell's machine has; one number where all machines are alike."""
        if len(set(by_machine)) == 1:
            return np.full(1, by_machine[0])
        machine = self._results.places[place].machine_of(self._numbers)
        return np.array(by_machine, dtype=np.float64)[machine]

    def _normals_of(self, place: str) -> Floats:
        if place not in self._normals:
            noise = self._results.noise[place]
            self._normals[place] = noise.normals(self._first, self._count)
        return self._normals[place]

    def _wetting(self) -> Floats:
        if "wetting" not in self._normals:
            unit = self._results.wetting.uniforms(self._first, self._count)[:, 0]
            self._normals["wetting"] = 1 + WETTING_SPREAD * (2 * unit - 1)
        return self._normals["wetting"]
