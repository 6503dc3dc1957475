"""Recipes: variants of the cell that a line makes, by what they have different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from plant.signals import Name, Override, Part, TopicWord
from plant.stations import Station


class Rated(Part):
    """What the nameplate of a cell says, for the ledger."""

    energy_wh: float = Field(gt=0)
    volume_l: float = Field(gt=0)
    discharge_w: float = Field(gt=0, description="greatest continuous")
    test_standard: str = Field(min_length=1, description="of the energy that is measured")
    source: str = Field(min_length=1, description="where the figures come from")


class BoughtPart(Part):
    """What a cell takes of a bought material, and where: whose lot is on a machine is in it."""

    station: Name
    amount: float = Field(gt=0)
    unit: str = Field(min_length=1, description="as its lots are counted")
    unit_kg: float | None = Field(default=None, gt=0, description="mass of a unit; g, kg have one")
    source: str = Field(min_length=1, description="where the figure comes from")

    @property
    def kg(self) -> float | None:
        """The mass of *amount*; None where the file does not say it."""
        per_unit = {"kg": 1.0, "g": 0.001}.get(self.unit, self.unit_kg)
        return None if per_unit is None else self.amount * per_unit


class Foil(Part):
    """What is coated: the lot that was mounted on a coater when it made a roll is in its metres."""

    equipment: TopicWord = Field(description="the group of machines that coat it")
    kg_per_m: float = Field(gt=0, description="of a strip")
    source: str = Field(min_length=1, description="where the figure comes from")


class Recipe(Part):
    """One variant; *equipment* gives by group what differs from the station's signals."""

    title: str
    rated: Rated | None = None
    parts: dict[Name, BoughtPart] = Field(default={}, description="materials that are not coated")
    foils: dict[Name, Foil] = Field(default={}, description="what the coatings are on")
    equipment: dict[TopicWord, dict[Name, Override]] = Field(default={})

    def faults(self, stations: Mapping[str, Station]) -> Iterator[str]:
        """Yield what does not fit *stations*, with its place below the recipe."""
        groups = {group for station in stations.values() for group in station.equipment}
        yield from self._faults_of_material(stations, groups)
        for group in sorted(self.equipment.keys() - groups):
            yield f"equipment.{group}: no station has such machines"
        for station in self.applied(stations).values():
            for group in sorted(station.equipment.keys() & self.equipment.keys()):
                for name in self.equipment[group]:
                    place = f"equipment.{group}.{name}"
                    if name not in station.signals and name not in station.results:
                        yield f"{place}: the station has no such signal or result"
                        continue
                    signal = station.signal_of(group, name)
                    low = signal.low if signal.low is not None else signal.nominal
                    high = signal.high if signal.high is not None else signal.nominal
                    if not low <= signal.nominal <= high:
                        yield (
                            f"{place}: with it, nominal {signal.nominal} is outside the limits "
                            f"{signal.low} to {signal.high}; override them, too"
                        )

    def _faults_of_material(
        self, stations: Mapping[str, Station], groups: set[str]
    ) -> Iterator[str]:
        for name, part in self.parts.items():
            if part.station not in stations:
                yield f"parts.{name}: there is no station {part.station!r}"
        for name, foil in self.foils.items():
            if foil.equipment not in groups:
                yield f"foils.{name}: no station has machines {foil.equipment!r}"

    def applied(self, stations: Mapping[str, Station]) -> dict[str, Station]:
        """Return *stations* with what this recipe has different laid over their groups."""
        return {name: self._over(station) for name, station in stations.items()}

    def _over(self, station: Station) -> Station:
        groups = {}
        for name, group in station.equipment.items():
            overrides = dict(group.overrides)
            for signal, change in self.equipment.get(name, {}).items():
                overrides[signal] = change.over(overrides.get(signal))
            groups[name] = group.model_copy(update={"overrides": overrides})
        return station.model_copy(update={"equipment": groups})
