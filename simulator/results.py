"""Results of cells: any station's results of any cells, made from their numbers alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plant.model import Plant
from plant.signals import Signal
from simulator.faults import Fault
from simulator.faults_hits import Hit, Hits
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
from simulator.place import Place
from simulator.rounding import decimals


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
        self.hits = Hits(plant, line, seed, self.pace, self.places)
        self.identities = {i.effect: i for i in IDENTITIES if known.issuperset(i.causes)}

    def of(
        self, place: str, first: int, count: int, faults: tuple[Fault, ...] = ()
    ) -> dict[str, Floats]:
        """Return the results of cells *first* to *first* + *count* at *place*, as measured.

        A result that a cell has not (a destructive sample) is NaN.
        """
        cells = _Cells(self, first, count, self.hits.of(faults, first, count))
        measured = {}
        for name, signal in self.places[place].station.results.items():
            measured[name] = np.round(cells.measured(place, name), decimals(signal.sd))
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

    def __init__(self, results: Results, first: int, count: int, hits: tuple[Hit, ...]) -> None:
        self._results = results
        self._first = first
        self._count = count
        self._on_cells = tuple(hit for hit in hits if not hit.fault.is_measured_only)
        self._on_readings = tuple(hit for hit in hits if hit.fault.is_measured_only)
        self._numbers = np.arange(first, first + count, dtype=np.int64)
        self._healthy_values: dict[str, Floats] = {}
        self._values: dict[str, Floats] = {}
        self._shifts: dict[tuple[int, str], Floats | None] = {}
        self._normals: dict[str, Floats] = {}

    def measured(self, place: str, name: str) -> Floats:
        """Return result *name* at *place* of each cell, as it is read, before rounding."""
        full = f"{place}.{name}"
        value = self._value(full)
        shifts = [self._named(hit, full, value) for hit in self._on_readings]
        return self._limited(full, sum((s for s in shifts if s is not None), value))

    def _value(self, full: str) -> Floats:
        """Return result *full* as each cell has it, with the faults that it met."""
        if not self._on_cells:
            return self._healthy(full)
        if full not in self._values:
            identity = self._results.identities.get(full)
            if identity:
                self._values[full] = identity.formula(*map(self._value, identity.causes))
            else:
                shifts = [self._shift(index, full) for index in range(len(self._on_cells))]
                value = sum((s for s in shifts if s is not None), self._healthy(full))
                self._values[full] = self._limited(full, value)
        return self._values[full]

    def _shift(self, index: int, full: str) -> Floats | None:
        """Return what fault *index* adds to result *full*; None where it leaves all as they are.

        A result that the fault names has just that; any other what its causes carry over to it.
        """
        if (index, full) not in self._shifts:
            hit = self._on_cells[index]
            shift = self._named(hit, full, self._healthy(full))
            if shift is None and full in self._results.identities:
                shift = self._shift_of_identity(index, self._results.identities[full])
            elif shift is None:
                shift = self._shift_by_ties(index, full)
            self._shifts[index, full] = shift
        return self._shifts[index, full]

    def _named(self, hit: Hit, full: str, value: Floats) -> Floats | None:
        effects = [effect for effect in hit.fault.kind.effects if effect.on == full]
        if not effects:
            return None
        shift = np.zeros(self._count)
        for effect in effects:
            shift += hit.amount(effect, value, self._nominal(full))
        return shift

    def _shift_of_identity(self, index: int, identity: Identity) -> Floats | None:
        healthy = [self._healthy(cause) for cause in identity.causes]
        shifts = [self._shift(index, cause) for cause in identity.causes]
        if all(shift is None for shift in shifts):
            return None
        moved = [h if s is None else h + s for h, s in zip(healthy, shifts, strict=True)]
        return identity.formula(*moved) - identity.formula(*healthy)

    def _shift_by_ties(self, index: int, full: str) -> Floats | None:
        total = None
        for tie in self._results.ties.get(full, ()):
            shift = self._shift(index, tie.cause)
            if shift is not None:
                carried = self._nominal(full) * self._slope(tie) * shift / self._nominal(tie.cause)
                total = carried if total is None else total + carried
        return total

    def _healthy(self, full: str) -> Floats:
        """Return result *full* of each cell as it would be without faults."""
        if full not in self._healthy_values:
            identity = self._results.identities.get(full)
            value = (
                identity.formula(*map(self._healthy, identity.causes))
                if identity
                else self._limited(full, self._drawn(full))
            )
            self._healthy_values[full] = self._sampled(full, value)
        return self._healthy_values[full]

    def _drawn(self, full: str) -> Floats:
        place, name = full.split(".")
        at = self._results.places[place]
        nominal = self._nominal(full)
        deviation = np.zeros(self._count)
        variance = np.zeros(self._count)
        for tie in self._results.ties.get(full, ()):
            usual, spread = self._nominal(tie.cause), self._sd(tie.cause)
            deviation += self._slope(tie) * (self._healthy(tie.cause) / usual - 1)
            variance += (tie.slope * spread / usual) ** 2
        own = np.sqrt(np.maximum(0.0, self._sd(full) ** 2 - variance * nominal**2))
        index = list(at.station.results).index(name)
        return nominal * (1 + deviation) + own * self._normals_of(place)[:, index]

    def _limited(self, full: str, value: Floats) -> Floats:
        """Return *value* where the quantity can be: not below 0, not above its ceiling."""
        place, name = full.split(".")
        signal = self._results.places[place].station.results[name]
        if full not in self._results.identities and (
            signal.nominal > 0 and signal.unit not in MAY_BE_NEGATIVE
        ):
            value = np.maximum(value, 0.0)
        return np.minimum(value, CEILING[full]) if full in CEILING else value

    def _slope(self, tie: Tie) -> Floats | float:
        return tie.slope * self._wetting() if tie.cause == FILL else tie.slope

    def _sampled(self, full: str, value: Floats) -> Floats:
        each_s = SAMPLED_EACH_S.get(full)
        if each_s is None:
            return value
        turn = self._results.pace.times_ms(np.append(self._numbers, self._numbers[-1:] + 1))
        return np.where(np.diff(turn // (each_s * 1000)) > 0, value, np.nan)

    def _nominal(self, full: str) -> Floats:
        return self._per_cell(full, lambda signal: signal.nominal)

    def _sd(self, full: str) -> Floats:
        return self._per_cell(full, lambda signal: signal.sd)

    def _per_cell(self, full: str, what: Callable[[Signal], float]) -> Floats:
        """Return what each cell's machine has; one number where all machines are alike."""
        place, name = full.split(".")
        at = self._results.places[place]
        by_machine = [what(signal) for signal in at.signals[name]]
        if len(set(by_machine)) == 1:
            return np.full(1, by_machine[0])
        return np.array(by_machine, dtype=np.float64)[at.machine_of(self._numbers)]

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
