"""The standard that cells of one recipe are held to: the plant file's word on cell quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.cells.metres import entry_of
from plant.cell_quality import CellQuality, result_of
from plant.model import Plant
from plant.signals import Signal
from plant.stations import Station


class CellsError(Exception):
    """Cells cannot be judged; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Standard:
    """How cells of one recipe are judged: *stations* have its nominals and limits."""

    quality: CellQuality
    stations: Mapping[str, Station]

    def signal(self, full: str) -> Signal:
        """Return the result that *full* (`station.result`) names, as the recipe has it."""
        signal = result_of(self.stations, full)
        assert signal is not None, full  # the plant file was checked
        return signal

    def of_metres(self, name: str) -> Signal:
        """Return the signal that entry *name* of the metres reads, the first one of several."""
        metres = self.quality.metres[name]
        return self.stations[metres.station].signal_of(metres.group, metres.columns[0])

    def of_feature(self, name: str) -> Signal:
        """Return the result or signal that feature *name* of a forecast is a reading of."""
        entry = entry_of(name)
        return self.signal(name) if entry is None else self.of_metres(entry)

    def of_measure(self, name: str) -> Signal:
        """Return the result whose nominal and limits measure *name* has."""
        return self.signal(self.quality.limits_of(name))

    @property
    def upstream(self) -> tuple[str, ...]:
        """The stations with results before the tray, in order."""
        names = self.with_results
        return names[: names.index(self.quality.tray)]

    @property
    def with_results(self) -> tuple[str, ...]:
        """All stations with results, in order."""
        return tuple(name for name, station in self.stations.items() if station.results)


def standards(plant: Plant) -> dict[str, Standard]:
    """Return the standard of each recipe, the first one first; '' where the plant has none.

    Raise `CellsError` if the plant file does not say how cells are judged.
    """
    if plant.cell_quality is None:
        raise CellsError(
            "the plant file has no [cell_quality], so nothing says how cells are judged; add it "
            "as plant/plant.toml has it"
        )
    quality = plant.cell_quality
    if not plant.recipes:
        return {"": Standard(quality, plant.stations)}
    return {name: Standard(quality, plant.for_recipe(name).stations) for name in plant.recipes}
