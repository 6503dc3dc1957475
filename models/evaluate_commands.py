"""jellyroll evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.evaluate import DETECTORS, Data, Judgement, default_detector, judge, prepare
from models.evaluate_table import TableError, read_table
from plant.options import Json


def evaluate(
    context: typer.Context,
    *,
    train: Annotated[
        Path | None, typer.Option(help="Healthy rows: CSV, whitespace text, Parquet.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="Rows to judge, with the same columns.")] = None,
    label: Annotated[
        str | None, typer.Option(help="Column that is not 0 where a row is faulty.")
    ] = None,
    onset: Annotated[
        int | None, typer.Option(help="First faulty row of the test file, from 0.")
    ] = None,
    detector: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(DETECTORS)}; repeat to compare.")
    ] = None,
    false_alarm_rate: Annotated[
        float, typer.Option(help="Share of healthy rows that may be above the threshold.")
    ] = 0.01,
    as_json: Json = False,
) -> None:
    """Judge a detector on a table: fit and calibrate on one file, measure on another.

    Rows are a time series. No plant model and no database is needed.

    Example: jellyroll evaluate --train healthy.csv --test day.csv --onset 160 --json
    """
    if context.invoked_subcommand is not None:
        return
    for name, path in (("--train", train), ("--test", test)):
        if path is None:
            raise typer.BadParameter("a table is needed", param_hint=name)
    assert train is not None
    assert test is not None
    unknown = [name for name in detector or () if name not in DETECTORS]
    if unknown:
        raise TableError(f"there is no detector {unknown[0]!r}; there are {', '.join(DETECTORS)}")
    if not 0.0 < false_alarm_rate < 0.5:
        raise TableError(f"--false-alarm-rate {false_alarm_rate:g}: above 0 and below 0.5")
    data = prepare(read_table(train), read_table(test), label, onset)
    names = detector or [default_detector(data)]
    # Small matrices: threads of the linear algebra would only wait for each other.
    with threadpool_limits(1):
        found = [judge(data, name, false_alarm_rate) for name in names]
    if as_json:
        shown = [_shown(judgement, data) for judgement in found]
        typer.echo(json.dumps(shown[0] if len(shown) == 1 else shown))
        return
    for note in data.notes:
        typer.echo(note)
    for judgement in found:
        typer.echo(_sentence(judgement))


def _shown(judgement: Judgement, data: Data) -> dict[str, Any]:
    top = [contribution._asdict() for contribution in judgement.top_contributions]
    return {**judgement._asdict(), "top_contributions": top, "notes": list(data.notes)}


def _sentence(judgement: Judgement) -> str:
    parts = [judgement.detector]
    if judgement.detection_rate is not None:
        delay = judgement.first_detection_delay
        parts.append(f"detected {judgement.detection_rate:.1%} of faulty rows")
        parts.append(f"first after {delay} rows" if delay is not None else "never")
    if judgement.false_alarm_rate is not None:
        parts.append(f"false alarms in {judgement.false_alarm_rate:.2%} of clean rows")
    parts.append(f"{judgement.alarm_events_per_1000_rows:.3g} alarms per 1,000 rows")
    if judgement.top_contributions:
        named = ", ".join(f"{c.signal} {c.share:.0%}" for c in judgement.top_contributions)
        parts.append(f"signals {named}")
    return "; ".join(parts)
