"""The first page: line health."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from alerts.web.guard import ViewerDesk
from alerts.web.health import read_health
from alerts.web.page import render

router = APIRouter()


@router.get("/")
def line_health(desk: ViewerDesk) -> HTMLResponse:
    """Show every line and station."""
    context = desk.context
    health = read_health(
        desk.connection, context.plant, context.shift_output, context.calendar, datetime.now(UTC)
    )
    return render(
        desk.request, "line_health.html", desk.visitor, health=health, calendar=context.calendar
    )
