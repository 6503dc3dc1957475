"""jellyroll migrate, jellyroll retention, jellyroll storage."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import threading
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from plant.stopping import aside
from storage import migrate as migration
from storage import report as sizes
from storage import retention as retaining
from storage.connect import connect, edition

_DAY_S = 86_400.0

app = typer.Typer(no_args_is_help=True, help="The room that the database takes.")


@app.callback()
def _group() -> None:
    """Keep `report` a command of its own while it is the only one."""


@app.command()
def report(
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    free_gb: Annotated[
        float | None,
        typer.Option(
            min=0, help="Free on the database's disk; needed where it is not this machine's."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell the size of each class and table, how it grows, how well it is compressed, days left.

    Classes, how long each is kept and the room planned for it are in the plant file.

    Example: jellyroll storage report --database postgresql://localhost/jellyroll --free-gb 400
    """
    free = None if free_gb is None else round(free_gb * 1e9)
    with connect(database, application="jellyroll storage report") as connection:
        found = sizes.report(connection, load_plant(plant), free_bytes=free)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), default=lambda edition: edition.value))
        return
    console = Console()
    console.print(_classes(found))
    console.print(_tables(found))
    left = "not known" if found.days_left is None else f"{found.days_left:,.0f}"
    if found.is_enough:
        left = "for good, as long as `jellyroll retention` is run"
    console.print(
        f"TimescaleDB {found.edition.value} edition: {decimal(found.bytes)} in all,"
        f" {decimal(round(found.bytes_per_day))} a day, days left on disk: {left}",
        highlight=False,
    )


def _classes(found: sizes.Report) -> Table:
    table = Table("class", "size", "a day", "compressed", "kept", "comes to", "planned", box=None)
    for one in found.classes:
        table.add_row(
            one.name,
            decimal(one.bytes),
            decimal(round(one.bytes_per_day)),
            "" if one.compression is None else f"{one.compression:.1f} : 1",
            "for good" if one.keep_d is None else f"{one.keep_d:g} d",
            "" if one.bytes_at_end is None else decimal(round(one.bytes_at_end)),
            "" if one.planned_bytes is None else decimal(round(one.planned_bytes)),
            style="bold red" if one.is_over_plan else None,
        )
    return table


def _tables(found: sizes.Report) -> Table:
    table = Table("table", "class", "chunks", "size", "a day", "compressed", box=None)
    for one in found.tables:
        table.add_row(
            one.table,
            one.kept_as,
            str(one.chunks),
            decimal(one.bytes),
            "" if one.bytes_per_day is None else decimal(round(one.bytes_per_day)),
            "" if one.compression is None else f"{one.compression:.1f} : 1",
        )
    return table


def migrate(database: DatabaseUrl, plant: PlantFile = DEFAULT_PLANT, as_json: Json = False) -> None:
    """Bring the database up to the plant model: create what is missing, drop nothing.

    It may be run at any time and again. Passwords for the two roles are taken from
    JELLYROLL_WRITER_PASSWORD and JELLYROLL_GRAFANA_PASSWORD; without one a role cannot log in.

    Example: jellyroll migrate --plant plant/plant.toml --database postgresql://localhost/jellyroll
    """
    variables = {
        "jellyroll_writer": "JELLYROLL_WRITER_PASSWORD",
        "grafana_reader": "JELLYROLL_GRAFANA_PASSWORD",
    }
    passwords = {role: os.environ.get(variable, "") for role, variable in variables.items()}
    done = migration.migrate(database, load_plant(plant), passwords=passwords)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(done), default=lambda edition: edition.value))
        return
    console = Console()
    for change in done.changes:
        console.print(f"+ {change}", highlight=False)
    summary = f"{len(done.changes)} changes" if done.changes else "nothing to do"
    console.print(f"TimescaleDB {done.edition.value} edition: {summary}", highlight=False)


def retention(
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    repeat: Annotated[
        bool, typer.Option("--repeat", help="Do it each day until told to stop.")
    ] = False,
) -> None:
    """Drop what the plant file keeps no longer: [retention.CLASS] keep_d, class by class.

    On TimescaleDB's Community edition this sets policies that go on by themselves; on the Apache
    edition it drops whole chunks now, so run it once a day, or with --repeat. As the owner of the
    tables: services own nothing and drop nothing.

    Example: jellyroll retention --plant plant/plant.toml
    """
    model = load_plant(plant)
    stop = threading.Event()
    if repeat:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, aside(stop.set))
    while True:
        with connect(database, application="jellyroll retention", autocommit=True) as connection:
            changes = retaining.apply(connection, model, edition(connection))
        for change in changes or ["nothing is that old"]:
            typer.echo(change)
        if not repeat or stop.wait(_DAY_S):
            return
