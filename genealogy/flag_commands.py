"""`jellyroll trace flags`: records that contradict each other, once or as they come."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from genealogy.checks import Flag, flags_of
from genealogy.current import bring_up, follow
from genealogy.trace import Visit
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from plant.stopping import aside
from storage.connect import Connection, connect

_MOST = 1_000


def flags(
    things: Annotated[
        list[str] | None, typer.Argument(help="Only of these.", metavar="[CELL|EQUIPMENT …]")
    ] = None,
    *,
    following: Annotated[
        bool, typer.Option("--follow", help="Go on, a line for each new flag, until stopped.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Check the records that came since last time, and show which contradict each other.

    With --follow it is a service that checks them as they come, and keeps what is mounted where.

    Example: jellyroll trace flags
    """
    model = load_plant(plant)
    if following:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, aside(stop.set))
        follow(database, model, stop, _tell)
        return
    with connect(database, application="jellyroll trace") as connection:
        bring_up(connection, model)
        found = flags_of(connection, things, limit)
    if json:
        typer.echo(orjson.dumps([asdict(flag) for flag in found]))
        return
    table = Table("when", "what", "of", "why", box=None, header_style="dim")
    for flag in found:
        table.add_row(f"{flag.at:%Y-%m-%d %H:%M:%S}", flag.kind, flag.thing, flag.detail)
    Console(highlight=False).print(table if found else "no records contradict each other")


def doubts_of(connection: Connection, things: Sequence[str], seen: Sequence[Visit]) -> list[Flag]:
    """Return the flags of *things*, and of the trays in which a cell was at *seen*."""
    machines = {visit.equipment for visit in seen}
    return [
        flag
        for flag in flags_of(connection, [*things, *machines], _MOST)
        if flag.thing in things or any(_was_there(visit, flag) for visit in seen)
    ]


def show_doubts(console: Console, doubts: Sequence[Flag]) -> None:
    """Print a line for each of *doubts*."""
    for flag in doubts:
        console.print(f"[yellow]{flag.kind}[/]: {flag.detail}")


def _was_there(visit: Visit, flag: Flag) -> bool:
    """Whether *flag* is of the tray in which a cell was at *visit*."""
    is_near = abs(visit.time - flag.at) < timedelta(hours=1)
    return flag.kind == "tray turned" and flag.thing == visit.equipment and is_near


def _tell(new: Sequence[Flag]) -> None:
    for flag in reversed(new):
        typer.echo(f"{flag.at:%Y-%m-%d %H:%M:%S}  {flag.kind}  {flag.thing}: {flag.detail}")
