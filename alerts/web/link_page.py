"""What a signed link opens: one alert, and a button to acknowledge it. Looking changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, Response

from alerts.acknowledge import acknowledge
from alerts.web import account
from alerts.web.act import Why, changed
from alerts.web.alert_page import alert_page
from alerts.web.context import Context, Database, Here
from alerts.web.forms import OurForm
from alerts.web.links import Link, LinkError, read_link
from alerts.web.role import Role, Visitor
from storage.connect import Connection

router = APIRouter(prefix="/link/{token}")
Token = Annotated[str, Path(max_length=1000)]


@router.get("")
def open_link(
    request: Request, context: Here, connection: Database, token: Token
) -> HTMLResponse:
    """Show the alert of the link to its recipient."""
    link, visitor = _read(context, connection, token)
    return alert_page(request, context, connection, visitor, link.alert, link=f"/link/{token}")


@router.post("/acknowledge", dependencies=[OurForm])
def acknowledge_by_link(
    request: Request, context: Here, connection: Database, token: Token, why: Why = ""
) -> Response:
    """Take the alert in the name of the link's recipient."""
    link, visitor = _read(context, connection, token)
    return changed(
        request, context, connection, visitor, link.alert,
        lambda: acknowledge(connection, link.alert, visitor.name, why), f"/link/{token}",
    )  # fmt: skip


def _read(context: Context, connection: Connection, token: str) -> tuple[Link, Visitor]:
    try:
        link = read_link(token, context.settings.key, datetime.now(UTC))
    except LinkError as error:
        raise HTTPException(410, str(error)) from error
    if account.is_disabled(connection, link.person):
        raise HTTPException(410, f"The account {link.person} is closed; its links are, too.")
    # It is known by name, but may do nothing that is not offered here.
    return link, Visitor(link.person, Role.VIEWER, is_known=False)
