"""Escalate: nobody has acknowledged in time, so the next are told; and everybody again."""

from __future__ import annotations

import logging

from alerts import record
from alerts.alert import Alert, Happened, State
from alerts.route import begin, plan_next, recipients, step_of
from alerts.setting import Setting
from alerts.sql import statement
from alerts.suppress import suppress
from alerts.tell import Telling, tell, who_was_told
from storage.connect import Connection

_LOG = logging.getLogger("jellyroll.alerts")


def escalate(connection: Connection, setting: Setting) -> int:
    """Do what is due, each step in a transaction; return how many there were."""
    due = connection.execute(statement("escalation_due")).fetchall()
    for alert, route in due:
        with connection.transaction():
            _take(connection, setting, alert, route)
    return len(due)


def _take(connection: Connection, setting: Setting, number: int, route_name: str) -> None:
    # The alert is locked before the step, as everywhere: who acknowledges does the same.
    alert = record.find(connection, number)
    row = connection.execute(
        statement("escalation_take"), {"alert": number, "route": route_name}
    ).fetchone()
    if alert is None or row is None:
        return  # acknowledged, or another service did it
    step, began_at = row
    if not _is_wanted(alert, step):
        return
    if suppressed := suppress(connection, setting, alert):
        _LOG.info("alert %d suppressed: %s", suppressed.id, suppressed.suppressed)
        return
    route = next((r for r in setting.config.routes if r.name == route_name), None)
    if route is None or step == 0:
        # Its first have not been told for the quiet hours, or the file has changed.
        event = record.add_event(connection, number, Happened.RELEASED, why="its time has come")
        begin(connection, setting, alert, event, "alert.repeated")
        return
    what = step_of(route, step)
    if what is None:
        return
    happened = Happened.REPEATED if what.is_repeat else Happened.ESCALATED
    event = record.add_event(
        connection, number, happened,
        why="nobody has acknowledged", detail={"route": route_name, "step": step},
    )  # fmt: skip
    known = set(who_was_told(connection, setting, alert))
    asked = [r.endpoint for r in recipients(setting.config, what.to, alert, event.at)]
    again = tuple(name for name in asked if name in known)
    new = tuple(name for name in asked if name not in known)
    tell(
        connection, setting, alert, event,
        [Telling("alert.repeated", again), Telling("alert.escalated", new)],
    )  # fmt: skip
    plan_next(connection, alert, route, step + 1, began_at)
    _LOG.info("alert %d %s: %s", number, happened, ", ".join(asked) or "to nobody")


def _is_wanted(alert: Alert, step: int) -> bool:
    """Tell whether somebody is still to be told: the first also of what came and went."""
    return alert.awaits_somebody if step == 0 else alert.state is State.UNACKNOWLEDGED
