"""jellyroll migrate, jellyroll retention."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage import migrate as migration
from storage import rollup
from storage.connect import connect, edition


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
