"""Which cells a finding concerns: those of a roll's metres, a lot, a machine's hour, a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import ClientCursor, sql
from psycopg.rows import class_row

from genealogy.sql import statement
from genealogy.trace import makers_of, slots_of
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection


class ChoiceError(Exception):
    """The choice concerns nothing that can be known; the text says why."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Cells by what they have in common: a *thing*, a machine, or else that they are *cells*.

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
    """What is known of a cell now; None where nothing is. *doubts* are the kinds of its flags.

    *state* is the one word that says most: on hold, else *commerce*, else *disposition*.
    """

    cell: str
    time: datetime | None
    grade: str | None
    disposition: str | None
    held_because: str | None
    commerce: str | None
    doubts: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Survey:
    """How many cells there are, how many of each state, and the first of them by their ids.

    *counts* is empty where there are more than `COUNTED` cells.
    """

    total: int
    counts: Mapping[str, int]
    first: Sequence[State]


#: Of more cells a survey does not count the states, so that it takes less than a second.
COUNTED = 50_000


def cells_of(connection: Connection, plant: Plant, choice: Choice) -> list[str]:
    """Return the ids of the cells of *choice*, in order.

    Raise `ChoiceError` for a machine that is not of the plant, or of which no record says what
    passed it.
    """
    rows = connection.execute(_chosen(connection, plant, choice))
    return sorted(cell for (cell,) in rows)


def states_of(connection: Connection, plant: Plant, choice: Choice) -> list[State]:
    """Return what is known of the cells of *choice*, in order of their ids; raise as `cells_of`."""
    with connection.cursor(row_factory=class_row(State)) as cursor:
        query = _states(_chosen(connection, plant, choice)) + sql.SQL("ORDER BY cell")
        return cursor.execute(query).fetchall()


def survey(connection: Connection, plant: Plant, choice: Choice, most: int) -> Survey:
    """Return how many cells *choice* has, of which states, and the first *most* of them.

    Of many cells this is much faster than `states_of`. Raise as `cells_of`.
    """
    query = statement("survey").format(
        cells=_chosen(connection, plant, choice),
        states=_states(sql.SQL("SELECT cell FROM first")),
        counted=sql.Literal(COUNTED),
        most=sql.Literal(most),
    )
    rows = connection.execute(query).fetchall()
    total, counts = rows[0][:2]
    first = [State(*state) for _, _, *state in rows if state[0] is not None]
    return Survey(total, counts if total <= COUNTED and counts else {}, first)


def _states(chosen: sql.SQL | sql.Composed) -> sql.Composed:
    return statement("states_of").format(cells=chosen)


def _chosen(connection: Connection, plant: Plant, choice: Choice) -> sql.Composed:
    """Return the query of the cells of *choice*, each once, its values in it."""
    if choice.thing:
        parts = [_of_things(connection, plant, [choice.thing], choice.from_m, choice.to_m)]
        mounts = _mounts_of(connection, plant, choice.thing)
        parts += [_at(connection, plant, where) for where in mounts]
        return sql.SQL("\nUNION\n").join(sql.SQL("({})").format(part) for part in parts)
    if not choice.equipment:
        query = "SELECT DISTINCT unnest(%(cells)s::text[])"
        return _bound(connection, sql.SQL(query), {"cells": list(choice.cells)})
    if choice.equipment not in plant.equipment:
        raise ChoiceError(f"{choice.equipment!r} is not in the plant file")
    if not _is_of_cells(plant, choice.equipment):
        if choice.position is not None:
            raise ChoiceError(f"of {choice.equipment} no record says what passed which position")
        if not _made_at(connection, choice):
            raise ChoiceError(f"no record says what {choice.equipment} made then")
    return _at(connection, plant, choice)


def _bound(
    connection: Connection, query: sql.SQL | sql.Composed, values: Mapping[str, object]
) -> sql.Composed:
    """Return *query* with *values* in it, as a part of a larger one."""
    # A text that is executed without parameters has no placeholders: a % in it is a %.
    text = ClientCursor(connection).mogrify(query, values)
    return sql.Composed([sql.SQL(text)])


def _mounts_of(connection: Connection, plant: Plant, thing: str) -> list[Choice]:
    """Return where and when *thing*, a lot of a part or a foil, was in a machine that used it."""
    chosen = {"thing": thing, "slots": slots_of(plant)}
    return [
        Choice(equipment=machine, since=since, until=until)
        for machine, since, until in connection.execute(statement("mounts_of"), chosen)
        if machine in plant.equipment
    ]


def _at(connection: Connection, plant: Plant, where: Choice) -> sql.Composed:
    """Return the query of the cells that a machine had, or whose material it made or had on it."""
    if not _is_of_cells(plant, where.equipment):
        return _of_things(connection, plant, _made_at(connection, where), None, None)
    table = plant.tables[Kind.CELL, plant.equipment[where.equipment].station]
    query = statement("cells_at").format(table=sql.Identifier(table.schema, table.name))
    return _bound(connection, query, _place(where))


def _is_of_cells(plant: Plant, machine: str) -> bool:
    return (Kind.CELL, plant.equipment[machine].station) in plant.tables


def _made_at(connection: Connection, where: Choice) -> list[str]:
    return [thing for (thing,) in connection.execute(statement("made_at"), _place(where))]


def _place(where: Choice) -> dict[str, object]:
    return {
        "equipment": where.equipment,
        "position": where.position,
        "since": where.since,
        "until": where.until,
    }


def _of_things(
    connection: Connection,
    plant: Plant,
    things: Sequence[str],
    from_m: float | None,
    to_m: float | None,
) -> sql.Composed:
    chosen = {
        "things": list(things), "makers": makers_of(plant), "from_m": from_m, "to_m": to_m,
    }  # fmt: skip
    return _bound(connection, statement("cells_of_things"), chosen)


def hold(connection: Connection, cells: Sequence[str], who: str, reason: str) -> int:
    """Put *cells* on hold, each recorded; return how many were not on hold before."""
    return _record(connection, "hold", cells, who, reason)


def release(connection: Connection, cells: Sequence[str], who: str, reason: str) -> int:
    """Take *cells* off hold, each recorded; return how many were on hold before."""
    return _record(connection, "release", cells, who, reason)


def _record(connection: Connection, what: str, cells: Sequence[str], who: str, reason: str) -> int:
    row = {"what": what, "cells": list(cells), "who": who, "reason": reason}
    return connection.execute(statement("insert_hold"), row).rowcount
