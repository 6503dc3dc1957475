"""`jellyroll trace`: from a cell to its material, from a roll to its cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import psycopg
import typer
from rich.console import Console

from genealogy.render import material_tree, product_table, products, visit_table
from genealogy.trace import downstream, is_known, upstream, visits
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage.connect import Connection, connect

app = typer.Typer(
    no_args_is_help=True, help="From any cell to its material and back.", add_completion=False
)


class TraceError(Exception):
    """Nothing can be traced; the text says why and what to do."""


@app.command()
def cell(
    cell: Annotated[str, typer.Argument(help="The cell's id.")],
    *,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Show where a cell was and all that it was made from.

    Example: jellyroll trace cell D126326010012345K
    """
    with _reading(database) as connection:
        seen = visits(connection, load_plant(plant), [cell])
        uses = upstream(connection, cell)
    if not seen and not uses:
        raise TraceError(
            f"cell {cell!r} is unknown: no station has a result of it and no material went into"
            " it; check its spelling, upper and lower case count"
        )
    if json:
        typer.echo(orjson.dumps({"cell": cell, "visits": _rows(seen), "material": _rows(uses)}))
        return
    console = Console(highlight=False)
    console.print(visit_table(seen))
    console.print(material_tree(cell, uses))


@app.command()
def roll(
    roll: Annotated[str, typer.Argument(help="The id of a roll, or of a lot.")],
    *,
    metres: Annotated[
        str, typer.Option(help="Only what took metres in this range, such as 812:840.")
    ] = "",
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Show what was made from a roll or a lot, down to the cells, and what became of them.

    Example: jellyroll trace roll l1-c-roll-000123-4 --metres 812:840
    """
    from_m, to_m = _range(metres)
    with _reading(database) as connection:
        uses = downstream(connection, roll, from_m, to_m)
        if not uses and not is_known(connection, roll):
            raise TraceError(
                f"roll {roll!r} is unknown: no record says that it was made or used; check its"
                " spelling, upper and lower case count"
            )
        seen = visits(connection, load_plant(plant), [use.child for use in products(uses)])
    if json:
        document = {
            "roll": roll, "from_m": from_m, "to_m": to_m,
            "uses": _rows(uses), "visits": _rows(seen),
        }  # fmt: skip
        typer.echo(orjson.dumps(document))
        return
    Console(highlight=False).print(product_table(uses, seen))


@contextmanager
def _reading(database: str) -> Iterator[Connection]:
    """Yield a connection on which all is read as of one moment."""
    with connect(database, application="jellyroll trace") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            yield connection
        except psycopg.errors.UndefinedTable as error:
            raise TraceError(
                f"the database does not fit the plant model ({error.diag.message_primary}):"
                " run `jellyroll migrate`, or name the right --plant"
            ) from error


def _range(metres: str) -> tuple[float | None, float | None]:
    if not metres:
        return None, None
    try:
        first, last = (float(part) for part in metres.split(":"))
    except ValueError:
        first, last = 1.0, 0.0
    if not first <= last:
        problem = f"{metres!r} is not two numbers as 812:840, the smaller first"
        raise typer.BadParameter(problem, param_hint="--metres")
    return first, last


def _rows(records: list[Any]) -> list[dict[str, Any]]:
    return [asdict(record) for record in records]
