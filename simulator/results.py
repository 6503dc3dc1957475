"""Results of cells: any station's results of any cells, made from their numbers alone."""

from __future__ import annotations

import numpy as np

from plant.model import Plant
from simulator.cell_values import CellValues
from simulator.faults import Fault
from simulator.faults_hits import Hits
from simulator.fixtures import fixture_offsets
from simulator.inheritance import Inheritance
from simulator.noise import Floats, Ints, Noise
from simulator.pace import Pace
from simulator.physics import IDENTITIES, LATENTS, TIES, Latent, Tie
from simulator.place import Place
from simulator.rounding import decimals
from simulator.spread import Figures, Spreads
from simulator.wear import kept


class Results:
    """The results of one line's cells; *pace* is the plant's, without stops, if not given."""

    def __init__(self, plant: Plant, line: str, seed: int, pace: Pace | None = None) -> None:
        self.pace = pace or Pace.of(plant.production.cells_per_second)
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
        self.latent_noise = Noise(seed, line, "cell", "latent", width=len(LATENTS))
        self.inheritance = Inheritance(plant, line, seed, self.pace, self.places)
        self.hits = Hits(plant, line, seed, self.pace, self.places)
        measured = {
            f"{name}.{result}": Figures(signals[0].nominal, signals[0].sd)
            for name, place in self.places.items()
            for result, signals in place.signals.items()
        }
        self.figures = measured | self.inheritance.figures | _latents(measured)
        self.identities = {i.effect: i for i in IDENTITIES if self.figures.keys() >= set(i.causes)}
        for identity in self.identities.values():
            if identity.nominal is not None:
                self.figures.setdefault(identity.effect, Figures(identity.nominal, 0.0))
        self.ties: dict[str, list[Tie]] = {}
        for tie in TIES:
            if {tie.cause, tie.effect} <= self.figures.keys():
                self.ties.setdefault(tie.effect, []).append(tie)
        self.tools = {
            full: figures.sd * float(np.sqrt(1 - kept(full) ** 2))
            for full, figures in measured.items()
            if kept(full) < 1
        }
        self.spreads = Spreads(self.figures, self.ties, self.identities, self.tools)
        self._fixtures: dict[str, Floats] = {}
        self._seed = seed

    def of(
        self, place: str, first: int, count: int, faults: tuple[Fault, ...] = ()
    ) -> dict[str, Floats]:
        """Return the results of cells *first* to *first* + *count* at *place*, as measured.

        A result that a cell has not (a destructive sample) is NaN.
        """
        cells = CellValues(self, first, count, self.hits.of(faults, first, count))
        measured = {}
        for name, signal in self.places[place].station.results.items():
            measured[name] = np.round(cells.measured(place, name), decimals(signal.sd))
        return measured

    def nominals(self, place: str, name: str, numbers: Ints) -> Floats:
        """Return what result *name* at *place* should be of each cell, as its recipe says."""
        at = self.places[place]
        by_machine = np.array([signal.nominal for signal in at.signals[name]])
        return by_machine[at.machine_of(numbers)]

    def verdicts(self, place: str, numbers: Ints, measured: dict[str, Floats]) -> Ints:
        """Return 1 for each cell with a result outside its limits, else 0."""
        at = self.places[place]
        machine = at.machine_of(numbers)
        failed = np.zeros(len(numbers), dtype=bool)
        for name, values in measured.items():
            low, high = (f if len(f) == 1 else f[machine] for f in at.by_machine[name][2:])
            # A comparison with NaN is false: what was not measured fails nothing.
            failed |= (values < low) | (values > high)
        return failed.astype(np.int64)

    def fixture(self, full: str, numbers: Ints) -> Floats:
        """Return how warm the channel of each cell is in *full*, in standard deviations."""
        place, name = full.split(".")
        at = self.places[place]
        if full not in self._fixtures:
            self._fixtures[full] = fixture_offsets(self._seed, at, name)
        return self._fixtures[full][at.machine_of(numbers), at.position_of(numbers) - 1]


def _latents(measured: dict[str, Figures]) -> dict[str, Figures]:
    return {name: _figures(latent, measured) for name, latent in LATENTS.items()}


def _figures(latent: Latent, measured: dict[str, Figures]) -> Figures:
    of = next((measured[name] for name in latent.of if name in measured), None)
    relative = of.sd / of.nominal * latent.share**0.5 if of else 0.0
    return Figures(latent.nominal, latent.nominal * relative)
