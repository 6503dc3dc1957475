"""Values of a range of cells, each worked out once however many results hang on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.faults_hits import Hit
from simulator.noise import Floats
from simulator.physics import (
    CEILING,
    FIXTURES,
    LATENTS,
    MAY_BE_NEGATIVE,
    SAMPLED_EACH_S,
    WETTING,
    WETTING_SPREAD,
    Identity,
    Tie,
)
from simulator.wear import moved

if TYPE_CHECKING:
    from simulator.results import Results


class CellValues:
    """What cells *first* to *first* + *count* of *results* are and what is measured of them.

    *hits* are the faults that reach any of them.
    """

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
                carried = self._carried(tie, shift)
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
        """Return *full* as it is inherited, or as its causes and its own noise make it."""
        results = self._results
        if full in results.inheritance.figures:
            return results.inheritance.of(full, self._numbers)
        value = self._nominal(full) + np.zeros(self._count)
        for tie in results.ties.get(full, ()):
            value += self._carried(tie, self._healthy(tie.cause) - self._nominal(tie.cause))
        own = results.spreads.own(full)
        if own:
            value += own * self._own_of(full)
        if full in results.tools:
            place, name = full.split(".")
            value += self._sd(full) * moved(results.places[place], name, self._numbers)
        return value

    def _carried(self, tie: Tie, deviation: Floats) -> Floats:
        """Return what *tie* makes of a *deviation* of its cause."""
        slope: Floats | float = tie.slope
        if tie.cause == WETTING:
            slope = slope * self._wetting()
        if not tie.absolute:
            slope = slope * self._nominal(tie.effect) / self._nominal(tie.cause)
        return np.asarray(slope * deviation)

    def _own_of(self, full: str) -> Floats:
        """Return the own noise of quantity *full*, of its machines' sd against the first's."""
        if full in LATENTS:
            return self._normals_of("cell")[:, list(LATENTS).index(full)]
        place, name = full.split(".")
        index = list(self._results.places[place].station.results).index(name)
        own = self._normals_of(place)[:, index]
        share = FIXTURES.get(full, 0.0)
        if share:
            fixture = self._results.fixture(full, self._numbers)
            own = np.sqrt(1 - share) * own + np.sqrt(share) * fixture
        return own * self._sd(full) / self._results.figures[full].sd

    def _limited(self, full: str, value: Floats) -> Floats:
        """Return *value* where the quantity can be: not below 0, not above its ceiling."""
        place, name = full.split(".")
        if place not in self._results.places:
            return value
        signal = self._results.places[place].station.results[name]
        if full not in self._results.identities and (
            signal.nominal > 0 and signal.unit not in MAY_BE_NEGATIVE
        ):
            value = np.maximum(value, 0.0)
        return np.minimum(value, CEILING[full]) if full in CEILING else value

    def _sampled(self, full: str, value: Floats) -> Floats:
        each_s = SAMPLED_EACH_S.get(full)
        if each_s is None:
            return value
        turn = self._results.pace.times_ms(np.append(self._numbers, self._numbers[-1:] + 1))
        return np.where(np.diff(turn // (each_s * 1000)) > 0, value, np.nan)

    def _nominal(self, full: str) -> Floats:
        place, name = full.split(".")
        if place not in self._results.places:
            return np.full(1, self._results.figures[full].nominal)
        return self._per_cell(place, self._results.places[place].by_machine[name].nominal)

    def _sd(self, full: str) -> Floats:
        place, name = full.split(".")
        return self._per_cell(place, self._results.places[place].by_machine[name].sd)

    def _per_cell(self, place: str, by_machine: Floats) -> Floats:
        """Return what each cell's machine has; one number where all machines are alike."""
        if len(by_machine) == 1:
            return by_machine
        return by_machine[self._results.places[place].machine_of(self._numbers)]

    def _normals_of(self, place: str) -> Floats:
        if place not in self._normals:
            results = self._results
            noise = results.latent_noise if place == "cell" else results.noise[place]
            self._normals[place] = noise.normals(self._first, self._count)
        return self._normals[place]

    def _wetting(self) -> Floats:
        if "wetting" not in self._normals:
            unit = self._results.wetting.uniforms(self._first, self._count)[:, 0]
            self._normals["wetting"] = 1 + WETTING_SPREAD * (2 * unit - 1)
        return self._normals["wetting"]
