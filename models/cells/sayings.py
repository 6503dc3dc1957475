"""Reasons in numbers and words: what a cell's file says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.cells.causes import Origin, TrayFinding
from models.cells.cells import POSITIONS, Cells, Mask
from models.cells.grading import Breach
from models.cells.screening import Screened
from models.cells.standard import Standard
from models.cells.verdict import FaultClass, Reason, ReasonKind


@dataclass(frozen=True, slots=True)
class Sayings:
    """Says what was found of *cells*; *machines* are the names behind the numbers of places."""

    standard: Standard
    cells: Cells
    screened: Screened
    machines: Sequence[str]

    def breach(self, breach: Breach, row: int) -> Reason:
        """Return that cell *row* is outside a limit."""
        value, signal = float(breach.values[row]), breach.signal
        side = "above" if value > breach.limit else "below"
        return Reason(
            ReasonKind.SPEC, breach.name, value, signal.nominal, breach.limit, signal.unit,
            f"{breach.name} {value:.6g} {signal.unit} is {side} its limit {breach.limit:g}",
        )  # fmt: skip

    def ungraded(self) -> Reason:
        """Return that a cell keeps the rules of no grade."""
        return Reason(
            ReasonKind.SPEC, "grade", None, None, None, "1", "it keeps the rules of no grade"
        )

    def grade(self, grade: str, first: str) -> Reason:
        """Return that a cell is of a lower *grade* than the *first*."""
        text = f"grade {grade}: it does not keep the rules of {first}"
        return Reason(ReasonKind.GRADE, "grade", None, None, None, "1", text)

    def outlier(self, column: int, row: int) -> Reason:
        """Return that cell *row* is unlike its peers in one measure."""
        name, unit, value, middle = self._numbers(column, row)
        z = float(self.screened.z[row, column])
        edge, limit = self._limit(column, row, z)
        return Reason(
            ReasonKind.OUTLIER, name, value, middle, limit, unit,
            f"{name} {value:.6g} {unit} is {abs(z):.1f} sd from the {middle:.6g} of its peers, "
            f"more than the {abs(edge):.1f} that good cells keep",
        )  # fmt: skip

    def combined(self, row: int) -> Reason:
        """Return that cell *row* is unlike its peers in all measures together."""
        distance = float(self.screened.distance[row])
        limit = float(self.screened.distance_limit[row])
        return Reason(
            ReasonKind.OUTLIER, "together", distance, None, limit, "1",
            f"no single measure, but all together: distance {distance:.1f}, good cells keep "
            f"within {limit:.1f}",
        )  # fmt: skip

    def tray(self, finding: TrayFinding, row: int) -> Iterator[Reason]:
        """Yield what is with the tray of cell *row*."""
        is_process = finding.fault_class is FaultClass.PROCESS
        kind = ReasonKind.LOT if is_process else ReasonKind.MEASUREMENT
        for name in finding.measures:
            column = self.screened.names.index(name)
            unit = self._unit(name)
            shift = float(self.screened.shift[row, column])
            middle = float(self.screened.middle[name][row])
            ending = "" if is_process else "; the reading, not the cells"
            yield Reason(
                kind, name, middle, middle - shift, None, unit,
                f"the whole tray: its median {name} {middle:.6g} {unit} differs by {shift:+.3g} "
                f"from the trays before and after it{ending}",
            )  # fmt: skip
        if finding.room:
            yield Reason(
                ReasonKind.MEASUREMENT, finding.room, None, None, None, "Cel",
                f"the tray was outside the temperatures of {finding.room}; its readings are "
                "brought to 25 Cel",
            )  # fmt: skip

    def misread(self, row: int) -> Iterator[Reason]:
        """Yield what an instrument falsified of cell *row*."""
        quality = self.standard.quality
        for name, doubted in self.screened.doubted.items():
            witness = quality.measures[name].doubt
            if doubted[row] and witness:
                signal = self.standard.signal(witness)
                value = float(self.cells.value(witness)[row])
                yield Reason(
                    ReasonKind.MEASUREMENT, name, value, signal.nominal, signal.high, signal.unit,
                    f"{name} does not count: {witness} was {value:.4g} {signal.unit} at "
                    f"{self.place(quality.station_of(name), row)}",
                )  # fmt: skip
        for column, name in enumerate(self.screened.names):
            if self.screened.of_channel[row, column]:
                scale = float(self.screened.scale[row, column])
                effect = float(self.screened.channel[row, column]) * scale
                _, unit, value, middle = self._numbers(column, row)
                _, limit = self._limit(column, row, effect)
                yield Reason(
                    ReasonKind.MEASUREMENT, name, value + effect, middle, limit, unit,
                    f"{name} {value + effect:.6g} {unit}: "
                    f"{self.place(quality.station_of(name), row)} adds {effect:+.3g} to each of "
                    f"{self.screened.channel_cells[row, column]} cells; without it {value:.6g}",
                )  # fmt: skip

    def misread_rows(self) -> Mask:
        """Return of which cells `misread` has something to say."""
        found: Mask = np.asarray(self.screened.of_channel.any(axis=1))
        for doubted in self.screened.doubted.values():
            found = found | doubted
        return found

    def with_origin(self, reason: Reason, origin: Origin) -> Reason:
        """Return *reason* with the place that such cells share."""
        if reason.kind not in {ReasonKind.SPEC, ReasonKind.OUTLIER}:
            return reason
        text = (
            f"{reason.text}; {origin.cells} of {origin.of} such cells passed "
            f"{self._name(origin.place, origin.station)}, by chance {origin.expected:.1f} would"
        )
        return reason._replace(text=text)

    def place(self, station: str, row: int) -> str:
        """Return in words where cell *row* was at *station*."""
        return self._name(int(self.cells.place(station)[row]), station)

    def _name(self, place: int, station: str) -> str:
        machine, position = divmod(place, POSITIONS)
        positions = self.standard.stations[station].positions
        name = self.machines[machine]
        return f"{positions.name} {position} of {name}" if positions and position else name

    def _numbers(self, column: int, row: int) -> tuple[str, str, float, float]:
        """Return name, unit, value without its channel's part, peers' median."""
        name = self.screened.names[column]
        scale = float(self.screened.scale[row, column])
        middle = float(self.screened.middle[name][row])
        value = middle + float(self.screened.z[row, column]) * scale
        return name, self._unit(name), value, middle

    def _limit(self, column: int, row: int, side: float) -> tuple[float, float]:
        """Return the limit on that *side* (its sign counts), in sd and as a value."""
        edges = self.screened.high if side > 0 else self.screened.low
        edge = float(edges[row, column])
        middle = float(self.screened.middle[self.screened.names[column]][row])
        return edge, middle + edge * float(self.screened.scale[row, column])

    def _unit(self, name: str) -> str:
        return self.standard.of_measure(name).unit
