"""Which cells a fault reaches, how strongly, and when: by where each cell, or its metres, was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from plant.model import Plant
from simulator.faults import Fault
from simulator.faults_kind import Reach
from simulator.faults_severity import off_ms, overlap, severity
from simulator.material import machines_of
from simulator.noise import Floats, Ints
from simulator.origin import Origin
from simulator.pace import Pace
from simulator.place import Place

Mask = npt.NDArray[np.bool_]

#: A cell stands in its tray place so long before its results come.
_FORMED_MS = 24 * 3_600_000


class Touch(NamedTuple):
    """For each cell how strongly a fault reached it, 0 where it did not, and at which moment."""

    severity: Floats
    times_ms: Ints


class Reaches:
    """The ways from faults to the cells of one line."""

    def __init__(self, plant: Plant, line: str, pace: Pace, places: Mapping[str, Place]) -> None:
        self._plant = plant
        self._line = line
        self._pace = pace
        self._places = places
        self._origins = {letter: Origin(plant, line, pace, letter) for letter in ("c", "a")}

    def of(self, fault: Fault, numbers: Ints) -> Touch:
        """Return what *fault* is to the cells *numbers*."""
        nobody = Touch(np.zeros(len(numbers)), self._pace.times_ms(numbers))
        if fault.line != self._line or fault.on_ms is None:
            return nobody
        way = {
            Reach.PASSED: self._passed,
            Reach.FORMED: self._formed,
            Reach.OPEN: self._open,
            Reach.TURNED: self._turned,
            Reach.SPLICED: self._spliced,
            Reach.MIXED: self._mixed,
        }.get(fault.kind.reach, self._made)
        before_cells = way in {self._spliced, self._mixed, self._made}
        if fault.kind.reach is Reach.NOBODY or (before_cells and not self._winds):
            return nobody
        return way(fault, numbers)

    def candidates(self, fault: Fault, from_ms: int, to_ms: int) -> tuple[int, int]:
        """Return a range of cells with all that *fault* reaches in [*from_ms*, *to_ms*)."""
        if fault.kind.reach is Reach.NOBODY:
            return 0, 0
        if fault.kind.station in self._places and fault.kind.reach is not Reach.SPLICED:
            delay_ms, ahead_ms = self._places[fault.kind.station].delay_ms, _FORMED_MS
        elif fault.kind.reach is Reach.OPEN:
            # Touched from filling on, as long as they are not sealed.
            delay_ms = self._places["sealing"].delay_ms
            ahead_ms = delay_ms - self._places["filling"].delay_ms
        else:
            delay_ms, ahead_ms = 0, self._origins["c"].ahead_ms if self._winds else 0
        first = self._pace.first_from(from_ms, delay_ms)
        return first, self._pace.first_from(to_ms + ahead_ms, delay_ms)

    @property
    def _winds(self) -> bool:
        return self._origins["c"].has_winders

    def mirrored(self, fault: Fault, numbers: Ints) -> Ints:
        """Return the cells in whose names the trays that *fault* turned are read."""
        turned = self.of(fault, numbers).severity > 0
        count = self._places[fault.kind.station].positions
        return np.where(turned, 2 * (numbers // count * count) + count - 1 - numbers, numbers)

    def unrecorded(self, fault: Fault, strips: Ints, letter: str) -> Mask:
        """Return which strips were put on a winder by a splice that *fault* kept from the record.

        It is the first strip that the winder changes to since the fault came.
        """
        winders = machines_of(self._plant, self._line, "winding")
        origin = self._origins[letter]
        if letter != "c" or fault.machines[0] not in winders or fault.on_ms is None:
            return np.zeros(len(strips), dtype=bool)
        at, before = origin.begin_ms(strips), origin.begin_ms(strips - len(winders))
        first: Mask = (at >= fault.on_ms) & (at < off_ms(fault)) & (before < fault.on_ms)
        first &= strips % len(winders) == winders.index(fault.machines[0])
        return first

    def _passed(self, fault: Fault, numbers: Ints) -> Touch:
        place = self._places[fault.kind.station]
        times = self._pace.times_ms(numbers, place.delay_ms)
        return Touch(self._met(fault, place, numbers) * severity(fault, times), times)

    def _formed(self, fault: Fault, numbers: Ints) -> Touch:
        place = self._places[fault.kind.station]
        out = self._pace.times_ms(numbers, place.delay_ms)
        into = np.maximum(out - _FORMED_MS, self._pace.times_ms(numbers))
        part = self._met(fault, place, numbers) * overlap(fault, into, out)
        return Touch(part, np.maximum(into, fault.on_ms or 0))

    def _met(self, fault: Fault, place: Place, numbers: Ints) -> Mask:
        """Return which cells met the machines and the position of *fault*, at any time."""
        own = [index for index, m in enumerate(place.machines) if m in fault.machines]
        met = np.isin(place.machine_of(numbers), own)
        if fault.position is not None:
            met &= place.position_of(numbers) == fault.position
        return met

    def _open(self, fault: Fault, numbers: Ints) -> Touch:
        filling, sealing = self._places["filling"], self._places["sealing"]
        into = self._pace.times_ms(numbers, filling.delay_ms)
        out = self._pace.times_ms(numbers, sealing.delay_ms)
        zones = [
            m
            for m in machines_of(self._plant, self._line, fault.kind.station)
            if m.group == fault.kind.group
        ]
        zone = filling.machine_of(numbers) * len(zones) // len(filling.machines)
        here = zone == zones.index(fault.machines[0])
        return Touch(here * overlap(fault, into, out), np.maximum(into, fault.on_ms or 0))

    def _turned(self, fault: Fault, numbers: Ints) -> Touch:
        place = self._places[fault.kind.station]
        begin = self._pace.times_ms(numbers // place.positions * place.positions, place.delay_ms)
        times = self._pace.times_ms(numbers, place.delay_ms)
        turned = self._met(fault, place, numbers) & (severity(fault, begin) > 0)
        # In the middle of an odd tray a cell is read as itself.
        other = 2 * place.position_of(numbers) != place.positions + 1
        return Touch((turned & other).astype(np.float64), times)

    def _spliced(self, fault: Fault, numbers: Ints) -> Touch:
        wrong = self.unrecorded(fault, self._origins["c"].strips(numbers), "c")
        return Touch(wrong.astype(np.float64), self._pace.times_ms(numbers))

    def _mixed(self, fault: Fault, numbers: Ints) -> Touch:
        mine, into, out = self._origin(fault).mixed(numbers, fault.machines[0])
        return Touch(mine * overlap(fault, into, out), np.maximum(into, fault.on_ms or 0))

    def _origin(self, fault: Fault) -> Origin:
        return self._origins["a" if fault.machines[0].group.endswith("-a") else "c"]

    def _made(self, fault: Fault, numbers: Ints) -> Touch:
        """Return what *fault*, at a machine before winding, is to cells by their metres."""
        machine = fault.machines[0]
        origin = self._origin(fault)
        way = {
            Reach.COATED: origin.coated,
            Reach.CALENDERED: origin.calendered,
            Reach.SLIT: origin.slit,
            Reach.DRIED: origin.dried,
        }[fault.kind.reach]
        mine, times = way(numbers, machine)
        if fault.position is not None:
            mine &= origin.lanes(numbers) == fault.position
        return Touch(mine * severity(fault, times), times)
