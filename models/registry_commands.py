"""jellyroll models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from models import health as health_of
from models import registry
from models.registry import Model, RegistryError
from models.station.persist import ModelFileError, check_content
from models.train_commands import brief
from plant.options import DatabaseUrl, Json
from storage.connect import connect

app = typer.Typer(
    no_args_is_help=True, help="Show what was learnt, choose what is used, see how it fares."
)

Number = Annotated[int, typer.Argument(help="The id that `jellyroll models list` shows.")]
Why = Annotated[str, typer.Option(help="A reason, kept with the change.")]


@app.callback()
def models() -> None:
    """Show what was learnt, choose what is used, see how it fares."""


@app.command("list")
def list_(
    database: DatabaseUrl,
    everything: Annotated[bool, typer.Option("--all", help="Retired ones, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show the candidates and the active models.

    Example: jellyroll models list --all
    """
    with connect(database, application="jellyroll models", autocommit=True) as connection:
        found = registry.models(connection, everything=everything)
    if as_json:
        typer.echo(json.dumps([brief(model) for model in found]))
        return
    table = Table(
        "id", "line", "station", "group", "recipe", "kind", "version", "detector", "state", "until"
    )
    for model in found:
        table.add_row(
            str(model.id), model.line, model.station, model.equipment_group, model.recipe,
            model.kind, str(model.version), model.detector, model.state,
            f"{model.to_time:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    Console(highlight=False).print(table)


@app.command()
def show(number: Number, database: DatabaseUrl, as_json: Json = False) -> None:
    """Show one model: its data, its figures, what happened to it, and whether it is whole.

    Example: jellyroll models show 3 --json
    """
    with connect(database, application="jellyroll models", autocommit=True) as connection:
        model = registry.find(connection, number)
        events = registry.history(connection, number)
        trouble = ""
        try:
            check_content(registry.content(connection, number), model.sha256)
        except ModelFileError as error:
            trouble = str(error)
    document = {
        **brief(model),
        "whole": not trouble,
        "trouble": trouble,
        "history": [{**event, "at": event["at"].isoformat()} for event in events],
    }
    if as_json:
        typer.echo(json.dumps(document))
    else:
        _show(document)


@app.command()
def promote(number: Number, database: DatabaseUrl, why: Why = "", as_json: Json = False) -> None:
    """Make a model the active one; the one that was active is retired.

    A monitor that runs takes it over within a second.

    Example: jellyroll models promote 3 --why "new slurry supplier"
    """
    with connect(database, application="jellyroll models", autocommit=True) as connection:
        model = registry.find(connection, number)
        check_content(registry.content(connection, number), model.sha256)
        before = registry.promote(connection, number, why)
        _say(registry.find(connection, number), before, as_json=as_json)


@app.command()
def rollback(number: Number, database: DatabaseUrl, why: Why = "", as_json: Json = False) -> None:
    """Let the version that was active before this one be active again.

    Example: jellyroll models rollback 3 --why "too many false alarms"
    """
    with connect(database, application="jellyroll models", autocommit=True) as connection:
        after = registry.rollback(connection, number, why)
        _say(after, registry.find(connection, number), as_json=as_json)


@app.command()
def compare(one: Number, other: Number, database: DatabaseUrl, as_json: Json = False) -> None:
    """Show what two models of one subject have different, and how each has fared.

    Example: jellyroll models compare 3 7
    """
    with connect(database, application="jellyroll models", autocommit=True) as connection:
        both = [registry.find(connection, number) for number in (one, other)]
        if both[0].subject != both[1].subject:
            raise RegistryError(
                f"{one} is a model of the {both[0].subject}, {other} of the {both[1].subject};"
                " compare two versions of one"
            )
        fares = {row["model"]: row for row in health_of.health(connection)}
    rows = [_flat({**brief(model), "health": fares.get(model.id, {})}) for model in both]
    differ = {
        name: [row.get(name) for row in rows]
        for name in {**rows[0], **rows[1]}
        if rows[0].get(name) != rows[1].get(name)
    }
    if as_json:
        typer.echo(json.dumps(differ))
        return
    table = Table("", str(one), str(other))
    for name, (left, right) in differ.items():
        table.add_row(name, _shown(left), _shown(right))
    Console(highlight=False).print(table)


@app.command()
def health(database: DatabaseUrl, as_json: Json = False) -> None:
    """Show how the active models fare, over the last seven days of their data.

    Drift of the input is the population stability index of the signal that moved most: below 0.1
    nothing, above 0.25 the input is not what the model was trained on.

    Example: jellyroll models health --json
    """
    with connect(database, application="jellyroll models", autocommit=True) as connection:
        found = [row for row in health_of.health(connection) if row["state"] == "active"]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table(
        "id", "of", "scored", "input drift", "signal", "score", "alarms/day", "budget", "true/false"
    )
    for row in found:
        table.add_row(
            str(row["model"]),
            f"{row['line']}-{row['equipment_group']} {row['recipe']}" if row["line"] else "cells",
            _shown(row["scored_share"]),
            _shown(row["input_drift"]),
            row["drifting_signal"] or "",
            _shown(row["score_mean"]),
            _shown(row["alarms_per_day"]),
            _shown(row["budget_per_day"]),
            f"{row['true_alarms']}/{row['false_alarms']}",
        )
    Console(highlight=False).print(table)


def _say(active: Model, before: Model | None, *, as_json: bool) -> None:
    if as_json:
        retired = brief(before) if before else None
        typer.echo(json.dumps({"active": brief(active), "retired": retired}))
        return
    instead = f" instead of version {before.version}" if before else ""
    typer.echo(f"version {active.version} of the {active.subject} is active{instead}")


def _show(document: Mapping[str, Any]) -> None:
    table = Table(show_header=False)
    for name, value in _flat(document).items():
        if name != "history":
            table.add_row(name, _shown(value))
    for event in document["history"]:
        table.add_row(event["at"], f"{event['what']} by {event['who']} {event['why']}".strip())
    Console(highlight=False).print(table)


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)
