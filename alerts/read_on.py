"""Read on: the links of a message, to the page and to the dashboard."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from alerts.alert import Alert
from alerts.anomaly import part
from alerts.body import Links
from alerts.config import Config
from alerts.config_file import LinksPart
from alerts.web.links import signed_link
from plant.model import Plant

#: What the dashboard shows before the onset, and after the end.
_LEAD_MS = 30 * 60 * 1000


def person_of(config: Config, receiver: str) -> str | None:
    """Return whose endpoint *receiver* is; None for one of nobody or of several people."""
    owners = [name for name, endpoints in config.people.items() if receiver in endpoints]
    return owners[0] if len(owners) == 1 else None


def links_of(config: Config, plant: Plant, alert: Alert, person: str | None, at: datetime) -> Links:
    """Return where to read on about *alert*, told at *at*.

    With the page's key, the link for a *person* opens the alert without signing in, and lets them
    acknowledge it, for as long as the file says.
    """
    links = config.links
    page = links.page and f"{links.page.rstrip('/')}/alerts/{alert.id}"
    if links.page and person is not None and config.page_key is not None:
        expires = at + timedelta(hours=links.signed_for_h)
        page = signed_link(links.page, alert.id, person, config.page_key, expires)
    return Links(page=page, dashboard=dashboard_link(links, plant, alert, at))


def dashboard_link(links: LinksPart, plant: Plant, alert: Alert, at: datetime) -> str | None:
    """Return the address of the dashboard of *alert* from before its onset to after *at*.

    That is the board that the file names, or the one of Jellyroll that shows the place of the
    alert. None where no Grafana is known.
    """
    cause = alert.cause
    from_ms = int(alert.since.timestamp() * 1000) - _LEAD_MS
    to_ms = int(at.timestamp() * 1000) + _LEAD_MS
    if links.dashboard:
        position = "" if cause.position is None else cause.position
        words = {**cause._asdict(), "position": position, "from_ms": from_ms, "to_ms": to_ms}
        return links.dashboard.format_map({n: quote(str(w), safe="") for n, w in words.items()})
    if not links.grafana:
        return None
    board, variables = _board(plant, alert)
    asked = urlencode({**variables, "from": from_ms, "to": to_ms})
    return f"{links.grafana.rstrip('/')}/d/{board}?{asked}"


def _board(plant: Plant, alert: Alert) -> tuple[str, dict[str, object]]:
    """Return the name of the narrowest board about the place of *alert*, and its variables."""
    cause = alert.cause
    line = {"var-line": cause.line}
    station = plant.stations.get(cause.station)
    if station is None:
        return ("jr-line", dict(line)) if cause.line else ("jr-overview", {})
    chosen: dict[str, object] = {**line, "var-station": cause.station}
    if cause.equipment:
        chosen["var-equipment"] = cause.equipment
    if cause.position is not None:
        chosen["var-position"] = cause.position
    about = part(cause.characteristic)[1] or cause.characteristic
    if about in station.results:
        chosen["var-characteristic"] = about
    elif about in station.signals:
        chosen["var-signal"] = about
    return "jr-station", chosen
