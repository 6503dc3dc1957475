"""jellyroll monitor."""

from __future__ import annotations

import json
import logging
import signal
import threading
from typing import Annotated

import typer
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.baseline import MIN_POINTS
from models.cells.stage import CellStage
from models.follow import catch_up, run
from models.monitor import Monitor
from models.monitor_signals import SignalMonitor
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from plant.stopping import aside

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
    """Watch results and signals for drift; write what is seen to analysis.anomaly.

    Each chart of a result, machine and position learns its mean and spread from its first points,
    then a CUSUM looks for a lasting shift. The signals of a machine are watched together where
    `jellyroll train` has made a model of them. Limits are such that all of a line keeps to its
    budget of false alarms (production.false_alarms_per_day in the plant file). Each cell is judged
    against its peers, in analysis.cell_quality (docs/cells.md).

    Example: jellyroll monitor --plant plant/plant.toml --database postgresql://localhost/jellyroll
    """
    model = load_plant(plant)
    watching = Monitor(model, baseline_points)
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
            signal.signal(number, aside(stop.set))
        with threadpool_limits(1):
            run(database, [watching, SignalMonitor(model), CellStage(model)], stop)
        return
    with threadpool_limits(1):
        done = catch_up(database, watching)
        signals = catch_up(database, SignalMonitor(model, flush_s=0.0))
        cells = catch_up(database, CellStage(model, rests=False))
    if as_json:
        document = {**done._asdict(), "signals": signals._asdict(), "cells": cells.values}
        typer.echo(json.dumps(document))
    else:
        typer.echo(
            f"{done.batches} batches, {done.values} values, {done.baselines} baselines learnt,"
            f" {done.alarms_on} alarms on, {done.alarms_off} off; {signals.values} values of"
            f" signals, {signals.alarms_on} alarms on, {signals.alarms_off} off; {cells.values}"
            " cells judged"
        )
