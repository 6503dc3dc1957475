"""jellyroll migrate, jellyroll retention, jellyroll storage."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage import migrate as migration
from storage import report as sizes
from storage import rollup
from storage.connect import connect, edition

app = typer.Typer(no_args_is_help=True, help="The room that the database takes.")


@app.callback()
def _group() -> None:
    """Keep `report` a command of its own while it is the only one."""


@app.command()
def report(
    database: DatabaseUrl,
    free_gb: Annotated[
        float | None,
        typer.Option(
            min=0, help="Free on the database's disk; needed where it is not this machine's."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell the size of each table, how it grows, how well it is compressed, and days left on disk.

    Example: jellyroll storage report --database postgresql://localhost/jellyroll --free-gb 400
    """
    free = None if free_gb is None else round(free_gb * 1e9)
    with connect(database, application="jellyroll storage report") as connection:
        found = sizes.report(connection, free_bytes=free)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), default=lambda edition: edition.value))
        return
    table = Table("table", "chunks", "size", "a day", "compressed", box=None)
    for one in found.tables:
        table.add_row(
            one.table,
            str(one.chunks),
            decimal(one.bytes),
            "" if one.bytes_per_day is None else decimal(round(one.bytes_per_day)),
            "" if one.compression is None else f"{one.compression:.1f} : 1",
        )
    console = Console()
    console.print(table)
    left = "not known" if found.days_left is None else f"{found.days_left:,.0f}"
    console.print(
        f"TimescaleDB {found.edition.value} edition: {decimal(found.bytes)} in all,"
        f" {decimal(round(found.bytes_per_day))} a day, days left on disk: {left}",
        highlight=False,
    )


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
    days: Annotated[int, typer.Option(min=1, help="Keep machine samples this many days.")],
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
) -> None:
    """Drop machine samples older than so many days; cell results stay for good.

    On TimescaleDB's Community edition this sets a policy that goes on by itself; on the Apache
    edition it drops them now, so run it once a day.

    Example: jellyroll retention --days 120
    """
    model = load_plant(plant)
    with connect(database, application="jellyroll retention") as connection:
        changes = rollup.apply_retention(
            connection, model, edition(connection), older_than=timedelta(days=days)
        )
    for change in changes or ["nothing is that old"]:
        typer.echo(change)
