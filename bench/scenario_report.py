"""Scenarios from the command's words to a table, on a private database of their own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from bench.scenario import Scenario, chosen
from bench.scenario_judge import Healthy, Verdict, judge, totals
from bench.scenario_run import Failed, Plan, run_all
from bench.scenario_seen import Outcome
from stack.packages import install
from stack.postgres import PrivateCluster


def report(
    faults: Sequence[str],
    seeds: Sequence[str],
    plan: Plan,
    jobs: int,
    *,
    as_json: bool,
    save: Path | None,
) -> None:
    """Run the scenarios of *faults* on the lines of *seeds* and print what came of them.

    With *save* all that is known is written to it as JSON after each run.
    """
    if not all(seed.strip().isdigit() for seed in seeds):
        raise typer.BadParameter("numbers with commas between, such as 1,2", param_hint="--seeds")
    wanted = chosen([text.strip() for text in faults if text], [int(seed) for seed in seeds])
    done: list[Outcome | Failed] = []
    for one in _outcomes(wanted, plan, jobs):
        done.append(one)
        if save is not None:
            save.write_text(document_of(wanted, plan, done), encoding="utf-8")
    if as_json:
        typer.echo(document_of(wanted, plan, done))
        return
    _print(*judge([one for one in done if isinstance(one, Outcome)]))
    for one in done:
        if isinstance(one, Failed):
            typer.echo(f"{one.scenario.name} of seed {one.scenario.seed} failed: {one.reason}")


def document_of(wanted: Sequence[Scenario], plan: Plan, done: Sequence[Outcome | Failed]) -> str:
    """Return as JSON what is known of the *wanted* scenarios when so many of them are *done*."""
    outcomes = [one for one in done if isinstance(one, Outcome)]
    verdicts, healthy = judge(outcomes)
    there = {one.scenario for one in outcomes}
    document = {
        "plan": asdict(plan),
        "totals": [total._asdict() for total in totals(verdicts)],
        "healthy": [{**one._asdict(), "alerts_per_day": one.alerts_per_day} for one in healthy],
        "verdicts": [verdict._asdict() for verdict in verdicts],
        "failed": [
            {"scenario": one.scenario.name, "seed": one.scenario.seed, "reason": one.reason}
            for one in done
            if isinstance(one, Failed)
        ],
        "missing": [f"{one.name} of seed {one.seed}" for one in wanted if one not in there],
    }
    return json.dumps(document, indent=2)


def _outcomes(wanted: Sequence[Scenario], plan: Plan, jobs: int) -> Iterator[Outcome | Failed]:
    console = Console(stderr=True, highlight=False)
    with tempfile.TemporaryDirectory(prefix="jellyroll-scenarios-") as folder:
        Path(folder).chmod(0o755)  # the server's account must be able to pass
        cluster = PrivateCluster(install(), Path(folder) / "cluster", durable=False)
        cluster.start()
        columns = (*Progress.get_default_columns(), TimeElapsedColumn())
        try:
            with Progress(*columns, console=console) as progress:
                task = progress.add_task("histories", total=len(wanted))
                for count, one in enumerate(run_all(cluster, wanted, plan, jobs), 1):
                    name = f"{one.scenario.name} of seed {one.scenario.seed}"
                    took = f"{one.took_s:,.0f} s" if isinstance(one, Outcome) else one.reason
                    # A line each, too: what runs for hours is watched in a file.
                    console.print(f"{count} of {len(wanted)}: {name}, {took}")
                    progress.update(task, advance=1, description=name)
                    yield one
        finally:
            cluster.stop("immediate")


def _print(verdicts: Sequence[Verdict], healthy: Sequence[Healthy]) -> None:
    console = Console(highlight=False)
    table = Table("fault")
    for title in (
        "runs", "seen", "culprit first", "among 3", "first later", "minutes", "cells", "condemned"
    ):  # fmt: skip
        table.add_column(title, justify="right")
    for total in totals(verdicts):
        table.add_row(
            total.fault, str(total.runs), str(total.detected), str(total.first),
            str(total.among_three), str(total.last_first), _shown(total.median_minutes),
            _shown(total.median_cells), str(total.condemned),
        )  # fmt: skip
    table.caption = (
        "medians to the first alarm; first later: when its suspects had been looked at again;"
        " condemned: by a fault of measurement"
    )
    console.print(table)
    for one in healthy:
        console.print(
            f"seed {one.seed}, {one.days:g} healthy days: {one.alerts} alerts,"
            f" {one.alerts_per_day:.2f} a day; {one.condemned} cells condemned"
        )


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
