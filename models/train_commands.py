"""jellyroll train."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from models import registry
from models.registry import Model
from models.train import BACKENDS, Trained, TrainError
from models.train import train as fit_all
from models.train_baselines import train_baselines
from models.train_history import window_of
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, DatabaseUrl, Json, PlantFile
from storage.connect import connect


def train(
    *,
    database: DatabaseUrl,
    plant: PlantFile = DEFAULT_PLANT,
    days: Annotated[float, typer.Option(min=0.01, help="Days of history to learn from.")] = 14.0,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"],
            help="End of the history, with its zone, as 2026-11-22T06:00Z.",
            show_default="now",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A line, station or group of machines; repeat for more.", show_default="all"
        ),
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="New baselines for the charts of cells instead.")
    ] = False,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make what was learnt the active models at once.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Groups at once; -1: one for each core.")] = -1,
    backend: Annotated[str, typer.Option(help=f"Where to work: {', '.join(BACKENDS)}.")] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of Dask's scheduler or Ray's head.", show_default="start one"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Learn what is normal for the signals of each group of machines, from their history.

    Each group, line and recipe gets a model with its own version, a candidate until `jellyroll
    models promote`. Alarmed times are left out, and those in which a machine did not run.

    Example: jellyroll train --days 7 --only filling --promote
    """
    if backend not in BACKENDS:
        raise TrainError(f"there is no backend {backend!r}; there are {', '.join(BACKENDS)}")
    model, window = load_plant(plant), window_of(days, until)
    if baselines:
        done = train_baselines(database, model, window, only=only or ())
    else:
        done = fit_all(
            database, model, window,
            only=only or (), jobs=jobs, backend=backend, scheduler=scheduler,
        )  # fmt: skip
    with connect(database, application="jellyroll train", autocommit=True) as connection:
        made = [registry.register(connection, new) for its in done for new in its.models]
        if promote:
            for number in made:
                registry.promote(connection, number, "promoted by jellyroll train")
        models = [registry.find(connection, number) for number in made]
    if as_json:
        typer.echo(json.dumps({"models": [brief(m) for m in models], "groups": _groups(done)}))
        return
    _print(models, done)


def brief(model: Model) -> dict[str, Any]:
    """Return *model* for machines, times as RFC 3339."""
    fields = {name: getattr(model, name) for name in Model.__dataclass_fields__}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
    }


def _groups(done: Sequence[Trained]) -> list[dict[str, Any]]:
    return [
        {
            "line": trained.line,
            "station": trained.station,
            "equipment_group": trained.group,
            "models": len(trained.models),
            "left_out": trained.left_out,
            "trouble": trained.trouble,
        }
        for trained in done
    ]


def _print(models: Sequence[Model], done: Sequence[Trained]) -> None:
    console = Console(highlight=False)
    table = Table("id", "of", "version", "detector", "state", "rows", "signals")
    for model in models:
        table.add_row(
            str(model.id), model.subject, str(model.version), model.detector, model.state,
            f"{model.rows:,}", str(len(model.signals)),
        )  # fmt: skip
    console.print(table)
    for trained in done:
        name = f"{trained.line}-{trained.group} ({trained.station})"
        if trained.trouble:
            console.print(f"{name}: no model, {trained.trouble}")
        for signal, why in trained.left_out.items():
            console.print(f"{name}: {signal} left out, {why}", style="dim")
    if any(model.state == "candidate" for model in models):
        console.print("`jellyroll models promote ID` makes a candidate the active model")
