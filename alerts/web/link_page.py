"""What a signed link opens: one alert, and a button to acknowledge it. Looking changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, Response

from alerts.acknowledge import acknowledge
from alerts.web import account
from alerts.web.act import Why, changed
from alerts.web.alert_page import alert_page
from alerts.web.context import Database, Here
from alerts.web.forms import OurForm
from alerts.web.guard import Desk
from alerts.web.links import Link, LinkError, read_link
from alerts.web.role import Role, Visitor

router = APIRouter(prefix="/link/{token}")
Token = Annotated[str, Path(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Opened:
    """A signed link that is valid, and the desk of its recipient."""

    link: Link
    desk: Desk
    path: str


def opened(request: Request, context: Here, connection: Database, token: Token) -> Opened:
    """Return what the link opens; raise 410 for one that is changed, expired or closed."""
    try:
        link = read_link(token, context.settings.key, datetime.now(UTC))
    except LinkError as error:
        raise HTTPException(410, str(error)) from error
    if account.is_disabled(connection, link.person):
        raise HTTPException(410, f"The account {link.person} is closed; its links are, too.")
    # It is known by name, but may do nothing that is not offered here.
    visitor = Visitor(link.person, Role.VIEWER, is_known=False)
    return Opened(link, Desk(request, context, connection, visitor), f"/link/{token}")


ByLink = Annotated[Opened, Depends(opened)]


@router.get("")
def open_link(found: ByLink) -> HTMLResponse:
    """Show the alert of the link to its recipient."""
    return alert_page(found.desk, found.link.alert, link=found.path)


@router.post("/acknowledge", dependencies=[OurForm])
def acknowledge_by_link(found: ByLink, why: Why = "") -> Response:
    """Take the alert in the name of the link's recipient."""
    number, person = found.link.alert, found.link.person
    return changed(
        found.desk,
        number,
        why,
        lambda: acknowledge(found.desk.connection, number, person, why),
        found.path,
    )
