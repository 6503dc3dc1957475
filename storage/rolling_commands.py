"""jellyroll rollup."""

from __future__ import annotations

import json
import signal
import threading
from typing import Annotated

import typer

from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from plant.stopping import aside
from storage.rolling import Roller
from storage.rolling_service import catch_up, run


def rollup(
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is pending, print counts (--json), end.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Keep minutes and hours of samples and results, so that dashboards of a month are fast.

    Without it dashboards show the same, read from the rows. Late rows are in what it keeps after
    some seconds. On TimescaleDB's Community edition the database keeps minutes and hours itself;
    there it keeps yields and the spread of what cells are judged by.

    Example: jellyroll rollup --database postgresql://localhost/jellyroll
    """
    roller = Roller(load_plant(plant))
    if not once:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, aside(stop.set))
        run(database, roller, stop)
        return
    done = catch_up(database, roller)
    if as_json:
        document = {
            "batches": done.batches,
            "late_windows": done.late_windows,
            "until": done.until.isoformat(),
        }
        typer.echo(json.dumps(document))
    else:
        typer.echo(
            f"{done.batches} batches, {done.late_windows} windows of late rows;"
            f" kept until {done.until:%Y-%m-%d %H:%M} UTC"
        )
