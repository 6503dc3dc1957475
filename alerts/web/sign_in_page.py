"""Sign in and out: by password here, or at the OpenID provider."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alerts.web import account, session, throttle
from alerts.web.alert_filter import Text
from alerts.web.context import Context, Database, Here
from alerts.web.forms import OurForm, session_cookie, set_cookie
from alerts.web.page import render
from alerts.web.role import Visitor
from storage.connect import Connection

router = APIRouter()
Next = Annotated[str, Query(max_length=500)]


@router.get("/sign-in")
def form(request: Request, context: Here, next: Next = "/") -> HTMLResponse:  # noqa: A002  # its name in the address
    """Show the form."""
    return _form(request, context, next)


@router.post("/sign-in", dependencies=[OurForm])
def sign_in(
    request: Request,
    context: Here,
    connection: Database,
    *,
    name: Annotated[Text, Form()],
    password: Annotated[str, Form(max_length=account.MAX_PASSWORD_LENGTH)],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002  # likewise
) -> Response:
    """Begin a session, if the password fits and not too many have been tried."""
    address = request.client.host if request.client else "unknown"
    if throttle.is_throttled(connection, name, address):
        refusal = _form(
            request, context, next, 429,
            f"Too many wrong passwords; wait {throttle.WINDOW_S // 60} minutes.",
        )  # fmt: skip
        refusal.headers["Retry-After"] = str(throttle.WINDOW_S)
        return refusal
    visitor = account.by_password(connection, name, password)
    if visitor is None:
        throttle.failed(connection, name, address)
        return _form(request, context, next, 401, "Name and password do not fit.")
    throttle.succeeded(connection, name)
    return begin_session(context, connection, visitor, next)


@router.post("/sign-out", dependencies=[OurForm])
def sign_out(request: Request, context: Here, connection: Database) -> Response:
    """End the session."""
    name = session_cookie(context.settings)
    if token := request.cookies.get(name):
        session.end(connection, token)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(name, secure=context.settings.is_https, httponly=True, samesite="lax")
    return response


def begin_session(
    context: Context, connection: Connection, visitor: Visitor, target: str
) -> Response:
    """Return the way to *target* with the cookie of a new session of *visitor*."""
    response = RedirectResponse(local(target), 303)
    token = session.begin(connection, visitor.name)
    set_cookie(
        response, context.settings, session_cookie(context.settings), token, session.LIFETIME_S
    )
    return response


def local(target: str) -> str:
    """Return *target* if it is a path of this page, else the first page."""
    parts = urlsplit(target)
    is_path = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_path and not parts.netloc and target.isprintable() else "/"


def _form(
    request: Request, context: Context, target: str, status: int = 200, refused: str = ""
) -> HTMLResponse:
    openid = context.settings.openid
    provider = urlsplit(openid.issuer).netloc if openid else ""
    return render(
        request, "sign_in.html", None, status, next=local(target), refused=refused,
        provider=provider,
    )  # fmt: skip
