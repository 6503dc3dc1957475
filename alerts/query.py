"""Query: what the page, the API and the command line read of alerts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.rows import class_row, dict_row

from alerts import record
from alerts.alert import Alert
from alerts.errors import AlertsError
from alerts.sql import statement
from alerts.suspect import Suspect, suspects_of
from storage.connect import Connection

MAX_LIMIT = 1000

_FILTER = statement("alert_filter")
_COUNT = sql.SQL("SELECT count(*) FROM alert.alert {}").format(_FILTER)
_LIST = sql.SQL("SELECT * FROM alert.alert {} ORDER BY id DESC LIMIT %(limit)s").format(_FILTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which alerts; None and empty do not restrict.

    *is_open* means not closed, *is_suppressed* that nobody is told of it for now; *text* is looked
    for in the title, without regard to case; *from_time* and *to_time* are about the opening.
    *before* is the number of an alert: the page after the one that it ends.
    """

    is_open: bool | None = None
    is_suppressed: bool | None = None
    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    line: str | None = None
    station: str | None = None
    equipment: str | None = None
    characteristic: str | None = None
    assignee: str | None = None
    text: str = ""
    from_time: datetime | None = None
    to_time: datetime | None = None
    before: int | None = None


class Happening(NamedTuple):
    """A row of the history of an alert; *detail* depends on *what*."""

    id: int
    at: datetime
    who: str
    what: str
    why: str
    detail: dict[str, Any]


class Told(NamedTuple):
    """A delivery without its body."""

    id: str
    alert: int
    event: int
    endpoint: str
    event_type: str
    status: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """One alert with everything about it: its history oldest first, the rest newest first.

    *suspects* are those of its latest anomaly, best first; *children* are the alerts that it
    explains, *due* who is told next and when, if nobody acknowledges: route, step, time.
    """

    alert: Alert
    events: tuple[Happening, ...]
    deliveries: tuple[Told, ...]
    suspects: tuple[Suspect, ...]
    children: tuple[Alert, ...]
    due: tuple[tuple[str, int, datetime], ...]


def list_alerts(
    connection: Connection, which: Filter | None = None, limit: int = 100
) -> list[Alert]:
    """Return up to *limit* alerts, newest first."""
    parameters = {**_parameters(which), "limit": max(0, min(limit, MAX_LIMIT))}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_LIST, parameters).fetchall()
    return [record.alert_of(row) for row in rows]


def count_alerts(connection: Connection, which: Filter | None = None) -> int:
    """Return how many alerts there are, on all pages together."""
    parameters = {**_parameters(which), "before": None}
    row = connection.execute(_COUNT, parameters).fetchone()
    assert row is not None
    return int(row[0])


def story(connection: Connection, number: int) -> Story:
    """Return alert *number* with its history; raise `AlertsError` when there is none."""
    key = {"id": number}
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute("SELECT * FROM alert.alert WHERE id = %(id)s", key).fetchone()
        if row is None:
            raise AlertsError(f"there is no alert {number}; `jellyroll alerts list --all` has them")
        alert = record.alert_of(row)
        children = cursor.execute(
            "SELECT * FROM alert.alert WHERE parent = %(id)s ORDER BY id DESC LIMIT 100", key
        ).fetchall()
        due = connection.execute(
            "SELECT route, step, due_at FROM alert.escalation WHERE alert = %(id)s ORDER BY due_at",
            key,
        ).fetchall()
        return Story(
            alert,
            tuple(_history(connection, number)),
            tuple(list_deliveries(connection, alert=number)),
            tuple(suspects_of(connection, alert.details.get("anomaly"))),
            tuple(map(record.alert_of, children)),
            tuple(due),
        )


def list_deliveries(
    connection: Connection, *, alert: int | None = None, status: str | None = None, limit: int = 200
) -> list[Told]:
    """Return the last *limit* deliveries, pending ones first, then newest first."""
    parameters = {"alert": alert, "status": status, "limit": limit}
    with connection.cursor(row_factory=class_row(Told)) as cursor:
        return cursor.execute(statement("delivery_list"), parameters).fetchall()


def _history(connection: Connection, number: int) -> list[Happening]:
    with connection.cursor(row_factory=class_row(Happening)) as cursor:
        return cursor.execute(statement("event_list"), {"alert": number}).fetchall()


def _parameters(which: Filter | None) -> dict[str, Any]:
    values = asdict(which or Filter())
    for name in ("states", "severities", "kinds", "resolutions"):
        values[name] = list(values[name]) or None
    # What LIKE would take for a pattern is looked for as it stands.
    text = values["text"].replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    values["text"] = f"%{text}%" if text else None
    return values
