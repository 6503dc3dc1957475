"""The outbox: what must be told, kept until each endpoint has taken it or is given up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from alerts import record
from alerts.alert import Happened
from alerts.change import check_words
from alerts.sql import statement
from storage.connect import Connection

#: Notified at each commit that brings deliveries.
CHANNEL = "jellyroll_delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message for one endpoint: *id* and *body* are the same at every attempt.

    *attempts* have been recorded so far, the first of them *tried_for_s* ago; the next is due in
    *due_in_s*, now if that is not above 0.
    """

    id: str
    alert: int
    event_type: str
    body: bytes
    attempts: int
    tried_for_s: float | None
    due_in_s: float


def put(
    connection: Connection,
    endpoints: Sequence[str],
    *,
    alert: int,
    event: int,
    event_type: str,
    body: bytes,
) -> None:
    """Write one pending delivery for each of *endpoints*, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("delivery_insert"),
            [
                {
                    "id": f"msg_{secrets.token_urlsafe(18)}",
                    "alert": alert,
                    "event": event,
                    "endpoint": endpoint,
                    "event_type": event_type,
                    "body": body,
                }
                for endpoint in endpoints
            ],
        )


def claim(connection: Connection, endpoint: str) -> bool:
    """Try to become the one sender to *endpoint*, for as long as *connection* lasts."""
    connection.execute(statement("session_lease"))
    key = f"jellyroll alerts {endpoint}"
    row = connection.execute(
        "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (key,)
    ).fetchone()
    return bool(row and row[0])


def upcoming(connection: Connection, endpoint: str) -> Delivery | None:
    """Return the pending delivery of *endpoint* that is due first, now or later."""
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        return cursor.execute(statement("delivery_next"), {"endpoint": endpoint}).fetchone()


def delivered(connection: Connection, delivery: Delivery, status: int) -> None:
    """Record that the endpoint took it, with HTTP *status*."""
    _record(connection, delivery, "delivered", status)


def retry(
    connection: Connection, delivery: Delivery, status: int | None, error: str, delay_s: float
) -> None:
    """Record an attempt that failed; the next is due in *delay_s*."""
    _record(connection, delivery, "pending", status, error=error, delay_s=delay_s)


def give_up(
    connection: Connection, delivery: Delivery, endpoint: str, status: int | None, error: str
) -> None:
    """Record that the delivery has failed for good, in its row and in the alert's history."""
    with connection.transaction():
        _record(connection, delivery, "failed", status, error=error)
        detail = {"delivery": delivery.id, "endpoint": endpoint, "status": status}
        record.add_event(
            connection, delivery.alert, Happened.DELIVERY_FAILED, why=error, detail=detail
        )


def try_again(
    connection: Connection,
    who: str,
    why: str = "",
    *,
    alert: int | None = None,
    endpoint: str | None = None,
    delivery: str | None = None,
) -> int:
    """Let *who* have failed deliveries tried again at once, for a day as if they were new.

    What is not given does not restrict; what is pending is tried at once, too. Return how many
    had failed. Each alert concerned has it in its history. Raise `AlertsError` without a name.
    """
    check_words(who, why)
    which = {"alert": alert, "endpoint": endpoint, "delivery": delivery}
    with connection.transaction():
        rows = connection.execute(statement("delivery_again"), which).fetchall()
        failed: dict[int, list[str]] = {}
        for number, identity, status in rows:
            if status == "failed":
                failed.setdefault(number, []).append(identity)
        for number, identities in sorted(failed.items()):
            record.add_event(
                connection, number, Happened.DELIVERY_RETRIED,
                who=who, why=why, detail={"deliveries": identities},
            )  # fmt: skip
        connection.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
    return sum(map(len, failed.values()))


def strays(connection: Connection, known: Sequence[str]) -> list[tuple[str, int]]:
    """Return name and number of pending deliveries of endpoints that are not among *known*."""
    return connection.execute(statement("delivery_strays"), {"known": list(known)}).fetchall()


def _record(
    connection: Connection,
    delivery: Delivery,
    status: str,
    last_status: int | None,
    *,
    error: str | None = None,
    delay_s: float = 0.0,
) -> None:
    parameters = {
        "id": delivery.id,
        "status": status,
        "last_status": last_status,
        "last_error": error,
        "delay_s": delay_s,
    }
    connection.execute(statement("delivery_record"), parameters)
