"""jellyroll bench monitor."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from bench.machine import describe
from bench.monitor import measure
from plant.load import REFERENCE
from plant.options import Json, PlantFile
from stack.packages import install
from stack.services import services


def monitor(
    *,
    plant: PlantFile = REFERENCE,
    seconds: Annotated[float, typer.Option(min=30, help="Of live rows.")] = 120.0,
    as_json: Json = False,
) -> None:
    """Measure the monitor on one line of a plant at its real rates, from the row to the anomaly.

    A history is written first, models are trained on it, and the charts learn. Some four minutes.

    Example: jellyroll bench monitor --seconds 60 --json
    """
    load = os.getloadavg()[0]
    with services("bench") as running:
        result = measure(running, plant, seconds, load)
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dataclasses.asdict(describe(install())),
        **dataclasses.asdict(result),
    }
    if as_json:
        typer.echo(json.dumps(document, indent=2))
        return
    for name, value in dataclasses.asdict(result).items():
        shown = "-" if value is None else f"{value:,.3g}"
        typer.echo(f"{name.replace('_', ' '):24} {shown}")
