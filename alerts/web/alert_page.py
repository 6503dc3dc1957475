"""The pages of alerts: the list, and one alert with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import ValidationError

from alerts.alert import Severity
from alerts.errors import AlertsError
from alerts.query import Story, count_alerts, list_alerts, story
from alerts.read_on import dashboard_link
from alerts.resolve import CAUSE_CODES
from alerts.web.affected import Affected, affected_cells
from alerts.web.alert_filter import LARGEST_ID, AskedQuery, Show
from alerts.web.context import Context
from alerts.web.evidence import Details, read_evidence
from alerts.web.evidence_chart import Evidence, evidence_chart
from alerts.web.guard import Desk, ViewerDesk
from alerts.web.page import render
from storage.connect import Connection

PAGE = 50
#: Hours that the page offers to shelve for.
_SHELVINGS_H = (1, 4, 8, 12, 24, 72, 168)

router = APIRouter(prefix="/alerts")
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What a page shows of one alert beside its story; None where there is nothing to draw."""

    details: Details | None
    evidence: Evidence | None
    chart: Markup | None
    affected: Affected | None


@router.get("")
def alerts(desk: ViewerDesk, asked: AskedQuery) -> HTMLResponse:
    """Show a page of the list."""
    found = list_alerts(desk.connection, asked.filter(), PAGE + 1)
    older = None
    if len(found) > PAGE:
        found = found[:PAGE]
        stated = asked.model_dump(exclude_defaults=True) | {"before": found[-1].id}
        older = f"/alerts?{urlencode(stated)}"
    plant = desk.context.plant
    waiting = asked.model_copy(update={"show": Show.WAITING})
    return render(
        desk.request, "alerts.html", desk.visitor,
        alerts=found, asked=asked, older=older, parts=list(Show), severities=list(Severity),
        waiting=count_alerts(desk.connection, waiting.filter()),
        lines=plant.production.lines, stations=plant.stations,
    )  # fmt: skip


@router.get("/{number}")
def alert(desk: ViewerDesk, number: Number) -> HTMLResponse:
    """Show one alert."""
    return alert_page(desk, number)


def alert_page(
    desk: Desk,
    number: int,
    *,
    link: str | None = None,
    status: int = 200,
    refused: str = "",
    said: str = "",
) -> HTMLResponse:
    """Return the page of one alert; *link* is the path of the signed link it is seen by.

    *refused* says why a change was not made, *said* what its form held. Raise 404.
    """
    try:
        told = story(desk.connection, number)
    except AlertsError as error:
        raise HTTPException(404, f"There is no alert {number}.") from error
    longest = desk.visitor.role.longest_shelving
    context = desk.context
    return render(
        desk.request, "alert.html", desk.visitor, status,
        story=told, alert=told.alert, exhibit=exhibit(desk.connection, context, told),
        dashboard=dashboard_of(context, told), link=link, here=link or f"/alerts/{number}",
        refused=refused, said=said, causes=CAUSE_CODES,
        shelvings=[h for h in _SHELVINGS_H if timedelta(hours=h) <= longest],
    )  # fmt: skip


def exhibit(connection: Connection, context: Context, told: Story) -> Exhibit:
    """Return chart and cells of the alert."""
    alert, until = told.alert, _until(told)
    cells = affected_cells(connection, context.plant, alert.cause, alert.since, until)
    try:
        details = Details.model_validate(alert.details)
    except ValidationError:  # an alert that no chart raised, such as a signal that is lost
        return Exhibit(None, None, None, cells)
    evidence = read_evidence(connection, context.plant, alert, details, max(until, details.time))
    chart = Markup(evidence_chart(evidence, context.zone)) if evidence.points else None  # noqa: S704  # every text in it is escaped
    return Exhibit(details, evidence, chart, cells)


def dashboard_of(context: Context, told: Story) -> str | None:
    """Return where Grafana shows the place of the alert while the process was off."""
    return dashboard_link(context.settings.links, context.plant, told.alert, _until(told))


def _until(told: Story) -> datetime:
    """Return when the process was back, now while it is off."""
    return told.alert.returned_at or told.alert.closed_at or datetime.now(UTC)
