"""`jellyroll trace`: from a cell to its material, from a roll to its cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import psycopg
import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from genealogy.affected import Choice, cells_of, states_of
from genealogy.checks import Flag, catch_up, flags_of
from genealogy.options import Metres, Position, Since, Until, aware, metres_of
from genealogy.render import material_tree, product_table, products, visit_table
from genealogy.states import state_table, write_states
from genealogy.trace import Visit, downstream, is_known, upstream, visits
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage.connect import Connection, connect


class _CellByDefault(TyperGroup):
    """A word that is no command is a cell: `jellyroll trace D126326010012345K`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["cell", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_CellByDefault,
    no_args_is_help=True,
    help="From any cell to its material and back.",
    add_completion=False,
)


Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write a .csv or .parquet file instead.", dir_okay=False),
]


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

    `cell` may be left out.

    Example: jellyroll trace cell D126326010012345K
    """
    with _reading(database) as connection:
        seen = visits(connection, load_plant(plant), [cell])
        uses = upstream(connection, cell)
        doubts = [
            flag
            for flag in flags_of(connection, [cell, *{visit.equipment for visit in seen}], 1000)
            if flag.thing == cell or any(_was_there(visit, flag) for visit in seen)
        ]
    if not seen and not uses:
        raise TraceError(
            f"cell {cell!r} is unknown: no station has a result of it and no material went into"
            " it; check its spelling, upper and lower case count"
        )
    if json:
        document = {
            "cell": cell, "visits": _rows(seen), "material": _rows(uses), "flags": _rows(doubts),
        }  # fmt: skip
        typer.echo(orjson.dumps(document))
        return
    console = Console(highlight=False)
    console.print(visit_table(seen))
    console.print(material_tree(cell, uses))
    for flag in doubts:
        console.print(f"[yellow]{flag.kind}[/]: {flag.detail}")


@app.command()
def roll(
    roll: Annotated[str, typer.Argument(help="The id of a roll, or of a lot.")],
    *,
    metres: Metres = "",
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Show what was made from a roll or a lot, down to the cells, and what became of them.

    Example: jellyroll trace roll l1-c-roll-000123-4 --metres 812:840
    """
    from_m, to_m = metres_of(metres)
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


@app.command()
def lot(
    lot: Annotated[str, typer.Argument(help="The id of a lot, slurry, roll or strip.")],
    *,
    out: Out = None,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Show the cells that hold some of a lot, with grade and state.

    Example: jellyroll trace lot l1-c-lot-nca-000012 --out cells.csv
    """
    _affected(database, plant, Choice(thing=lot), out, as_json=json)


@app.command()
def equipment(
    machine: Annotated[str, typer.Argument(help="The machine.", metavar="EQUIPMENT")],
    *,
    position: Position = None,
    since: Since = None,
    until: Until = None,
    out: Out = None,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Show the cells that a machine, or one position of it, made or whose material it made.

    Example: jellyroll trace equipment l1-filler-01 --position 3 --from 2026-11-22T09:00
    """
    choice = Choice(equipment=machine, position=position, since=aware(since), until=aware(until))
    _affected(database, plant, choice, out, as_json=json)


@app.command()
def channel(
    machine: Annotated[str, typer.Argument(help="The tray's place.", metavar="EQUIPMENT")],
    number: Annotated[int, typer.Argument(help="The channel, from 1.", min=1, metavar="CHANNEL")],
    *,
    since: Since = None,
    until: Until = None,
    out: Out = None,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Show the cells that one channel formed or tested.

    Example: jellyroll trace channel l1-tray-007 37 --from 2026-11-01
    """
    choice = Choice(equipment=machine, position=number, since=aware(since), until=aware(until))
    _affected(database, plant, choice, out, as_json=json)


@app.command()
def flags(
    things: Annotated[
        list[str] | None, typer.Argument(help="Only of these.", metavar="[CELL|EQUIPMENT …]")
    ] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Check the records that came since last time, and show which contradict each other.

    Example: jellyroll trace flags
    """
    with connect(database, application="jellyroll trace") as connection:
        catch_up(connection, load_plant(plant))
        connection.commit()
        found = flags_of(connection, things, limit)
    if json:
        typer.echo(orjson.dumps(_rows(found)))
        return
    table = Table("when", "what", "of", "why", box=None, header_style="dim")
    for flag in found:
        table.add_row(f"{flag.at:%Y-%m-%d %H:%M:%S}", flag.kind, flag.thing, flag.detail)
    Console(highlight=False).print(table if found else "no records contradict each other")


def _affected(
    database: str, plant: Path, choice: Choice, out: Path | None, *, as_json: bool
) -> None:
    with _reading(database) as connection:
        states = states_of(connection, cells_of(connection, load_plant(plant), choice))
    if out:
        write_states(states, out)
        typer.echo(f"{len(states):,} cells in {out}")
    elif as_json:
        typer.echo(orjson.dumps({"cells": _rows(states)}))
    else:
        Console(highlight=False).print(state_table(states))


def _was_there(visit: Visit, flag: Flag) -> bool:
    """Whether *flag* is of the tray in which a cell was at *visit*."""
    is_near = abs(visit.time - flag.at) < timedelta(hours=1)
    return flag.kind == "tray turned" and flag.thing == visit.equipment and is_near


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


def _rows(records: list[Any]) -> list[dict[str, Any]]:
    return [asdict(record) for record in records]
