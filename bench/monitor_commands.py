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
from plant.options import Json
from stack.packages import install
from stack.services import services


def monitor(
    *,
    seconds: Annotated[float, typer.Option(min=30, help="Of live rows.")] = 120.0,
    as_json: Json = False,
) -> None:
    """Measure the monitor on one line at its real rates, from the row to the anomaly.

    A history is written first, models are trained on it, and the charts learn. Some four minutes.

    Example: jellyroll bench monitor --seconds 60 --json
    """
    load = os.getloadavg()[0]
    with services("bench") as running:
        result = measure(running, seconds, load)
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dataclasses.asdict(describe(install())),
        **dataclasses.asdict(result),
    }
    if as_json:
        typer.echo(json.dumps(document, indent=2))
        return
    for name, value in dataclasses.asdict(result).items():
        typer.echo(f"{name.replace('_', ' '):24} {value:,.3g}")
