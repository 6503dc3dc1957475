"""The rows of an alert and of its history; every function writes in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from alerts.alert import Alert, Cause, Happened, Severity, State
from alerts.errors import AlertsError
from alerts.message import to_json
from alerts.sql import statement
from storage.connect import Connection

#: `alert.event.who` for what no person did.
SERVICE = "jellyroll"


class Event(NamedTuple):
    """The key and the time of a row of `alert.event`."""

    id: int
    at: datetime


def require_schema(connection: Connection) -> None:
    """Raise `AlertsError` when the database has no tables for alerts."""
    row = connection.execute("SELECT to_regclass('alert.delivery')").fetchone()
    if row is None or row[0] is None:
        name = connection.info.dbname
        raise AlertsError(f"database {name!r} has no tables for alerts; run `jellyroll migrate`")


def find_open(connection: Connection, cause: Cause) -> Alert | None:
    """Return the open alert of *cause*, locked until the end of the transaction."""
    row = connection.execute(statement("alert_open"), cause._asdict()).fetchone()
    return _alert(cause, row) if row else None


def find(connection: Connection, alert: int) -> Alert | None:
    """Return the alert of that number, locked until the end of the transaction."""
    row = connection.execute(statement("alert_by_id"), {"id": alert}).fetchone()
    return _alert(Cause(*row[:6]), row[6:]) if row else None


def insert(
    connection: Connection,
    cause: Cause,
    *,
    severity: Severity,
    title: str,
    since: datetime,
    details: dict[str, Any],
) -> Alert:
    """Write a new alert, unacknowledged, and return it."""
    parameters = {
        **cause._asdict(),
        "state": State.UNACKNOWLEDGED,
        "severity": severity,
        "title": title,
        "since": since,
        "details": _json(details),
    }
    row = connection.execute(statement("alert_insert"), parameters).fetchone()
    assert row is not None
    return Alert(
        id=row[0],
        cause=cause,
        state=State.UNACKNOWLEDGED,
        severity=severity,
        title=title,
        since=since,
        opened_at=row[1],
    )


def update(connection: Connection, alert: Alert, details: dict[str, Any] | None = None) -> None:
    """Write *alert* as it now is; without *details* the old ones stay. Normal closes it."""
    parameters = {
        "id": alert.id,
        "state": alert.state,
        "severity": alert.severity,
        "title": alert.title,
        "since": alert.since,
        "details": None if details is None else _json(details),
    }
    connection.execute(statement("alert_update"), parameters)


def add_event(
    connection: Connection,
    alert: int,
    what: Happened,
    *,
    who: str = SERVICE,
    why: str = "",
    detail: dict[str, Any] | None = None,
) -> Event:
    """Add a row to the history of *alert*."""
    parameters = {
        "alert": alert,
        "who": who,
        "what": what,
        "why": why,
        "detail": _json(detail or {}),
    }
    row = connection.execute(statement("event_insert"), parameters).fetchone()
    assert row is not None
    return Event(*row)


def list_alerts(connection: Connection, *, closed: bool) -> list[dict[str, Any]]:
    """Return the open alerts, newest first, and with *closed* the others after them."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("alert_list"), {"all": closed}).fetchall()


def _alert(cause: Cause, row: TupleRow) -> Alert:
    number, state, severity, title, since, opened_at = row
    return Alert(
        id=number,
        cause=cause,
        state=State(state),
        severity=Severity(severity),
        title=title,
        since=since,
        opened_at=opened_at,
    )


def _json(document: dict[str, Any]) -> Jsonb:
    # orjson writes NaN as null; the standard library's NaN is no JSON, and PostgreSQL refuses it.
    return Jsonb(document, dumps=to_json)
