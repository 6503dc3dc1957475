"""Material: which lot is in which slurry, roll, strip and cell, and which metres of the strip.

Everything follows from the number of the strip; strips are made one after another, a roll with its
first strip, a slurry with the first roll that takes of it. Sizes: a mother roll of 3,000 m and 8
lanes, slurries of 1,000 kg dry, and the coating of one cell are derived for the reference cell
(Chen et al. 2020); the hours between the steps and the lots are assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plant.model import Equipment, Plant
from plant.tables import GENEALOGY_TABLE, Kind
from plant.topics import topic_of
from simulator.cell_id import CellIds
from simulator.faults import Fault
from simulator.faults_kind import Reach
from simulator.message import MOST_ROWS, Message, Window, dump, encode
from simulator.noise import Ints
from simulator.pace import Pace

ROLL_M = 3_000.0
LANES = 8
SLURRY_KG = 1_000.0
_SLURRIES_PER_LOT = 10
HOUR_MS = 3_600_000
#: How long before its first cell a strip is slit, a roll coated, a slurry mixed.
SLIT_MS, COATED_MS, MIXED_MS = 28 * HOUR_MS, 48 * HOUR_MS, 54 * HOUR_MS


#: Says which strips of an electrode a fault kept from the record.
Unrecorded = Callable[[Fault, Ints, str], npt.NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Electrode:
    """Cathode or anode: the last letter of its machines' names, and what one cell takes."""

    letter: str
    cell_m: float
    cell_kg: float
    #: Part of the dry slurry, by lot.
    recipe: tuple[tuple[str, float], ...]

    @property
    def cells_per_strip(self) -> int:
        """Whole cells of one strip; its end is scrap."""
        return int(ROLL_M / self.cell_m)

    @property
    def roll_kg(self) -> float:
        """Dry coating on one mother roll."""
        return self.cell_kg * ROLL_M / self.cell_m * LANES


ELECTRODES = (
    Electrode("c", 0.790, 0.0253, (("nca", 0.95), ("carbon", 0.03), ("pvdf", 0.02))),
    Electrode("a", 0.845, 0.0145, (("graphite", 0.96), ("cmc", 0.015), ("sbr", 0.025))),
)


