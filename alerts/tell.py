"""Tell: write the deliveries of something that happened, beside its row in the history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from alerts import message, outbox, record
from alerts.alert import Alert
from alerts.body import By, EventType
from alerts.read_on import links_of, person_of
from alerts.record import Event
from alerts.setting import Setting
from alerts.sql import statement
from storage.connect import Connection


class Telling(NamedTuple):
    """What is told to whom: names of endpoints, and the type of the webhook."""

    tells: EventType
    receivers: tuple[str, ...]


def who_was_told(connection: Connection, setting: Setting, alert: Alert) -> tuple[str, ...]:
    """Return the endpoints that know of *alert*: whatever happens to it, they are told."""
    if alert.told_at is None:
        return ()
    rows = connection.execute(statement("delivery_receivers"), {"alert": alert.id})
    return tuple(name for (name,) in rows if name in setting.config.receivers)


def tell(
    connection: Connection,
    setting: Setting,
    alert: Alert,
    event: Event,
    tellings: Iterable[Telling],
    *,
    by: By | None = None,
) -> Alert:
    """Put what *event* tells of *alert* into the outbox; return the alert as it then is."""
    config = setting.config
    told = False
    for telling in tellings:
        # A link to the page is for one person; all others get the same message.
        by_person: dict[str | None, list[str]] = {}
        for receiver in telling.receivers:
            by_person.setdefault(person_of(config, receiver), []).append(receiver)
        for person, receivers in by_person.items():
            links = links_of(config, setting.plant, alert, person, event.at)
            text = message.body(setting.plant, links, alert, telling.tells, event.at, by=by)
            outbox.put(
                connection, receivers,
                alert=alert.id, event=event.id, event_type=telling.tells, body=text,
            )  # fmt: skip
            told = True
    if told and alert.told_at is None:
        alert = replace(alert, told_at=event.at)
        record.update(connection, alert)
    return alert
