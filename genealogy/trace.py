"""From any cell to its material and back, by the records of `material.genealogy`.

A record says that a child was made from a parent: metres of a roll, or an amount of a lot. The
functions read; they leave the transaction to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from psycopg.rows import class_row

from genealogy.sql import statement
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection


@dataclass(frozen=True, slots=True)
class Use:
    """*child* was made from *parent* on *equipment*.

    Metres *from_m* to *to_m* of the parent went in, or *amount_kg* of it; None where not said.
    """

    time: datetime
    equipment: str
    child: str
    parent: str
    from_m: float | None
    to_m: float | None
    amount_kg: float | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A cell was at a station: *position* is nozzle, lane or channel, counted from 1."""

    time: datetime
    station: str
    cell: str
    equipment: str
    position: int | None
    verdict: str | None


def upstream(connection: Connection, child: str) -> list[Use]:
    """Return every use behind *child*, the latest first, each once; circles are no harm.

    Empty if *child* is raw material or unknown.
    """
    with connection.cursor(row_factory=class_row(Use)) as cursor:
        return cursor.execute(statement("upstream"), {"child": child}).fetchall()


def downstream(
    connection: Connection,
    parent: str,
    from_m: float | None = None,
    to_m: float | None = None,
    *,
    makers: Sequence[str] = (),
) -> list[Use]:
    """Return every use of *parent* and of what was made from it, the earliest first, each once.

    With *from_m* or *to_m*, only what took metres of *parent* in that range (ends included), or
    an amount whose metres nobody wrote down. What the machines *makers* made is not followed.
    Empty if nothing was made from it, or unknown.
    """
    chosen = {"parent": parent, "from_m": from_m, "to_m": to_m, "makers": list(makers)}
    with connection.cursor(row_factory=class_row(Use)) as cursor:
        return cursor.execute(statement("downstream"), chosen).fetchall()


def lots_at(
    connection: Connection, plant: Plant, uses: Iterable[Use], seen: Iterable[Visit]
) -> list[Use]:
    """Return the lots of bought parts and foils in what was made by *uses*, and at *seen*.

    They are those that were mounted then, by `material.mounted`.
    """
    places = {(use.child, use.equipment, use.time) for use in uses}
    places |= {(visit.cell, visit.equipment, visit.time) for visit in seen}
    children, machines, times = zip(*places, strict=True) if places else ((), (), ())
    chosen = {
        "children": list(children), "machines": list(machines), "times": list(times),
        "slots": slots_of(plant),
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(Use)) as cursor:
        return cursor.execute(statement("lots_at"), chosen).fetchall()


def slots_of(plant: Plant) -> list[str]:
    """Return the slots whose lots go into cells: of bought parts and foils."""
    recipes = plant.recipes.values()
    return sorted({slot for recipe in recipes for slot in (*recipe.parts, *recipe.foils)})


def makers_of(plant: Plant) -> list[str]:
    """Return the machines that make or test cells."""
    return [m.name for m in plant.equipment.values() if plant.stations[m.station].results]


def visits(connection: Connection, plant: Plant, cells: Iterable[str]) -> list[Visit]:
    """Return where *cells* were, the earliest first, from the results of all stations.

    An id that is no cell has no visits.
    """
    one = statement("visits")
    parts = [
        one.format(station=sql.Literal(station), table=sql.Identifier(table.schema, table.name))
        for (kind, station), table in plant.tables.items()
        if kind is Kind.CELL
    ]
    query = sql.SQL("\nUNION ALL\n").join(parts) + sql.SQL("\nORDER BY time, cell")
    with connection.cursor(row_factory=class_row(Visit)) as cursor:
        return cursor.execute(query, {"cells": list(cells)}).fetchall()


def is_known(connection: Connection, thing: str) -> bool:
    """Return whether a record of genealogy speaks of *thing*."""
    row = connection.execute(statement("is_known"), {"thing": thing}).fetchone()
    return row is not None and bool(row[0])
