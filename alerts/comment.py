"""Comment and assign: what people tell each other about an alert, and who looks after it."""

from __future__ import annotations

from dataclasses import replace

from alerts import record
from alerts.alert import Alert, Happened, NotAllowedError
from alerts.change import changing, check_words
from alerts.errors import AlertsError
from storage.connect import Connection


def comment(connection: Connection, number: int, who: str, why: str) -> Alert:
    """Add the text *why* of *who* to the history of alert *number*, open or closed; return it.

    Raise `AlertsError` when there is no such alert or no text.
    """
    if not why.strip():
        raise AlertsError("a comment needs a text (--why)")
    with changing(connection, number, who, why) as alert:
        record.add_event(connection, number, Happened.COMMENTED, who=who, why=why)
    return alert


def assign(
    connection: Connection, number: int, who: str, why: str = "", *, assignee: str | None
) -> Alert:
    """Let *assignee* look after alert *number*, or nobody (None); return it as it then is.

    That is no acknowledgement. Raise `AlertsError` when there is no such alert, `NotAllowedError`
    when it is closed or that person has it already.
    """
    if assignee is not None:
        check_words(assignee, "")
    with changing(connection, number, who, why) as alert:
        if not alert.is_open:
            raise NotAllowedError("the alert is closed; there is nothing to look after")
        if alert.assignee == assignee:
            has = "nobody has it" if assignee is None else f"{assignee} has it already"
            raise NotAllowedError(f"that changes nothing: {has}")
        given = replace(alert, assignee=assignee)
        record.update(connection, given)
        detail = {"assignee": assignee, "before": alert.assignee}
        record.add_event(connection, number, Happened.ASSIGNED, who=who, why=why, detail=detail)
    return given
