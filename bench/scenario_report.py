"""Scenarios from the command's words to a table, on a private database of their own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from bench.scenario import Scenario, chosen
from bench.scenario_judge import Healthy, Verdict, judge, totals
from bench.scenario_run import Plan, run_all
from bench.scenario_seen import Outcome
from stack.packages import install
from stack.postgres import PrivateCluster


def report(
    faults: Sequence[str], seeds: Sequence[str], plan: Plan, jobs: int, *, as_json: bool
) -> None:
    """Run the scenarios of *faults* on the lines of *seeds* and print what came of them."""
    if not all(seed.strip().isdigit() for seed in seeds):
        raise typer.BadParameter("numbers with commas between, such as 1,2", param_hint="--seeds")
    wanted = chosen([text.strip() for text in faults if text], [int(seed) for seed in seeds])
    verdicts, healthy = judge(_outcomes(wanted, plan, jobs), plan.healthy_d)
    if not as_json:
        _print(verdicts, healthy)
        return
    document = {
        "plan": asdict(plan),
        "totals": [total._asdict() for total in totals(verdicts)],
        "healthy": [{**one._asdict(), "alerts_per_day": one.alerts_per_day} for one in healthy],
        "verdicts": [verdict._asdict() for verdict in verdicts],
    }
    typer.echo(json.dumps(document, indent=2))


def _outcomes(wanted: Sequence[Scenario], plan: Plan, jobs: int) -> list[Outcome]:
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="jellyroll-scenarios-") as folder:
        Path(folder).chmod(0o755)  # the server's account must be able to pass
        cluster = PrivateCluster(install(), Path(folder) / "cluster", durable=False)
        cluster.start()
        columns = (*Progress.get_default_columns(), TimeElapsedColumn())
        try:
            with Progress(*columns, console=Console(stderr=True)) as progress:
                task = progress.add_task("history", total=len(wanted))
                for outcome in run_all(cluster, wanted, plan, jobs):
                    outcomes.append(outcome)
                    progress.update(task, advance=1, description=outcome.scenario.name)
        finally:
            cluster.stop("immediate")
    return outcomes


def _print(verdicts: Sequence[Verdict], healthy: Sequence[Healthy]) -> None:
    console = Console(highlight=False)
    table = Table("fault")
    for title in ("runs", "seen", "culprit first", "among 3", "minutes", "cells", "condemned"):
        table.add_column(title, justify="right")
    for total in totals(verdicts):
        table.add_row(
            total.fault, str(total.runs), str(total.detected), str(total.first),
            str(total.among_three), _shown(total.median_minutes), _shown(total.median_cells),
            str(total.condemned),
        )  # fmt: skip
    table.caption = "medians to the first alarm; condemned by a fault of measurement"
    console.print(table)
    for one in healthy:
        console.print(
            f"seed {one.seed}, {one.days:g} healthy days: {one.alerts} alerts,"
            f" {one.alerts_per_day:.2f} a day; {one.condemned} cells condemned"
        )


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
