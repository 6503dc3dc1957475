"""What people do to an alert on its page; every change is made by the functions of `alerts`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import RedirectResponse, Response

from alerts.acknowledge import acknowledge
from alerts.alert import Alert
from alerts.comment import assign, comment
from alerts.errors import AlertsError
from alerts.resolve import Resolution, resolve
from alerts.shelve import shelve, unshelve
from alerts.web.alert_page import Number, alert_page
from alerts.web.forms import OurForm
from alerts.web.guard import Desk, TechnicianDesk
from alerts.web.role import Visitor
from storage.connect import Connection

router = APIRouter(prefix="/alerts/{number}", dependencies=[OurForm])

Why = Annotated[str, Form(max_length=4000)]


@router.post("/acknowledge")
def post_acknowledge(desk: TechnicianDesk, number: Number, why: Why = "") -> Response:
    """Take the alert."""
    return changed(
        desk, number, why, lambda: acknowledge(desk.connection, number, desk.visitor.name, why)
    )


@router.post("/comment")
def post_comment(desk: TechnicianDesk, number: Number, why: Why = "") -> Response:
    """Add a comment."""
    return changed(
        desk, number, why, lambda: comment(desk.connection, number, desk.visitor.name, why)
    )


@router.post("/assign")
def post_assign(
    desk: TechnicianDesk,
    number: Number,
    assignee: Annotated[str, Form(max_length=100)] = "",
    why: Why = "",
) -> Response:
    """Give the alert to a person, or to nobody."""
    name = assignee.strip() or None
    return changed(
        desk,
        number,
        why,
        lambda: assign(desk.connection, number, desk.visitor.name, why, assignee=name),
    )


@router.post("/shelve")
def post_shelve(
    desk: TechnicianDesk,
    number: Number,
    hours: Annotated[float, Form(gt=0, le=24 * 30)],
    why: Why = "",
) -> Response:
    """Put the alert aside for some hours."""
    until = datetime.now(UTC) + timedelta(hours=hours)
    return changed(
        desk, number, why, lambda: shelve_within(desk.connection, number, desk.visitor, why, until)
    )


@router.post("/unshelve")
def post_unshelve(desk: TechnicianDesk, number: Number, why: Why = "") -> Response:
    """Take the alert off the shelf."""
    return changed(
        desk, number, why, lambda: unshelve(desk.connection, number, desk.visitor.name, why)
    )


@router.post("/resolve")
def post_resolve(
    desk: TechnicianDesk,
    number: Number,
    cause: Annotated[str, Form(max_length=100)],
    why: Why = "",
) -> Response:
    """Close the alert and say what it was; *cause* is "true_alarm wear"."""
    word, _, code = cause.partition(" ")
    if word not in list(Resolution):
        raise HTTPException(422, "Choose what it was.")
    resolution = Resolution(word)
    return changed(
        desk,
        number,
        why,
        lambda: resolve(
            desk.connection, number, desk.visitor.name, why, resolution=resolution, cause_code=code
        ),
    )


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
    desk: Desk, number: int, said: str, change: Callable[[], Alert], link: str | None = None
) -> Response:
    """Make *change* and show the alert as it then is.

    A refusal is told on its page, with what the person *said*, so that it is not lost.
    """
    try:
        change()
    except AlertsError as error:
        return alert_page(desk, number, link=link, status=409, refused=str(error), said=said)
    return RedirectResponse(link or f"/alerts/{number}", 303)
