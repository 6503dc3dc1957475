"""Cells at stations: the result messages of one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from plant.model import Plant
from plant.tables import Kind
from plant.topics import topic_of
from simulator.cell_id import CellIds
from simulator.faults import Fault
from simulator.faults_kind import Reach
from simulator.message import MOST_ROWS, Message, Window, dump, encode
from simulator.noise import Ints
from simulator.place import Place
from simulator.results import Results
from simulator.schedule import Making
from simulator.scrap import Mask, Scrap


class Passages:
    """What the stations of one line publish of the cells that pass."""

    def __init__(
        self, plant: Plant, results: Results, ids: CellIds, making: Making, scrap: Scrap | None
    ) -> None:
        self._plant = plant
        self._results = results
        self._ids = ids
        self._making = making
        self._scrap = scrap
        self._default = next(iter(plant.recipes), "")

    def messages(self, window: Window) -> Iterator[Message]:
        """Yield the results of all cells that pass a station within *window*."""
        for place in self._results.places.values():
            yield from self._at(place, window)

    def _at(self, place: Place, window: Window) -> Iterator[Message]:
        numbers = self._results.pace.between(window.from_ms, window.to_ms, place.delay_ms)
        wound_ms = self._results.pace.times_ms(numbers)
        for recipe, piece in self._making.pieces(numbers, wound_ms):
            yield from self._made(place, piece, self._making.names[recipe], window)

    def _made(self, place: Place, numbers: Ints, recipe: str, window: Window) -> Iterator[Message]:
        measured = self._results.of(place.name, int(numbers[0]), len(numbers), window.faults)
        times = self._results.pace.times_ms(numbers, place.delay_ms)
        failed = self._results.verdicts(place.name, numbers, measured)
        cells = np.array(self._ids.of(self._read_as(place, numbers, window.faults)), dtype=object)
        stays = np.ones(len(numbers), dtype=bool)
        if self._scrap is not None:
            stays = self._scrap.stays(place.name, numbers, window.faults)
        table = self._plant.tables[Kind.CELL, place.name]
        for machine, rows in _by_machine(place, numbers, stays):
            topic = topic_of(self._plant, place.machines[machine], Kind.CELL)
            verdict: Any = "pass"
            if failed[rows].any():
                verdict = np.where(failed[rows], "fail", "pass").tolist()
            columns: dict[str, Any] = {"ts": times[rows], "cell": cells[rows].tolist()}
            if place.station.positions:
                columns["position"] = place.position_of(numbers[rows])
            columns["verdict"] = verdict
            if recipe != self._default:
                columns["recipe"] = recipe
            values = 0
            for name, column in measured.items():
                known = int(np.count_nonzero(~np.isnan(column[rows])))
                if known:
                    columns[name] = column[rows]
                    values += known
            yield Message(topic, dump(encode(columns, len(rows))), table, len(rows), values)

    def _read_as(self, place: Place, numbers: Ints, faults: tuple[Fault, ...]) -> Ints:
        """Return in the names of which cells the cells *numbers* are read."""
        for fault in faults:
            if fault.kind.reach is Reach.TURNED and fault.kind.station == place.name:
                numbers = self._results.hits.reaches.mirrored(fault, numbers)
        return numbers


def _by_machine(place: Place, numbers: Ints, stays: Mask) -> Iterator[tuple[int, Ints]]:
    """Yield each machine with the indices of its cells that stay, a message's size at a time."""
    machine = place.machine_of(numbers)
    order = np.argsort(machine, kind="stable")
    order = order[stays[order]]
    cuts = np.flatnonzero(np.diff(machine[order])) + 1
    for rows in np.split(order, cuts):
        for at in range(0, len(rows), MOST_ROWS):
            piece = rows[at : at + MOST_ROWS]
            yield int(machine[piece[0]]), piece
