"""The pages of alerts: the list, and one alert with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import ValidationError

from alerts.alert import Severity
from alerts.errors import AlertsError
from alerts.query import Story, count_alerts, list_alerts, story
from alerts.resolve import CAUSE_CODES
from alerts.web.affected import Affected, affected_cells
from alerts.web.alert_filter import LARGEST_ID, AskedQuery, Show
from alerts.web.chart import Evidence, evidence_chart
from alerts.web.context import Context, Database, Here
from alerts.web.evidence import Details, read_evidence
from alerts.web.guard import Viewer
from alerts.web.page import render
from alerts.web.role import Visitor
from storage.connect import Connection

PAGE = 50

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
def alerts(
    request: Request, context: Here, connection: Database, visitor: Viewer, asked: AskedQuery
) -> HTMLResponse:
    """Show a page of the list."""
    found = list_alerts(connection, asked.filter(), PAGE + 1)
    older = None
    if len(found) > PAGE:
        found = found[:PAGE]
        stated = asked.model_dump(exclude_defaults=True) | {"before": found[-1].id}
        older = f"/alerts?{urlencode(stated)}"
    return render(
        request, "alerts.html", visitor,
        alerts=found, asked=asked, older=older, parts=list(Show), severities=list(Severity),
        waiting=count_alerts(connection, asked.model_copy(update={"show": Show.WAITING}).filter()),
        lines=context.plant.production.lines, stations=context.plant.stations,
    )  # fmt: skip


@router.get("/{number}")
def alert(
    request: Request, context: Here, connection: Database, visitor: Viewer, number: Number
) -> HTMLResponse:
    """Show one alert."""
    return alert_page(request, context, connection, visitor, number)


def alert_page(
    request: Request,
    context: Context,
    connection: Connection,
    visitor: Visitor,
    number: int,
    *,
    link: str | None = None,
    status: int = 200,
    refused: str = "",
) -> HTMLResponse:
    """Return the page of one alert; *link* is the address of the signed link it is seen by.

    *refused* says why a change was not made. Raise 404.
    """
    try:
        told = story(connection, number)
    except AlertsError as error:
        raise HTTPException(404, f"There is no alert {number}.") from error
    return render(
        request, "alert.html", visitor, status,
        story=told, alert=told.alert, exhibit=exhibit(connection, context, told), link=link,
        refused=refused, causes=CAUSE_CODES,
        shelvings=[h for h in (1, 4, 8, 12, 24, 72, 168) if h * 3600 <= visitor.role.longest_shelving.total_seconds()],
    )  # fmt: skip


def exhibit(connection: Connection, context: Context, told: Story) -> Exhibit:
    """Return chart and cells of the alert."""
    alert = told.alert
    until = alert.returned_at or alert.closed_at or datetime.now(UTC)
    cells = affected_cells(connection, context.plant, alert.cause, alert.since, until)
    try:
        details = Details.model_validate(alert.details)
    except ValidationError:  # an alert that no chart raised, such as a signal that is lost
        return Exhibit(None, None, None, cells)
    evidence = read_evidence(
        connection, context.plant, alert.cause, details, alert.title, max(until, details.time)
    )
    chart = Markup(evidence_chart(evidence, context.zone)) if evidence.points else None  # noqa: S704  # every text in it is escaped
    return Exhibit(details, evidence, chart, cells)
