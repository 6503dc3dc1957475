"""How cells are judged: what is compared with the peers, which grades there are, what is held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from plant.metres import Metres
from plant.signals import Name, Part, Signal, TopicWord
from plant.stations import Station
from plant.witness import Witness


def _check_result_name(name: str) -> str:
    if name.count(".") != 1:
        raise ValueError(f"{name!r} must name station and result, as 'end_of_line.acir'")
    return name


#: A result of a station: `end_of_line.acir`.
ResultName = Annotated[str, AfterValidator(_check_result_name)]

#: The measure that is worked out from two readings of the voltage, not read off a result.
K_VALUE = "k_value"


class Measure(Part):
    """A result of each cell that is compared with its peers', brought to 25 Cel."""

    result: ResultName
    temperature: ResultName | None = Field(
        default=None, description="of the cell meanwhile; outside its limits it explains shifts"
    )
    per_kelvin: float = Field(default=0.0, description="in the result's unit per K above 25 Cel")
    doubt: ResultName | None = Field(
        default=None, description="outside its own limits, it says that the result was misread"
    )
    screened: bool = True
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _kelvins_are_measured(self) -> Self:
        if self.temperature is None and self.per_kelvin:
            raise ValueError("per_kelvin needs the temperature that it is of; add temperature")
        return self

    @property
    def station(self) -> str:
        """The station whose instrument reads it."""
        return self.result.partition(".")[0]

    def names(self) -> Iterator[str]:
        """Yield the results that it reads."""
        yield self.result
        yield from (name for name in (self.temperature, self.doubt) if name)


class SelfDischarge(Part):
    """The K-value: the fall of the open-circuit voltage between two readings, in mV/d."""

    first: ResultName
    second: ResultName
    hours: ResultName = Field(description="between the two")
    first_temperature: ResultName
    second_temperature: ResultName
    mv_per_kelvin: float = Field(description="how the voltage changes with the temperature")
    limits_of: ResultName = Field(description="the result whose limits K has to keep")
    source: str = Field(min_length=1)

    @property
    def station(self) -> str:
        """The station whose instrument reads it."""
        return self.second.partition(".")[0]

    @property
    def temperature(self) -> str:
        """The result whose limits say whether the room was as it should be."""
        return self.second_temperature

    def names(self) -> Iterator[str]:
        """Yield the results that it reads."""
        yield from (self.first, self.second, self.hours, self.first_temperature)
        yield from (self.second_temperature, self.limits_of)


class Rule(Part):
    """What a measure must be for a grade.

    Against `nominal`: the part by which it may differ from the recipe's nominal; -0.01: 1 % less.
    Against `tray`: the difference from the median of the tray, in the measure's unit.
    """

    measure: Name
    against: Literal["nominal", "tray"]
    low: float | None = None
    high: float | None = None
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _bounds_are_bounds(self) -> Self:
        low, high = self.low, self.high
        if low is None and high is None:
            raise ValueError("has neither low nor high, so it says nothing; add one")
        if low is not None and high is not None and low >= high:
            raise ValueError(f"low {low} is not below high {high}; mend one of them")
        return self


class Grade(Part):
    """A grade: a cell has the first whose rules it keeps."""

    name: TopicWord
    rules: tuple[Rule, ...] = Field(min_length=1, strict=False)


class Forecast(Part):
    """What is predicted of a cell before the end of the line."""

    targets: tuple[Name, ...] = Field(min_length=1, strict=False)
    coverage: float = Field(gt=0.5, lt=1, description="part of cells within the interval")


