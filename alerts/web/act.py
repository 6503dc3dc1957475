"""What people do to an alert on its page; every change is made by the functions of `alerts`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from alerts.acknowledge import acknowledge
from alerts.alert import Alert
from alerts.comment import assign, comment
from alerts.errors import AlertsError
from alerts.resolve import Resolution, resolve
from alerts.shelve import shelve, unshelve
from alerts.web.alert_page import Number, alert_page
from alerts.web.context import Context, Database, Here
from alerts.web.forms import OurForm
from alerts.web.guard import Technician
from alerts.web.role import Visitor
from storage.connect import Connection

router = APIRouter(prefix="/alerts/{number}", dependencies=[OurForm])

Why = Annotated[str, Form(max_length=4000)]


@router.post("/acknowledge")
def post_acknowledge(
    request: Request, context: Here, connection: Database, visitor: Technician, number: Number,
    why: Why = "",
) -> Response:  # fmt: skip
    """Take the alert."""
    return changed(
        request, context, connection, visitor, number,
        lambda: acknowledge(connection, number, visitor.name, why),
    )  # fmt: skip


@router.post("/comment")
def post_comment(
    request: Request, context: Here, connection: Database, visitor: Technician, number: Number,
    why: Why = "",
) -> Response:  # fmt: skip
    """Add a comment."""
    return changed(
        request, context, connection, visitor, number,
        lambda: comment(connection, number, visitor.name, why),
    )  # fmt: skip


@router.post("/assign")
def post_assign(
    request: Request, context: Here, connection: Database, visitor: Technician, number: Number,
    assignee: Annotated[str, Form(max_length=100)] = "", why: Why = "",
) -> Response:  # fmt: skip
    """Give the alert to a person, or to nobody."""
    return changed(
        request, context, connection, visitor, number,
        lambda: assign(
            connection, number, visitor.name, why, assignee=assignee.strip() or None
        ),
    )  # fmt: skip


@router.post("/shelve")
def post_shelve(
    request: Request, context: Here, connection: Database, visitor: Technician, number: Number,
    hours: Annotated[float, Form(gt=0, le=24 * 30)], why: Why = "",
) -> Response:  # fmt: skip
    """Put the alert aside for some hours."""
    return changed(
        request, context, connection, visitor, number,
        lambda: shelve_within(
            connection, number, visitor, why, datetime.now(UTC) + timedelta(hours=hours)
        ),
    )  # fmt: skip


@router.post("/unshelve")
def post_unshelve(
    request: Request, context: Here, connection: Database, visitor: Technician, number: Number,
    why: Why = "",
) -> Response:  # fmt: skip
    """Take the alert off the shelf."""
    return changed(
        request, context, connection, visitor, number,
        lambda: unshelve(connection, number, visitor.name, why),
    )  # fmt: skip


@router.post("/resolve")
def post_resolve(
    request: Request, context: Here, connection: Database, visitor: Technician, number: Number,
    cause: Annotated[str, Form(max_length=100)], why: Why = "",
) -> Response:  # fmt: skip
    """Close the alert and say what it was; *cause* is "true_alarm wear"."""
    resolution, _, code = cause.partition(" ")
    if resolution not in list(Resolution):
        raise HTTPException(422, "Choose what it was.")
    return changed(
        request, context, connection, visitor, number,
        lambda: resolve(
            connection, number, visitor.name, why,
            resolution=Resolution(resolution), cause_code=code,
        ),
    )  # fmt: skip


def shelve_within(
    connection: Connection, number: int, visitor: Visitor, why: str, until: datetime
) -> Alert:
    """Shelve alert *number* until *until*, if the role of *visitor* goes so far."""
    longest = visitor.role.longest_shelving
    # What was "in twelve hours" when the form was sent is a little less now.
    if until > datetime.now(UTC) + longest + timedelta(minutes=1):
        raise AlertsError(
            f"a {visitor.role} shelves for at most {longest.total_seconds() / 3600:.0f} hours;"
            " an engineer can for longer"
        )
    return shelve(connection, number, visitor.name, why, until=until)


def changed(
    request: Request,
    context: Context,
    connection: Connection,
    visitor: Visitor,
    number: int,
    change: Callable[[], Alert],
    link: str | None = None,
) -> Response:
    """Make *change* and show the alert as it then is; a refusal is told on its page."""
    try:
        change()
    except AlertsError as error:
        return alert_page(
            request, context, connection, visitor, number, link=link, status=409, refused=str(error)
        )
    return RedirectResponse(link or f"/alerts/{number}", 303)
