"""`jellyroll trace`: from a cell to its material, from a roll to its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from typer.core import TyperGroup

from genealogy.affected import Choice, State, Survey, states_of, survey
from genealogy.flag_commands import doubts_of, flags, show_doubts
from genealogy.options import Metres, Position, Since, Until, aware, metres_of
from genealogy.picture import CellTrace
from genealogy.picture import picture as draw
from genealogy.reading import TraceError, reading
from genealogy.render import (
    material_tree,
    product_table,
    product_tree,
    products,
    visit_table,
)
from genealogy.states import SHOWN, OutError, state_table, write_states
from genealogy.trace import downstream, is_known, lots_at, makers_of, upstream, visits
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile


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


@app.command()
def cell(
    cell: Annotated[str, typer.Argument(help="The cell's id.")],
    *,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    picture: Annotated[
        Path | None,
        typer.Option(help="Draw it to this .svg file, as well.", dir_okay=False),
    ] = None,
    json: Json = False,
) -> None:
    """Show where a cell was, all that it was made from, and what became of it.

    `cell` may be left out.

    Example: jellyroll trace cell D126326010012345K --picture cell.svg
    """
    model = load_plant(plant)
    with reading(database, model) as connection:
        seen = visits(connection, model, [cell])
        uses = upstream(connection, cell)
        found = CellTrace(
            cell,
            [*uses, *lots_at(connection, model, uses, seen)],
            seen,
            downstream(connection, cell),
            states_of(connection, model, Choice(cells=(cell,)))[0],
            doubts_of(connection, [cell, *(use.child for use in uses)], seen),
        )
    if not seen and not uses:
        raise TraceError(
            f"cell {cell!r} is unknown: no station has a result of it and no material went into"
            " it; check its spelling, upper and lower case count"
        )
    if picture:
        _draw(picture, draw(found))
    if json:
        document = {
            "cell": cell, "visits": _rows(seen), "material": _rows(found.uses),
            "made": _rows(found.after), "state": asdict(found.state), "flags": _rows(found.doubts),
        }  # fmt: skip
        typer.echo(orjson.dumps(document))
        return
    console = Console(highlight=False)
    console.print(visit_table(seen))
    console.print(material_tree(cell, found.uses))
    if found.after:
        console.print(product_tree(cell, found.after))
    console.print(state_table(Survey(1, {found.state.state: 1}, [found.state])))
    show_doubts(console, found.doubts)


@app.command()
def roll(
    roll: Annotated[str, typer.Argument(help="The id of a roll, or of a lot.")],
    *,
    metres: Metres = "",
    out: Out = None,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Show what was made from a roll or a lot, down to the cells, and what became of them.

    Example: jellyroll trace roll l1-c-roll-000123-4 --metres 812:840
    """
    from_m, to_m = metres_of(metres)
    model = load_plant(plant)
    with reading(database, model) as connection:
        uses = downstream(connection, roll, from_m, to_m, makers=makers_of(model))
        if not uses and not is_known(connection, roll):
            raise TraceError(
                f"roll {roll!r} is unknown: no record says that it was made or used; check its"
                " spelling, upper and lower case count"
            )
        ends = Choice(cells=tuple(use.child for use in products(uses)))
        found = survey(connection, model, ends, SHOWN)
        states = states_of(connection, model, ends) if out or json else []
        seen = visits(connection, model, [state.cell for state in found.first])
        doubts = doubts_of(connection, [roll, *{use.parent for use in uses}], [])
    if out:
        _write(states, out)
    elif json:
        document = {
            "roll": roll, "from_m": from_m, "to_m": to_m,
            "uses": _rows(uses), "cells": _rows(states), "flags": _rows(doubts),
        }  # fmt: skip
        typer.echo(orjson.dumps(document))
    else:
        console = Console(highlight=False)
        console.print(product_table(uses, seen, found))
        show_doubts(console, doubts)


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


app.command()(flags)


def _affected(
    database: str, plant: Path, choice: Choice, out: Path | None, *, as_json: bool
) -> None:
    model = load_plant(plant)
    with reading(database, model) as connection:
        doubts = doubts_of(connection, [choice.thing or choice.equipment], [])
        if out:
            _write(states_of(connection, model, choice), out)
        elif as_json:
            states = states_of(connection, model, choice)
            typer.echo(orjson.dumps({"cells": _rows(states), "flags": _rows(doubts)}))
        else:
            console = Console(highlight=False)
            console.print(state_table(survey(connection, model, choice, SHOWN)))
            show_doubts(console, doubts)


def _write(states: Sequence[State], out: Path) -> None:
    write_states(states, out)
    typer.echo(f"{len(states):,} cells in {out}")


def _draw(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutError(f"{path}: cannot be written ({error.strerror})") from error


def _rows(records: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(record) for record in records]
