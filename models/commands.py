"""jellyroll monitor."""

from __future__ import annotations

import json
import logging
import signal
import threading
from typing import Annotated

import typer

from models.baseline import MIN_POINTS
from models.follow import catch_up, run
from models.monitor import Monitor
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile

log = logging.getLogger("jellyroll.models")


def monitor(
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is pending, print counts (--json), end.")
    ] = False,
    baseline_points: Annotated[
        int, typer.Option(min=MIN_POINTS, help="Points of a chart that make its baseline.")
    ] = 1000,
    as_json: Json = False,
) -> None:
    """Watch every result, machine and position for drift; write what is seen to analysis.anomaly.

    Each chart learns its mean and spread from its first points, then a CUSUM looks for a lasting
    shift. Limits are such that the charts of a line together keep to its budget of false alarms
    (production.false_alarms_per_day in the plant file).

    Example: jellyroll monitor --plant plant/plant.toml --database postgresql://localhost/jellyroll
    """
    watching = Monitor(load_plant(plant), baseline_points)
    for station in watching.uncharted:
        log.info(
            "%s is not charted: a %s would learn for %.0f days",
            station.station, station.place, station.learning_d,
        )  # fmt: skip
    log.info(
        "one false alarm in %.3g points of a chart; baselines of %d points",
        watching.arl0, baseline_points,
    )  # fmt: skip
    if not once:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run(database, [watching], stop)
        return
    done = catch_up(database, watching)
    if as_json:
        typer.echo(json.dumps(done._asdict()))
    else:
        typer.echo(
            f"{done.batches} batches, {done.values} values, {done.baselines} baselines learnt,"
            f" {done.alarms_on} alarms on, {done.alarms_off} off"
        )
