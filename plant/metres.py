"""Metres: what machines before winding read of the metres of web that are in a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import Field, model_validator

from plant.signals import Part, TopicWord
from plant.stations import Station


class Metres(Part):
    """The mean of *signals*, full names of one station, as the machines of *group* read them.

    The result *witness* of cells moves by *per* for one of it if it is true.
    """

    group: TopicWord
    signals: tuple[str, ...] = Field(min_length=1, strict=False)
    witness: str | None = Field(default=None, description="a result of the cells, station.result")
    per: float | None = Field(default=None, description="of the witness, for one of the signals")
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _parts_go_together(self) -> Self:
        if (self.witness is None) != (not self.per):
            raise ValueError("witness and per go together, and per is not 0; add or remove one")
        if len({name.partition(".")[0] for name in self.signals}) > 1:
            raise ValueError("all signals must be of one station; make two entries of it")
        return self

    @property
    def station(self) -> str:
        """The station whose machines read them."""
        return self.signals[0].partition(".")[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The signals without the station's name."""
        return tuple(name.partition(".")[2] for name in self.signals)

    def faults(self, stations: Mapping[str, Station]) -> Iterator[str]:
        """Yield what does not fit *stations*."""
        station = stations.get(self.station)
        known = station.signals if station else {}
        for name, column in zip(self.signals, self.columns, strict=True):
            if column not in known:
                yield f"no station has a signal {name!r}; mend its spelling"
        if station and self.group not in station.equipment:
            there = ", ".join(station.equipment)
            yield f"{self.station} has no group {self.group!r}; there is {there}"
        if self.witness:
            of, _, result = self.witness.partition(".")
            if of not in stations or result not in stations[of].results:
                yield f"no station has a result {self.witness!r}; mend its spelling"
