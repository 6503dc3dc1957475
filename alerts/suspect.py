"""Suspect: what the models hold responsible for an anomaly, read from `analysis.suspect`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import class_row

from alerts.sql import statement
from storage.connect import Connection

#: As many of an anomaly's suspects go with its alert.
MAX_SUSPECTS = 3

_STANDS_OUT = 0.01  # false discovery rate
_TOO_WIDE = frozenset({"shift", "recipe"})


class Suspect(NamedTuple):
    """What deviating cells have in common, and the others have not.

    *factor* is its sort (equipment, position, roll, lot…), *value* which one. *affected* of
    *affected_total* deviating cells had it, *others* of *others_total* other ones. *q_value* is
    the false discovery rate at which it stands out, *effect* its size in *unit*.
    """

    rank: int
    factor: str
    value: str
    station: str
    affected: int
    affected_total: int
    others: int
    others_total: int
    lift: float | None
    p_value: float | None
    q_value: float | None
    since: datetime
    effect: float
    unit: str
    sentence: str


def suspects_of(
    connection: Connection, anomaly: int | None, limit: int = MAX_SUSPECTS
) -> list[Suspect]:
    """Return the suspects of *anomaly*, best first; none where there is no anomaly."""
    if anomaly is None:
        return []
    with connection.cursor(row_factory=class_row(Suspect)) as cursor:
        return cursor.execute(
            statement("suspect_list"), {"anomaly": anomaly, "limit": limit}
        ).fetchall()


def main_suspect(suspects: list[dict[str, Any]]) -> tuple[str, str] | None:
    """Return factor and value of the first suspect, if it stands out.

    Alerts with the same one have one cause. A shift or a recipe is too wide to say so.
    """
    if not suspects or suspects[0]["factor"] in _TOO_WIDE:
        return None
    first = suspects[0]
    if first["q_value"] is None or first["q_value"] > _STANDS_OUT:
        return None
    return first["factor"], first["value"]
