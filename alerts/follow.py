"""Follow: what people did to alerts is told to those who know of them.

The rule of visibility is that of anomalies: events of transactions below every one still running,
in the order of transaction ids.
"""

from __future__ import annotations

from alerts import record
from alerts.alert import Happened
from alerts.body import By
from alerts.message import event_type
from alerts.record import Event
from alerts.setting import Setting
from alerts.sql import statement
from alerts.tell import Telling, tell, who_was_told
from storage.connect import Connection
from storage.ledger import advance

FOLLOWER = "alerts people"
#: Notified at each commit that adds to a history.
CHANNEL = "jellyroll_alert_event"

#: A comment stays on the page; what unshelving does is told by itself.
_TOLD = frozenset({Happened.ACKNOWLEDGED, Happened.ASSIGNED, Happened.SHELVED, Happened.RESOLVED})


def follow_people(connection: Connection, setting: Setting, limit: int = 100) -> int:
    """Tell what people did since the last time, in one transaction; return how much it was."""
    parameters = {"follower": FOLLOWER, "limit": limit}
    if connection.execute(statement("event_news"), parameters).fetchone() is None:
        return 0
    with connection.transaction():
        connection.execute(statement("follow_begin"), parameters)
        connection.execute(statement("cursor_lock"), parameters)
        rows = connection.execute(statement("event_take"), parameters).fetchall()
        for number, at, alert, who, what, why, _ in rows:
            if alert is not None and what in _TOLD:
                by = By(who=who, why=why)
                _tell(connection, setting, Event(number, at), alert, what=Happened(what), by=by)
        if rows:
            advance(connection, FOLLOWER, rows[-1][-1])
    return len(rows)


def _tell(
    connection: Connection, setting: Setting, event: Event, number: int, *, what: Happened, by: By
) -> None:
    alert = record.find(connection, number)
    assert alert is not None
    known = who_was_told(connection, setting, alert)
    tell(connection, setting, alert, event, [Telling(event_type(what), known)], by=by)
