"""jellyroll demo."""

from __future__ import annotations

import dataclasses
import json
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from demo.result import Result
from demo.run import Plan, run
from plant.options import DEFAULT_PLANT, PlantFile

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def demo(
    plant: PlantFile = DEFAULT_PLANT,
    history: Annotated[
        str, typer.Option(help="Healthy time to simulate before the fault, such as 12h or 3d.")
    ] = "3d",
    once: Annotated[
        bool, typer.Option("--once", help="End when the webhook has arrived, or fail.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds after which --once fails.")
    ] = 300.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the result to this file.")
    ] = None,
) -> None:
    """Run a pilot line end to end: simulator, MQTT, database, monitor, alert, signed webhook.

    First some days of healthy history at full speed, then live with a fault: nozzle 3 of the
    filler doses 6 % low. Everything runs in a private stack that is gone at the end. Without
    --once it runs on until Ctrl-C. In the result, published, committed, lost and twice count rows.

    Example: jellyroll demo --once --json result.json
    """
    if json_file is not None:
        try:
            json_file.touch()
        except OSError as error:
            raise typer.BadParameter(f"{json_file} cannot be written: {error.strerror}") from error
    # The stop of a service manager and the end of a terminal are handled like a person's Ctrl-C,
    # also where a shell started us in the background, deaf to it.
    for number in _STOPS:
        signal.signal(number, _interrupt)
    result = run(Plan(plant, history, once, timeout))
    if result is None:
        typer.echo("stopped before anything was published", err=True)
        raise typer.Exit(1 if once else 0)
    if json_file is not None:
        text = json.dumps(dataclasses.asdict(result), indent=2, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    _print(result)
    if once and not (result.webhook_delivered and result.signature_valid and _whole(result)):
        raise typer.Exit(1)


def _interrupt(*_: object) -> None:
    """Begin to stop, once: a second signal must not break off the stopping of the services."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _whole(result: Result) -> bool:
    return result.lost == result.twice == 0


def _print(result: Result) -> None:
    console = Console(highlight=False)
    console.print(
        f"{result.published:,} rows published, {result.committed:,} committed, "
        f"{result.lost:,} lost, {result.twice:,} twice, {result.dead_letters:,} dead letters",
        style="" if _whole(result) else "bold red",
    )
    console.print(f"history: {result.values_per_s:,.0f} values/s on {result.edition} edition")
    if result.blamed is None:
        console.print("no webhook has named the fault", style="bold red")
        return
    signature = "valid" if result.signature_valid else "NOT valid"
    console.print(
        f"{result.fault}: webhook blames {result.blamed} after {result.detected_after_s} s, "
        f"signature {signature}; other alerts: {result.other_alerts}"
    )
