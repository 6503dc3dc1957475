"""Indexes that traces need: by material, machine and channel, over all of the past."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from psycopg import sql

from plant.model import Plant
from plant.tables import GENEALOGY_TABLE, Kind, Table
from storage.connect import Connection
from storage.schema import identifier, listed, plant_tables


def apply_indexes(connection: Connection, plant: Plant) -> list[str]:
    """Create what is missing; return one line per change, for people."""
    return [change for index in _traced_by(plant) for change in _apply(connection, index)]


class _Index(NamedTuple):
    """An index on *columns*; *carried* ones are read from it without a look into the table."""

    table: Table
    columns: tuple[str, ...]
    carried: tuple[str, ...] = ()


def _traced_by(plant: Plant) -> Iterator[_Index]:
    """Yield what traces look for by material and machine, or by its channel, in all of the past.

    What lies behind a lot or a nozzle are 100,000 rows all over a table of years, of which a trace
    wants a name: from the index it has them with a third of the reads.
    """
    if GENEALOGY_TABLE in plant_tables(plant):
        metres = ("child", "equipment", "from_m", "to_m")
        yield _Index(GENEALOGY_TABLE, ("parent", "time"), metres)
        yield _Index(GENEALOGY_TABLE, ("equipment", "time"))
    for (kind, station), table in plant.tables.items():
        if kind is Kind.CELL and plant.stations[station].positions:
            yield _Index(table, ("equipment", "position", "time"), ("cell",))


def _apply(connection: Connection, index: _Index) -> Iterator[str]:
    table, columns, carried = index
    of_columns = f"{table.name}_{'_'.join(columns)}"
    name = f"{of_columns}_covering" if carried else f"{of_columns}_idx"
    found = connection.execute(
        "SELECT FROM pg_indexes WHERE schemaname = %s AND indexname = %s", (table.schema, name)
    )
    if found.rowcount:
        return
    create = sql.SQL("CREATE INDEX {} ON {} ({})").format(
        sql.Identifier(name), identifier(table), listed(columns)
    )
    if carried:
        create += sql.SQL(" INCLUDE ({})").format(listed(carried))
    connection.execute(create)
    yield f"index {name}"
    if carried:  # which does all that an older version's did
        older = sql.Identifier(table.schema, f"{of_columns}_idx")
        connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(older))
