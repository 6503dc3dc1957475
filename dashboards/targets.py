"""The queries of a board, and what people may choose on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.expand import View, sent
from storage.connect import Connection

GENERATED = Path(__file__).parent / "generated"
#: How much of a variable each choice takes; a value with quotes is no value of any plant.
CHOICES = ("one", "several", "all", "quotes")
_QUOTED = ["o'brien", "x' OR 'a' = 'a", "l1"]


@dataclass(frozen=True, slots=True)
class Target:
    """A query of a board: of which panel (none: a variable or an annotation), in which form."""

    board: str
    name: str
    form: str
    sql: str
    panel: dict[str, Any]


def committed(folder: Path = GENERATED) -> list[dict[str, Any]]:
    """Return the generated boards as Grafana reads them."""
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json"))]


def targets(board: dict[str, Any]) -> Iterator[Target]:
    """Yield every query of *board*: of panels, variables and annotations."""
    uid = board["uid"]
    for panel in board["panels"]:
        for target in panel["targets"]:
            name = f"{panel['title']} {target['refId']}"
            yield Target(uid, name, target["format"], target["rawSql"], panel)
    for variable in queried(board):
        yield Target(uid, f"variable {variable['name']}", "table", variable["query"], {})
    for note in board["annotations"]["list"]:
        target = note["target"]
        yield Target(uid, f"annotation {note['name']}", target["format"], target["rawSql"], {})


def queried(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the variables whose choices come from the database, in order."""
    return [v for v in board["templating"]["list"] if v["type"] == "query"]


def chosen(
    connection: Connection,
    board: dict[str, Any],
    choice: str,
    view: View,
    given: Mapping[str, str] | None = None,
) -> dict[str, str | list[str]]:
    """Return what stands in each variable when people make *choice*, one of `CHOICES`.

    A variable may ask for those before it; a single one takes what it begins with, if it is there.
    What is *given* by name stands as it is.
    """
    values: dict[str, str | list[str]] = {}
    for variable in queried(board):
        if given and variable["name"] in given:
            values[variable["name"]] = given[variable["name"]]
            continue
        cursor = connection.execute(sent(variable["query"], view, values).encode())
        names = [column.name for column in cursor.description or ()]
        at = names.index("__value") if "__value" in names else 0
        values[variable["name"]] = _of(variable, [row[at] for row in cursor], choice)
    if choice == "quotes":
        return {v["name"]: _QUOTED if v.get("multi") else _QUOTED[1] for v in queried(board)}
    return values


def _of(variable: dict[str, Any], found: Sequence[str], choice: str) -> str | list[str]:
    if not variable.get("multi"):
        first: str = variable["current"]["value"]
        return first if first in found or not found else found[0]
    # Nothing to choose from: Grafana asks for an empty text.
    number = {"one": 1, "several": 3}.get(choice, len(found))
    return list(found[:number]) or [""]
