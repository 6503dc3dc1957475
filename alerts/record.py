"""The rows of an alert and of its history; every function writes in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from alerts.alert import Alert, Cause, Happened, Kind, Severity, State, Suppression
from alerts.errors import AlertsError
from alerts.json_text import to_json
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
    row = connection.execute("SELECT to_regclass('alert.escalation')").fetchone()
    if row is None or row[0] is None:
        name = connection.info.dbname
        raise AlertsError(f"database {name!r} has no tables for alerts; run `jellyroll migrate`")


def find_open(connection: Connection, cause: Cause, kind: Kind = Kind.PROCESS) -> Alert | None:
    """Return the open alert of *cause*, locked until the end of the transaction."""
    return _one(connection, "alert_open", {**cause._asdict(), "kind": kind})


def find(connection: Connection, alert: int) -> Alert | None:
    """Return the alert of that number, locked until the end of the transaction."""
    return _one(connection, "alert_by_id", {"id": alert})


def insert(
    connection: Connection,
    cause: Cause,
    *,
    kind: Kind = Kind.PROCESS,
    severity: Severity,
    title: str,
    since: datetime,
    details: dict[str, Any],
    suspect: tuple[str, str] | None = None,
) -> Alert:
    """Write a new alert, unacknowledged, and return it; *suspect* is the first: factor, value."""
    factor, value = suspect or (None, None)
    parameters = {
        **cause._asdict(),
        "kind": kind,
        "state": State.UNACKNOWLEDGED,
        "severity": severity,
        "title": title,
        "since": since,
        "details": json(details),
        "suspect_factor": factor,
        "suspect_value": value,
    }
    alert = _one(connection, "alert_insert", parameters)
    assert alert is not None
    return alert


def update(connection: Connection, alert: Alert, details: dict[str, Any] | None = None) -> None:
    """Write *alert* as it now is; without *details* the old ones stay. Normal closes it."""
    parameters = {**alert.row(), "details": None if details is None else json(details)}
    connection.execute(statement("alert_update"), parameters)


def stop_escalation(connection: Connection, alert: int) -> None:
    """Let nobody further be told of *alert*."""
    connection.execute("DELETE FROM alert.escalation WHERE alert = %s", (alert,))


def add_event(
    connection: Connection,
    alert: int | None,
    what: Happened,
    *,
    who: str = SERVICE,
    why: str = "",
    detail: dict[str, Any] | None = None,
    maintenance: int | None = None,
) -> Event:
    """Add a row to the history of *alert*, or of a *maintenance*."""
    parameters = {
        "alert": alert,
        "maintenance": maintenance,
        "who": who,
        "what": what,
        "why": why,
        "detail": json(detail or {}),
    }
    row = connection.execute(statement("event_insert"), parameters).fetchone()
    assert row is not None
    return Event(*row)


def add_events(
    connection: Connection, alert: int, what: Happened, rows: Sequence[tuple[str, dict[str, Any]]]
) -> None:
    """Add rows of why and detail to the history of *alert*, many at once."""
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("event_insert"),
            [
                {"alert": alert, "maintenance": None, "who": SERVICE, "what": what, "why": why,
                 "detail": json(detail)}
                for why, detail in rows
            ],
        )  # fmt: skip


def alert_of(row: dict[str, Any]) -> Alert:
    """Return the alert that a whole row of `alert.alert` is."""
    cause = Cause(*(row[name] for name in Cause._fields))
    values = {name: row[name] for name in _COLUMNS}
    suppressed = row["suppressed"] and Suppression(row["suppressed"])
    typed = {
        "kind": Kind(row["kind"]),
        "state": State(row["state"]),
        "severity": Severity(row["severity"]),
        "suppressed": suppressed,
    }
    return Alert(cause=cause, **{**values, **typed})


def json(document: Any) -> Jsonb:
    """Return *document* for a column of type jsonb.

    NaN becomes null: the standard library's NaN is no JSON, and PostgreSQL refuses it.
    """
    return Jsonb(document, dumps=to_json)


_COLUMNS = tuple(field.name for field in fields(Alert) if field.name != "cause")


def _one(connection: Connection, name: str, parameters: dict[str, Any]) -> Alert | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement(name), parameters).fetchone()
    return alert_of(row) if row else None
