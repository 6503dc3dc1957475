"""Which cells a finding concerns: those of a roll's metres, a lot, a machine's hour, a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from psycopg.rows import class_row

from genealogy.sql import statement
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection


class ChoiceError(Exception):
    """The choice concerns nothing that can be known; the text says why."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Cells by what they have in common; exactly one of cells, thing and equipment is given.

    *thing* is a lot, slurry, roll or strip, of which metres *from_m* to *to_m* may be named;
    *equipment* is a machine, of which *position* and the time from *since* to before *until*.
    """

    cells: tuple[str, ...] = ()
    thing: str = ""
    from_m: float | None = None
    to_m: float | None = None
    equipment: str = ""
    position: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a cell now; None where nothing is."""

    cell: str
    time: datetime | None
    grade: str | None
    disposition: str | None
    held_because: str | None
    commerce: str | None


def cells_of(connection: Connection, plant: Plant, choice: Choice) -> list[str]:
    """Return the ids of the cells of *choice*, in order.

    Raise `ChoiceError` for a machine that is not of the plant, or of which no record says what
    passed it.
    """
    if choice.cells:
        return sorted(set(choice.cells))
    if choice.thing:
        return _cells_of_things(connection, plant, [choice.thing], choice.from_m, choice.to_m)
    machine = plant.equipment.get(choice.equipment)
    if machine is None:
        raise ChoiceError(f"{choice.equipment!r} is not in the plant file")
    at = {
        "equipment": choice.equipment,
        "position": choice.position,
        "since": choice.since,
        "until": choice.until,
    }
    table = plant.tables.get((Kind.CELL, machine.station))
    if table is not None:
        query = statement("cells_at").format(table=sql.Identifier(table.schema, table.name))
        return sorted(cell for (cell,) in connection.execute(query, at))
    if choice.position is not None:
        raise ChoiceError(f"of {choice.equipment} no record says what passed which position")
    made = [thing for (thing,) in connection.execute(statement("made_at"), at)]
    if not made:
        raise ChoiceError(f"no record says what {choice.equipment} made then")
    return _cells_of_things(connection, plant, made, None, None)


def _cells_of_things(
    connection: Connection,
    plant: Plant,
    things: Sequence[str],
    from_m: float | None,
    to_m: float | None,
) -> list[str]:
    makers = [m.name for m in plant.equipment.values() if plant.stations[m.station].results]
    rows = connection.execute(
        statement("cells_of_things"),
        {"things": list(things), "makers": makers, "from_m": from_m, "to_m": to_m},
    )
    return sorted(cell for (cell,) in rows)


def states_of(connection: Connection, cells: Sequence[str]) -> list[State]:
    """Return what is known of *cells*, in order of their ids."""
    with connection.cursor(row_factory=class_row(State)) as cursor:
        return cursor.execute(statement("states_of"), {"cells": list(cells)}).fetchall()


def hold(connection: Connection, cells: Sequence[str], who: str, reason: str) -> int:
    """Put *cells* on hold, each recorded; return how many were not on hold before."""
    return _record(connection, "hold", cells, who, reason)


def release(connection: Connection, cells: Sequence[str], who: str, reason: str) -> int:
    """Take *cells* off hold, each recorded; return how many were on hold before."""
    return _record(connection, "release", cells, who, reason)


def _record(connection: Connection, what: str, cells: Sequence[str], who: str, reason: str) -> int:
    row = {"what": what, "cells": list(cells), "who": who, "reason": reason}
    return connection.execute(statement("insert_hold"), row).rowcount
