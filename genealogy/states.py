"""The states of cells as a table for people, and as CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from genealogy.affected import State, Survey

#: Rows of a table for people.
SHOWN = 100


class OutError(Exception):
    """The states cannot be written there; the text says why."""


def state_table(found: Survey) -> Table:
    """Return a row for each of the first cells, and how many there are of each state."""
    table = Table(
        "cell", "judged by", "grade", "disposition", "on hold because", "commerce", "flags",
        caption=caption_of(found, "cell" if found.total == 1 else "cells"),
        caption_justify="left", box=None, header_style="dim",
    )  # fmt: skip
    for state in found.first:
        moment = f"{state.time:%Y-%m-%d %H:%M}" if state.time else ""
        held = f"[yellow]{escape(state.held_because)}[/]" if state.held_because else ""
        table.add_row(
            state.cell, moment, state.grade or "", state.disposition or "", held,
            state.commerce or "", state.doubts or "",
        )  # fmt: skip
    return table


def caption_of(found: Survey, what: str) -> str:
    """Return how many *what* there are of each state, and where those are that are not shown."""
    stated = ", ".join(f"{number:,} {state}" for state, number in sorted(found.counts.items()))
    counts = f": {stated}" if stated else ""
    shown = len(found.first)
    more = f"; the first {shown} are shown, --json and --out have all"
    return f"{found.total:,} {what}{counts}{more if found.total > shown else ''}"


def write_states(states: Sequence[State], path: Path) -> None:
    """Write *states* to *path*, whose ending says how; raise `OutError`."""
    names = [field.name for field in fields(State)]
    try:
        match path.suffix:
            case ".csv":
                with path.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(names)
                    writer.writerows(astuple(state) for state in states)
            case ".parquet":
                _write_parquet(states, names, path)
            case ending:
                raise OutError(f"{path}: {ending or 'no ending'!r} is not .csv or .parquet")
    except OSError as error:
        raise OutError(f"{path}: cannot be written ({error.strerror})") from error


def _write_parquet(states: Sequence[State], names: Sequence[str], path: Path) -> None:
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra that only this needs
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise OutError("Parquet needs pyarrow: pip install 'jellyroll[parquet]'") from error
    columns = {name: [getattr(state, name) for state in states] for name in names}
    schema = pa.schema(
        [(name, pa.timestamp("us", tz="UTC") if name == "time" else pa.string()) for name in names]
    )
    pq.write_table(pa.table(columns, schema=schema), path)
