"""The page of alarm performance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from alerts.web.alert_filter import Text
from alerts.web.bar_chart import bar_chart
from alerts.web.guard import ViewerDesk
from alerts.web.page import render
from alerts.web.performance import read_performance, waiting

router = APIRouter()
Days = Annotated[int, Query(ge=1, le=366)]


@router.get("/performance")
def performance(desk: ViewerDesk, line: Text = "", days: Days = 30) -> HTMLResponse:
    """Show the figures of a line, or of all together."""
    now = datetime.now(UTC)
    found = read_performance(desk.connection, desk.context.alarm_days, line or None, days, now)
    charts = [
        bar_chart("Alerts per day", found.per_day, (("144 a day", 144),)),
        bar_chart("Alerts per 10 minutes, last 24 hours", found.last_day, (("10", 10),)),
        bar_chart("Time to acknowledge", found.waits),
    ]
    return render(
        desk.request, "performance.html", desk.visitor,
        found=found, line=line, days=days, lines=desk.context.plant.production.lines,
        charts=[Markup(chart) for chart in charts],  # noqa: S704  # every text in them is escaped
        waiting=waiting(found),
    )  # fmt: skip
