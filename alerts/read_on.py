"""Read on: the links of a message, to the page and to the dashboard."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.alert import Alert
from alerts.body import Links
from alerts.config import Config
from alerts.web.links import signed_link

#: What the dashboard shows before the onset.
_LEAD_MS = 30 * 60 * 1000


def person_of(config: Config, receiver: str) -> str | None:
    """Return whose endpoint *receiver* is; None for one of nobody or of several people."""
    owners = [name for name, endpoints in config.people.items() if receiver in endpoints]
    return owners[0] if len(owners) == 1 else None


def links_of(config: Config, alert: Alert, person: str | None, at: datetime) -> Links:
    """Return where to read on about *alert*, told at *at*.

    With the page's key, the link for a *person* opens the alert without signing in, and lets them
    acknowledge it, for as long as the file says.
    """
    cause, links = alert.cause, config.links
    page = links.page and f"{links.page.rstrip('/')}/alerts/{alert.id}"
    if links.page and person is not None and config.page_key is not None:
        expires = at + timedelta(hours=links.signed_for_h)
        page = signed_link(links.page, alert.id, person, config.page_key, expires)
    dashboard = links.dashboard and links.dashboard.format(
        line=cause.line,
        station=cause.station,
        equipment=cause.equipment,
        position="" if cause.position is None else cause.position,
        characteristic=cause.characteristic,
        from_ms=int(alert.since.timestamp() * 1000) - _LEAD_MS,
        to_ms=int(at.timestamp() * 1000) + _LEAD_MS,
    )
    return Links(page=page, dashboard=dashboard)
