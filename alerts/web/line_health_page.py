"""The first page: line health."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from alerts.web.context import Database, Here
from alerts.web.guard import Viewer
from alerts.web.health import read_health
from alerts.web.page import render
from alerts.web.shift import shift_began

router = APIRouter()


@router.get("/")
def line_health(
    request: Request, context: Here, connection: Database, visitor: Viewer
) -> HTMLResponse:
    """Show every line and station."""
    now = datetime.now(UTC)
    began = shift_began(now, context.settings.shifts, context.zone)
    health = read_health(connection, context.plant, began, now)
    return render(request, "line_health.html", visitor, health=health, shift_began=began)
