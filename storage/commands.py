"""jellyroll migrate."""

from __future__ import annotations

import dataclasses
import json
import os

import typer
from rich.console import Console

from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage import migrate as migration


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