class Material:
    """The material events of one line."""

    def __init__(
        self, plant: Plant, line: str, pace: Pace, ids: CellIds, unrecorded: Unrecorded
    ) -> None:
        self._plant = plant
        self._line = line
        self._pace = pace
        self._ids = ids
        self._unrecorded = unrecorded
        self._winders = machines_of(plant, line, "winding")
        self._steps = {
            (step, e.letter): machines
            for step in ("mixing", "coating", "slitting")
            for e in ELECTRODES
            if (machines := machines_of(plant, line, step, e.letter))
        }

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the events within *window*; the first one also has what its cells were made of."""
        if not self._winders:
            return
        for electrode in ELECTRODES:
            for name, lead_ms in (("mixing", MIXED_MS), ("coating", COATED_MS)):
                if (name, electrode.letter) in self._steps:
                    for roll in self._rolls(electrode, window, lead_ms):
                        make = self._slurries if name == "mixing" else self._roll
                        yield from make(electrode, roll, lead_ms)
            if ("slitting", electrode.letter) in self._steps:
                for strip in self._strips(electrode, window, SLIT_MS):
                    yield self._strip(electrode, strip)
                yield from self._cells(electrode, window)

    def _rolls(self, electrode: Electrode, window: Window, lead_ms: int) -> Iterator[int]:
        """Yield the rolls whose first strip `_strips` yields."""
        for strip in self._strips(electrode, window, lead_ms):
            if strip % LANES == 0:
                yield strip // LANES

    def _strips(self, electrode: Electrode, window: Window, lead_ms: int) -> Iterator[int]:
        """Yield the strips that something happens to in *window*, *lead_ms* before their turn."""
        from_ms = window.from_ms
        if window.is_first:
            from_ms -= lead_ms + stock_ms(self._pace, electrode, len(self._winders))
        first, end = (
            -(-self._pace.first_from(edge, -lead_ms) // electrode.cells_per_strip)
            for edge in (from_ms, window.to_ms)
        )
        yield from range(first, end)

    def _begin_ms(self, electrode: Electrode, strip: int, lead_ms: int) -> int:
        return self._pace.time_ms(strip * electrode.cells_per_strip, -lead_ms)

    def _slurries(self, electrode: Electrode, roll: int, lead_ms: int) -> Iterator[Message]:
        """Yield the lots of each slurry that *roll* is the first to take of."""
        share = electrode.roll_kg / SLURRY_KG
        time_ms = self._begin_ms(electrode, roll * LANES, lead_ms)
        for slurry in range(math.ceil(roll * share), math.ceil((roll + 1) * share)):
            rows = [
                (self._name(electrode, f"lot-{what}", slurry // _SLURRIES_PER_LOT), part)
                for what, part in electrode.recipe
            ]
            yield self._event(
                ("mixing", electrode.letter, slurry),
                time_ms,
                self._name(electrode, "slurry", slurry),
                [(lot, SLURRY_KG * part) for lot, part in rows],
            )

    def _roll(self, electrode: Electrode, roll: int, lead_ms: int) -> Iterator[Message]:
        """Yield the slurries of *roll*, with the mass it took of each."""
        begin, end = roll * electrode.roll_kg, (roll + 1) * electrode.roll_kg
        parents = []
        for slurry in range(int(begin // SLURRY_KG), math.ceil(end / SLURRY_KG)):
            taken = min(end, (slurry + 1) * SLURRY_KG) - max(begin, slurry * SLURRY_KG)
            parents.append((self._name(electrode, "slurry", slurry), taken))
        time_ms = self._begin_ms(electrode, roll * LANES, lead_ms)
        child = roll_name(self._line, electrode.letter, roll)
        yield self._event(("coating", electrode.letter, roll), time_ms, child, parents)

    def _strip(self, electrode: Electrode, strip: int) -> Message:
        document = {
            "ts": self._begin_ms(electrode, strip, SLIT_MS),
            "child": strip_name(self._line, electrode.letter, strip),
            "parent": roll_name(self._line, electrode.letter, strip // LANES),
            "from_m": 0.0,
            "to_m": ROLL_M,
        }
        machine = self._machine("slitting", electrode.letter, strip // LANES)
        return self._message(machine, dump(document), 1)

    def _cells(self, electrode: Electrode, window: Window) -> Iterator[Message]:
        """Yield which metres of which strip are in each cell that is wound within *window*."""
        numbers = self._pace.between(window.from_ms, window.to_ms)
        for index, winder in enumerate(self._winders):
            own = numbers[numbers % len(self._winders) == index]
            for at in range(0, len(own), MOST_ROWS):
                piece = own[at : at + MOST_ROWS]
                yield self._wound(electrode, winder, piece, window.faults)

    def _wound(
        self, electrode: Electrode, winder: Equipment, numbers: Ints, faults: tuple[Fault, ...]
    ) -> Message:
        winders = len(self._winders)
        turn = numbers // winders
        strips = turn // electrode.cells_per_strip * winders + numbers % winders
        cells = turn % electrode.cells_per_strip
        for fault in faults:
            if fault.kind.reach is Reach.SPLICED:
                # The record stays with the strip before, and its metres count on.
                wrong = self._unrecorded(fault, strips, electrode.letter)
                strips = np.where(wrong, strips - winders, strips)
                cells = np.where(wrong, cells + electrode.cells_per_strip, cells)
        metre = np.round(cells * electrode.cell_m, 3)
        names = {s: strip_name(self._line, electrode.letter, s) for s in np.unique(strips).tolist()}
        columns = {
            "ts": self._pace.times_ms(numbers),
            "child": self._ids.of(numbers),
            "parent": [names[strip] for strip in strips.tolist()],
            "from_m": metre,
            "to_m": np.round(metre + electrode.cell_m, 3),
        }
        return self._message(winder, dump(encode(columns, len(numbers))), len(numbers))

    def _event(
        self,
        made_at: tuple[str, str, int],
        time_ms: int,
        child: str,
        parents: list[tuple[str, float]],
    ) -> Message:
        columns = {
            "ts": [time_ms] * len(parents),
            "child": child,
            "parent": [parent for parent, _ in parents],
            "amount_kg": [round(amount, 3) for _, amount in parents],
        }
        payload = dump(encode(columns, len(parents)))
        return self._message(self._machine(*made_at), payload, len(parents))

    def _message(self, machine: Equipment, payload: bytes, rows: int) -> Message:
        topic = topic_of(self._plant, machine, Kind.MATERIAL)
        return Message(topic, payload, GENEALOGY_TABLE, rows, 0)

    def _machine(self, step: str, letter: str, number: int) -> Equipment:
        machines = self._steps[step, letter]
        return machines[number % len(machines)]

    def _name(self, electrode: Electrode, what: str, number: int) -> str:
        return f"{self._line}-{electrode.letter}-{what}-{number:06d}"


def roll_name(line: str, letter: str, roll: int) -> str:
    """Return the name of roll number *roll*."""
    return f"{line}-{letter}-roll-{roll:06d}"


def strip_name(line: str, letter: str, strip: int) -> str:
    """Return the name of strip number *strip*: its roll's, and its lane."""
    return f"{roll_name(line, letter, strip // LANES)}-{strip % LANES + 1}"


def stock_ms(pace: Pace, electrode: Electrode, winders: int) -> int:
    """Return how long what is on the machines when a run starts lasts: a roll and its slurry."""
    rolls = 2 + math.ceil(SLURRY_KG / electrode.roll_kg)
    return pace.longest_ms(rolls * LANES * electrode.cells_per_strip * winders)


def machines_of(plant: Plant, line: str, station: str, letter: str = "") -> tuple[Equipment, ...]:
    """Return the machines of *station*, of one electrode where *letter* says which."""
    machines = plant.equipment_at(line, station)
    return tuple(m for m in machines if m.group.endswith(f"-{letter}") or not letter)
