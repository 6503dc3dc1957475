"""Witness: a second measurement of what another one measures, by which its gauge can be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from plant.signals import Part, TopicWord
from plant.stations import Station


class Witness(Part):
    """*by* moves by *per* for one of *of* if that is true; if only *of* moves, its gauge does.

    Both are full names, `coating.loading_a`. A signal has a signal of its own station as witness,
    a result of cells any other result of the same cells.
    """

    of: str
    by: str
    per: float = Field(description="of the witness, for one of what it is a witness of")
    group: TopicWord | None = Field(default=None, description="of machines that it holds for")
    source: str = Field(min_length=1)

    def faults(self, stations: Mapping[str, Station]) -> Iterator[str]:
        """Yield what does not fit *stations*."""
        kinds = {}
        for name in (self.of, self.by):
            station_name, _, own = name.partition(".")
            station = stations.get(station_name)
            if station is None or own not in {**station.signals, **station.results}:
                yield f"no station has a signal or result {name!r}; mend its spelling"
                return
            kinds[name] = own in station.signals
        first, second = (name.partition(".")[0] for name in (self.of, self.by))
        if kinds[self.of] != kinds[self.by] or (kinds[self.of] and first != second):
            yield (
                f"{self.by!r} cannot be seen beside {self.of!r}; take two signals of one station,"
                " or two results"
            )
        if not self.per:
            yield f"per of {self.of!r} is 0, so its witness says nothing; give another"
        if self.group is not None and self.group not in stations[first].equipment:
            there = ", ".join(stations[first].equipment)
            yield f"{first} has no group {self.group!r}; there is {there}"
