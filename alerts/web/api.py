"""The API of programs, /api/v1: everything that the page shows and does, by a token."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from alerts.acknowledge import acknowledge
from alerts.alert import Alert, NotAllowedError
from alerts.comment import assign, comment
from alerts.errors import AlertsError
from alerts.query import list_alerts, story
from alerts.resolve import resolve
from alerts.shelve import unshelve
from alerts.web.act import shelve_within
from alerts.web.alert_filter import Asked, Text
from alerts.web.alert_page import Number, dashboard_of, exhibit
from alerts.web.api_models import (
    AffectedOut,
    AlertOut,
    AlertPage,
    AlertStory,
    AssignIn,
    Caller,
    CommentIn,
    DeliveryOut,
    DueOut,
    EventOut,
    EvidenceOut,
    Note,
    Problem,
    ResolveIn,
    ShelveIn,
    SuspectOut,
)
from alerts.web.api_overview import HealthOut, PerformanceOut
from alerts.web.context import Database, Here
from alerts.web.evidence_chart import Evidence
from alerts.web.guard import TechnicianProgram, ViewerProgram
from alerts.web.health import read_health
from alerts.web.performance import read_performance
from alerts.web.performance_page import Days
from storage.connect import Connection


def _refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    words = {
        401: "No valid token", 403: "The token's role does not go so far", 404: "No such alert",
        409: "The alert's state does not allow it", 411: "No Content-Length", 413: "Too long",
    }  # fmt: skip
    return {code: {"model": Problem, "description": words[code]} for code in (401, 403, *codes)}


router = APIRouter(prefix="/api/v1", responses=_refusals())
_CHANGES = _refusals(404, 409)


@router.get("/caller")
def caller(visitor: ViewerProgram) -> Caller:
    """Say whose token it is."""
    return Caller.model_validate(visitor)


@router.get("/health")
def health(context: Here, connection: Database, _: ViewerProgram) -> HealthOut:
    """Return every line and station as the wall screen shows them."""
    found = read_health(
        connection, context.plant, context.shift_output, context.calendar, datetime.now(UTC)
    )
    return HealthOut.model_validate(found)


@router.get("/alerts")
def alerts(
    connection: Database,
    _: ViewerProgram,
    asked: Annotated[Asked, Query()],
) -> AlertPage:
    """Return alerts, newest first, a hundred at a time."""
    found = list_alerts(connection, asked.filter(), 101)
    shown = [AlertOut.model_validate(alert) for alert in found[:100]]
    return AlertPage(alerts=shown, before=shown[-1].id if len(found) > 100 else None)


@router.get("/alerts/{number}", responses=_refusals(404))
def alert(context: Here, connection: Database, _: ViewerProgram, number: Number) -> AlertStory:
    """Return one alert with its history, its suspects, its evidence and the affected cells."""
    try:
        told = story(connection, number)
    except AlertsError as error:
        raise HTTPException(404, str(error)) from error
    shown = exhibit(connection, context, told)
    return AlertStory(
        alert=AlertOut.model_validate(told.alert),
        events=[EventOut.model_validate(event) for event in told.events],
        suspects=[SuspectOut.model_validate(suspect) for suspect in told.suspects],
        deliveries=[DeliveryOut.model_validate(delivery) for delivery in told.deliveries],
        due=[DueOut(route=route, step=step, due_at=at) for route, step, at in told.due],
        children=[child.id for child in told.children],
        evidence=shown.evidence and _evidence(shown.evidence),
        affected=shown.affected and AffectedOut.model_validate(shown.affected),
        dashboard=dashboard_of(context, told),
    )


@router.post("/alerts/{number}/acknowledge", responses=_CHANGES)
def post_acknowledge(
    connection: Database, visitor: TechnicianProgram, number: Number, note: Note
) -> AlertOut:
    """Take an alert."""
    return _changed(
        connection, number, lambda: acknowledge(connection, number, visitor.name, note.why)
    )


@router.post("/alerts/{number}/comment", responses=_CHANGES)
def post_comment(
    connection: Database, visitor: TechnicianProgram, number: Number, note: CommentIn
) -> AlertOut:
    """Add a comment to an alert."""
    return _changed(connection, number, lambda: comment(connection, number, visitor.name, note.why))


@router.post("/alerts/{number}/assign", responses=_CHANGES)
def post_assign(
    connection: Database, visitor: TechnicianProgram, number: Number, given: AssignIn
) -> AlertOut:
    """Give an alert to somebody, or to nobody."""
    return _changed(
        connection, number,
        lambda: assign(connection, number, visitor.name, given.why, assignee=given.assignee),
    )  # fmt: skip


@router.post("/alerts/{number}/shelve", responses=_CHANGES)
def post_shelve(
    connection: Database, visitor: TechnicianProgram, number: Number, given: ShelveIn
) -> AlertOut:
    """Put an alert aside until a time: 12 hours away for a technician, 30 days for an engineer."""
    return _changed(
        connection, number,
        lambda: shelve_within(connection, number, visitor, given.why, given.until),
    )  # fmt: skip


@router.post("/alerts/{number}/unshelve", responses=_CHANGES)
def post_unshelve(
    connection: Database, visitor: TechnicianProgram, number: Number, note: Note
) -> AlertOut:
    """Take an alert off the shelf before its time."""
    return _changed(
        connection, number, lambda: unshelve(connection, number, visitor.name, note.why)
    )


@router.post("/alerts/{number}/resolve", responses=_CHANGES)
def post_resolve(
    connection: Database, visitor: TechnicianProgram, number: Number, given: ResolveIn
) -> AlertOut:
    """Say what an alert was, and close it if it is open."""
    return _changed(
        connection, number,
        lambda: resolve(
            connection, number, visitor.name, given.why,
            resolution=given.resolution, cause_code=given.cause_code,
        ),
    )  # fmt: skip


@router.get("/performance")
def performance(
    context: Here, connection: Database, _: ViewerProgram, line: Text = "", days: Days = 30
) -> PerformanceOut:
    """Return alarm performance by ISA-18.2."""
    now = datetime.now(UTC)
    found = read_performance(connection, context.alarm_days, line or None, days, now)
    return PerformanceOut.model_validate(found)


def _evidence(drawn: Evidence) -> EvidenceOut:
    return EvidenceOut(
        points=[(at, value) for at, value in drawn.points if math.isfinite(value)],
        since=drawn.since,
        until=drawn.until,
        expected=drawn.expected if math.isfinite(drawn.expected) else None,
        sd=drawn.sd if math.isfinite(drawn.sd) else None,
        unit=drawn.ucum,
        low=drawn.low,
        high=drawn.high,
    )


def _changed(connection: Connection, number: int, change: Callable[[], Alert]) -> AlertOut:
    """Make *change* and return the alert as the database then has it."""
    try:
        change()
        return AlertOut.model_validate(story(connection, number).alert)
    except NotAllowedError as error:
        raise HTTPException(409, str(error)) from error
    except AlertsError as error:
        is_there = connection.execute("SELECT FROM alert.alert WHERE id = %s", (number,)).fetchone()
        raise HTTPException(404 if is_there is None else 409, str(error)) from error
