"""jellyroll bench."""

from __future__ import annotations

import dataclasses
import json
import shlex
import signal
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from bench.alerts import alerts
from bench.load import LOADS, Case
from bench.machine import describe
from bench.monitor_commands import monitor
from bench.page import Load, measure
from bench.result import Figure, Report
from bench.run import Bench, Phase, Plan
from bench.trace_commands import trace
from ingest.commands import Client
from plant.options import DEFAULT_PLANT, Json, PlantFile
from stack.packages import install
from stack.services import services

app = typer.Typer(no_args_is_help=True, help="How fast Jellyroll is on this machine.")


app.command()(alerts)
app.command()(monitor)
app.command()(trace)


@app.callback()
def bench() -> None:
    """How fast Jellyroll is on this machine."""


@app.command()
def ingest(
    *,
    case: Annotated[
        list[Case] | None,
        typer.Option(
            help="a: samples of 20 signals; b: trays; c: Sparkplug, not drained; d: single values; "
            "line: a whole line.",
            show_default="all",
        ),
    ] = None,
    phase: Annotated[
        list[Phase] | None,
        typer.Option(
            help="drain a filled queue; steady: live publishers; half of that rate.",
            show_default="all",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=8)] = 1,
    client: Annotated[Client, typer.Option(help="The MQTT client of ingest.")] = Client.OWN,
    messages: Annotated[
        int | None,
        typer.Option(min=1, max=1_200_000, help="To drain.", show_default="the case's own"),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of a steady run.")] = 60.0,
    rate: Annotated[
        float | None,
        typer.Option(min=1, help="Messages/s, steady.", show_default="the case's own"),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Of each phase of each case.")] = 3,
    as_json: Json = False,
) -> None:
    """Measure ingest, broker and database together on this machine, on a private stack.

    Every message is counted in the end: lost and twice must be 0. Whatever else runs on the machine
    is measured, too; look at load_before. Some 40 minutes with all cases.

    Example: jellyroll bench ingest --case a --phase drain --runs 1
    """
    # A service manager's stop is handled like a person's: what was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True, highlight=False)
    plan = Plan(workers, client.value, messages, seconds, rate, runs)
    found = []
    with services("bench") as running:
        measure = Bench(running, plan)
        for one in case or list(Case):
            for how in phase or list(Phase):
                if how is Phase.DRAIN and not LOADS[one].queued:
                    continue
                console.print(f"{one.value}, {how.value}", style="dim")
                found.append(measure.series(one, how))
    report = Report(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=shlex.join(["jellyroll", *sys.argv[1:]]),
        machine=describe(install()),
        client=client.value,
        workers=workers,
        series=tuple(found),
    )
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(report), indent=2))
    else:
        _print(report)
    if not report.is_whole:
        raise typer.Exit(1)


@app.command()
def page(
    *,
    plant: PlantFile = DEFAULT_PLANT,
    alerts: Annotated[int, typer.Option(min=1, help="Open alerts.")] = 1_000,
    history: Annotated[int, typer.Option(min=1, help="Alerts of the last 30 days.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, help="Requests for each page.")] = 20,
    as_json: Json = False,
) -> None:
    """Measure how long each page of `jellyroll web` takes with many alerts.

    Also a shift of cells is there, at the rate of the plant.

    Example: jellyroll bench page
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with services("bench") as running:
        times = measure(running, Load(alerts, history, rounds, plant))
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(one) for one in times], indent=2))
        return
    table = Table(
        "page", *(Column(name, justify="right") for name in ("kB", "median ms", "worst ms"))
    )
    for one in times:
        figures = (one.bytes / 1000, one.median_ms, one.worst_ms)
        table.add_row(one.page, *(f"{figure:,.0f}" for figure in figures))
    Console(highlight=False).print(table)


def _print(report: Report) -> None:
    machine = report.machine
    console = Console(highlight=False)
    console.print(
        f"{machine.processor}, {machine.cores} cores, {machine.memory_mb / 1000:.0f} GB; "
        f"PostgreSQL {machine.postgresql}, TimescaleDB {machine.timescaledb}, "
        f"Mosquitto {machine.mosquitto}; {report.workers} worker, client {report.client}"
    )
    table = Table("case", "phase")
    columns = {
        "messages/s": "messages_per_s",
        "values/s": "values_per_s",
        "p50 ms": "latency_p50_ms",
        "p99 ms": "latency_p99_ms",
        "cores ingest": "cores_ingest",
        "cores all": "cores_all",
        "cores publisher": "cores_publisher",
        "peak MB": "peak_memory_mb",
        "lost": "lost",
        "twice": "twice",
        "load": "load_before",
    }
    for title in columns:
        table.add_column(title, justify="right")
    for series in report.series:
        figures = (series.figures.get(name) for name in columns.values())
        table.add_row(series.case, series.phase, *map(_shown, figures))
    console.print(table)


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    return f"{figure.median:,.0f}" if figure.median >= 100 else f"{figure.median:.3g}"