class CellQuality(Part):
    """How the cells of this plant are screened, graded and held."""

    held_ppm: float = Field(gt=0, le=100_000, description="good cells held, of a million")
    tray: Name = Field(description="the station whose tray makes cells peers of each other")
    self_discharge: SelfDischarge | None = None
    measures: dict[Name, Measure] = Field(min_length=1)
    grades: tuple[Grade, ...] = Field(default=(), strict=False)
    critical: tuple[ResultName, ...] = Field(
        default=(), strict=False, description="outside the limits of these a cell is scrap"
    )
    hold_on_alarm: tuple[ResultName, ...] = Field(
        default=(), strict=False, description="cells under an alarm of these are held"
    )
    metres: dict[Name, Metres] = Field(
        default={}, description="what forecasts read of a cell's metres, beside its results"
    )
    witnesses: tuple[Witness, ...] = Field(
        default=(), strict=False, description="which measurements judge which others"
    )
    forecast: Forecast | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What is measured of a cell: the measures in order, K where it is worked out."""
        return (*((K_VALUE,) if self.self_discharge else ()), *self.measures)

    @property
    def screened(self) -> tuple[str, ...]:
        """The measures that are compared with the peers'."""
        return tuple(n for n in self.names if n == K_VALUE or self.measures[n].screened)

    def station_of(self, measure: str) -> str:
        """Return the station whose instrument reads *measure*."""
        if measure == K_VALUE and self.self_discharge:
            return self.self_discharge.station
        return self.measures[measure].station

    def limits_of(self, measure: str) -> str:
        """Return the result whose nominal and limits *measure* has."""
        if measure == K_VALUE and self.self_discharge:
            return self.self_discharge.limits_of
        return self.measures[measure].result

    def temperature_of(self, measure: str) -> str | None:
        """Return the result that says how warm the cell was for *measure*, if there is one."""
        if measure == K_VALUE and self.self_discharge:
            return self.self_discharge.temperature
        return self.measures[measure].temperature

    def faults(self, stations: Mapping[str, Station]) -> Iterator[str]:
        """Yield what does not fit *stations* or itself, each with its place."""
        yield from self._unknown_results(stations)
        for witness in self.witnesses:
            yield from (f"witnesses: {fault}" for fault in witness.faults(stations))
        for name, metres in self.metres.items():
            yield from (f"metres.{name}: {fault}" for fault in metres.faults(stations))
        yield from self._misfits(stations)

    def _misfits(self, stations: Mapping[str, Station]) -> Iterator[str]:
        tray = stations.get(self.tray)
        if tray is None or tray.positions is None or not tray.results:
            yield f"tray: {self.tray!r} is no station with positions and results; name one"
        if K_VALUE in self.measures:
            yield f"measures.{K_VALUE}: is what self_discharge works out; remove one of the two"
        names = [grade.name for grade in self.grades]
        for name in sorted({n for n in names if names.count(n) > 1 or n == "reject"}):
            yield f"grades: {name!r} is taken; give each grade a name of its own, not 'reject'"
        for grade in self.grades:
            for rule in grade.rules:
                if rule.measure not in self.names:
                    yield (
                        f"grades.{grade.name}: there is no measure {rule.measure!r}; "
                        f"there is {', '.join(self.names)}"
                    )
        for target in self.forecast.targets if self.forecast else ():
            if target not in self.names:
                yield (
                    f"forecast.targets: there is no measure {target!r}; "
                    f"there is {', '.join(self.names)}"
                )

    def _unknown_results(self, stations: Mapping[str, Station]) -> Iterator[str]:
        asked = [(f"measures.{name}", n) for name, m in self.measures.items() for n in m.names()]
        if self.self_discharge:
            asked += [("self_discharge", name) for name in self.self_discharge.names()]
        asked += [("critical", name) for name in self.critical]
        asked += [("hold_on_alarm", name) for name in self.hold_on_alarm]
        for place, full in asked:
            if result_of(stations, full) is None:
                yield f"{place}: no station has a result {full!r}; mend its spelling"


def result_of(stations: Mapping[str, Station], full: str) -> Signal | None:
    """Return result *full* (`station.result`) as the first machines have it; None if not there."""
    station_name, _, name = full.partition(".")
    station = stations.get(station_name)
    if station is None or name not in station.results:
        return None
    return station.signal_of(next(iter(station.equipment)), name)
