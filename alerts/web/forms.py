"""Forms: only those that this page made for this browser are taken."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, HTTPException, Request, Response

from alerts.web.context import Here
from alerts.web.settings import Settings

#: What a browser without session is known by, for the forms of sign-in and of signed links.
_BROWSER = "jellyroll-browser"
_SESSION = "jellyroll-session"


def session_cookie(settings: Settings) -> str:
    """Return the name of the session's cookie; by https no other host can set it."""
    return _name(_SESSION, settings)


def browser_cookie(settings: Settings) -> str:
    """Return the name of the cookie of a browser without session."""
    return _name(_BROWSER, settings)


def set_cookie(
    response: Response, settings: Settings, name: str, value: str, lifetime_s: int | None = None
) -> None:
    """Set a cookie that scripts cannot read, and other sites can send with a plain link only."""
    response.set_cookie(
        name, value, max_age=lifetime_s, path="/",
        secure=settings.is_https, httponly=True, samesite="lax",
    )  # fmt: skip


def form_token(request: Request, settings: Settings) -> str:
    """Return the token for the forms of a page that answers *request*."""
    return _token(settings, _binding(request, settings) or _new_browser(request))


def remember_browser(request: Request, response: Response, settings: Settings) -> None:
    """Give the browser its cookie if `form_token` made a new one for it."""
    if new := getattr(request.state, "new_browser", None):
        set_cookie(response, settings, browser_cookie(settings), new)


def check_form(request: Request, context: Here, form: Annotated[str, Form()] = "") -> None:
    """Raise 403 for a form that another site made, or this page for another browser."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    binding = _binding(request, context.settings)
    if (
        site not in {"same-origin", "none"}
        or (origin and urlsplit(origin).netloc != request.headers.get("host"))
        or binding is None
        or not hmac.compare_digest(form.encode(), _token(context.settings, binding).encode())
    ):
        raise HTTPException(
            403, "This form is too old, or was not made for you. Go back, reload, and try again."
        )


OurForm = Depends(check_form)


def _binding(request: Request, settings: Settings) -> str | None:
    for name in (session_cookie(settings), browser_cookie(settings)):
        if value := request.cookies.get(name):
            return f"{name} {value}"
    return None


def _new_browser(request: Request) -> str:
    request.state.new_browser = secrets.token_urlsafe(16)
    settings: Settings = request.app.state.context.settings
    return f"{browser_cookie(settings)} {request.state.new_browser}"


def _token(settings: Settings, binding: str) -> str:
    return hmac.new(settings.key.encode(), f"form {binding}".encode(), hashlib.sha256).hexdigest()


def _name(name: str, settings: Settings) -> str:
    return f"__Host-{name}" if settings.is_https else name
