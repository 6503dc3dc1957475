"""jellyroll bench trace."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from bench.machine import describe
from bench.trace import measure
from bench.trace_fill import CELLS_PER_ROLL, fill
from plant.options import Json
from stack.packages import install
from stack.services import services


def trace(
    *,
    cells: Annotated[
        int, typer.Option(min=CELLS_PER_ROLL, help="In whole rolls of 20,000.")
    ] = 200_000,
    rounds: Annotated[int, typer.Option(min=1, help="Questions of each kind.")] = 50,
    as_json: Json = False,
) -> None:
    """Measure how long traces take in a database of many cells, of two electrodes and all stations.

    Each kind is asked once with nothing in memory, then --rounds times with other arguments. Ten
    million cells take 20 minutes to fill in and check, and 26 GB until the end.

    Example: jellyroll bench trace --cells 10000000
    """
    if cells % CELLS_PER_ROLL:
        raise typer.BadParameter(f"must be a multiple of {CELLS_PER_ROLL:,}", param_hint="--cells")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True, highlight=False)
    with services("bench") as running:
        filled = fill(running, cells, lambda text: console.print(text, style="dim"))
        times = list(measure(running, cells, rounds))
    if as_json:
        document = {
            "machine": asdict(describe(install())),
            "filled": asdict(filled),
            "times": [asdict(one) for one in times],
        }
        typer.echo(json.dumps(document, indent=2))
        return
    table = Table(
        "trace",
        *(
            Column(name, justify="right")
            for name in ("rows", "cpu ms", "cold", "p50", "p95", "worst")
        ),
        caption=f"{filled.cells:,} cells of {filled.rolls:,} rolls, {filled.bytes / 1e9:.1f} GB",
        caption_justify="left",
    )
    for one in times:
        figures = (one.rows, one.cpu_ms, one.cold_ms, one.p50_ms, one.p95_ms, one.worst_ms)
        table.add_row(one.trace, *(f"{figure:,.0f}" for figure in figures))
    Console(highlight=False).print(table)
