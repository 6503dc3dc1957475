"""Messages: what the line's sources make and the courier takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from plant.tables import Table
from simulator.faults import Fault

#: A message of a block has at most so many rows, and so many values when its rows are wide.
MOST_ROWS = 500
MOST_VALUES = 20_000


class Message(NamedTuple):
    """One MQTT message, and what the database will have of it."""

    topic: str
    payload: bytes
    table: Table
    rows: int
    values: int


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of simulated time, [*from_ms*, *to_ms*).

    With *thinned_ms* machines sample no faster than that; None is their own rate. *is_first* is
    set for the first window of a run.
    """

    from_ms: int
    to_ms: int
    thinned_ms: int | None = None
    is_first: bool = False
    faults: tuple[Fault, ...] = ()


def encode(columns: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return the JSON object of *rows* rows: a block of columns, or bare values for one row.

    A column that is not a list or an array holds for all rows.
    """
    if rows > 1:
        return columns
    return {name: value if _is_bare(value) else value[0] for name, value in columns.items()}


def dump(document: Any) -> bytes:
    """Return *document* as JSON; numpy's numbers and arrays too, NaN as null."""
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def _is_bare(value: Any) -> bool:
    return isinstance(value, str | int | float)
