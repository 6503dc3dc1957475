"""The command line: mounts the commands of each room, holds no logic."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

import psycopg
import typer
from typer.core import TyperGroup

#: Command to the function or group behind it; a room is imported when its command is called.
COMMANDS = {
    "demo": "demo.commands:demo",
    "stack": "stack.commands:app",
    "doctor": "stack.commands:doctor",
    "migrate": "storage.commands:migrate",
    "rollup": "storage.rolling_commands:rollup",
    "retention": "storage.commands:retention",
    "ingest": "ingest.commands:ingest",
    "deadletters": "ingest.deadletter_commands:app",
    "monitor": "models.commands:monitor",
    "cells": "models.cells.commands:app",
    "train": "models.train_commands:train",
    "models": "models.registry_commands:app",
    "spc": "models.spc_commands:app",
    "evaluate": "bench.evaluate_commands:app",
    "alerts": "alerts.commands:app",
    "web": "alerts.web.commands:app",
    "simulate": "simulator.commands:simulate",
    "record": "simulator.record_commands:record",
    "replay": "simulator.replay_commands:replay",
    "trace": "genealogy.commands:app",
    "hold": "genealogy.hold_commands:hold",
    "release": "genealogy.hold_commands:release",
    "ledger": "genealogy.us.commands:app",
    "dashboards": "dashboards.commands:app",
    "storage": "storage.commands:app",
    "bench": "bench.commands:app",
}


class LazyGroup(TyperGroup):
    """Finds a command by name and imports only its room."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the commands in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return the command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(found)
            return typer.main.get_command(single)
        group = typer.main.get_group(found)
        group.name = cmd_name
        return group


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def jellyroll() -> None:
    """Watch a lithium-ion cell plant: MQTT to TimescaleDB, drift, culprit, alerts, Grafana."""


def main() -> None:
    """Run the command line; an error that a user can mend is a sentence, not a traceback."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level="INFO")
    try:
        app()
    except Exception as error:
        if not is_for_users(error):
            raise
        sys.stderr.write(f"jellyroll: {explain(error)}\n")
        sys.exit(1)


def is_for_users(error: Exception) -> bool:
    """Say whether the text of *error* tells a user what to do."""
    ours = type(error).__module__.split(".")[0] in {m.split(".")[0] for m in COMMANDS.values()}
    return (
        ours
        or type(error).__module__ == "plant.load"
        or isinstance(error, psycopg.OperationalError)
    )


def explain(error: Exception) -> str:
    """Return the sentence for *error*."""
    if isinstance(error, psycopg.OperationalError):
        return f"the database: {error}".rstrip() + "\nIs it up? `jellyroll doctor` tells."
    return str(error)


if __name__ == "__main__":
    main()
