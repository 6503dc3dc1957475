"""jellyroll evaluate, with its scenarios: those need simulator, models and alerts together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from models.evaluate_commands import evaluate
from plant.options import Json

app = typer.Typer(add_completion=False, invoke_without_command=True)
app.callback()(evaluate)


@app.command()
def scenarios(
    *,
    faults: Annotated[
        str,
        typer.Option(
            metavar="F01,F12,F01+F12",
            help="Faults of the simulator, and pairs of them; docs/faults.md has them.",
            show_default="F01 to F18 and ten pairs",
        ),
    ] = "",
    seeds: Annotated[
        str, typer.Option(metavar="1,2,3", help="Each seed is another line by its noise.")
    ] = "1,2,3",
    days: Annotated[
        float,
        typer.Option(min=0.1, help="Days with the fault; more for those that take longer to show."),
    ] = 0.5,
    healthy_days: Annotated[
        float, typer.Option(min=0.1, help="Days without one, as many as with one at least.")
    ] = 7.0,
    jobs: Annotated[
        int, typer.Option(min=1, help="Runs at a time.", show_default="one per processor")
    ] = os.cpu_count() or 1,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", dir_okay=False, help="Write the JSON of what is done after each run."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge the models on simulated faults: seen, how late, the culprit found, false alerts.

    The line of bench/scenarios.toml runs three healthy days; then each fault is put on it, alone or
    with another, and the monitor follows as it would follow a real line. A private database is
    started for it and gone afterwards. docs/models.md has the figures, and how long it takes.

    Example: jellyroll evaluate scenarios --faults F12 --seeds 1 --days 0.25 --healthy-days 0.25
    """
    # Simulator, alerts, database: not for `jellyroll evaluate --train`.
    from bench.scenario_report import report  # noqa: PLC0415
    from bench.scenario_run import Plan  # noqa: PLC0415

    plan = Plan(fault_d=days, healthy_d=max(days, healthy_days))
    report(faults.split(","), seeds.split(","), plan, jobs, as_json=as_json, save=save)
