"""Pages: templates with what all of them need, and errors as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from alerts.alert import Happened, State
from alerts.subject import position_name
from alerts.web import words
from alerts.web.context import Context
from alerts.web.forms import form_token, remember_browser
from alerts.web.role import Role, Visitor

FOLDER = Path(__file__).parent

_STATES = {
    State.UNACKNOWLEDGED: "unacknowledged",
    State.ACKNOWLEDGED: "acknowledged",
    State.RETURNED: "returned, unacknowledged",
    State.NORMAL: "closed",
}
_HAPPENED = {
    Happened.UPDATED: "new evidence",
    Happened.REOPENED: "opened again",
    Happened.RETURNED: "back to normal",
    Happened.RELEASED: "no longer suppressed",
    Happened.DELIVERY_FAILED: "delivery failed",
    Happened.DELIVERY_RETRIED: "delivery tried again",
    Happened.UNSHELVED: "taken off the shelf",
}

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "age": words.age,
    "number": words.number,
    "percent": words.percent,
    "unit": words.unit,
    "position": position_name,
    "state": lambda state: _STATES[State(state)],
    "happened": lambda what: _HAPPENED.get(what, str(what).replace("_", " ")),
}
_ENVIRONMENT.globals |= {"Role": Role}


def render(
    request: Request, template: str, visitor: Visitor | None, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return the page made of *template*; every page knows its visitor and the plant's clock."""
    context: Context = request.app.state.context
    now = datetime.now(UTC)

    def moment(at: datetime, to: str = "seconds") -> Markup:
        text = words.clock(at, context.zone, now, to)
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)

    html = _ENVIRONMENT.get_template(template).render(
        visitor=visitor,
        form=form_token(request, context.settings),
        plant=context.plant,
        now=now,
        moment=moment,
        path=request.url.path,
        has_openid=context.settings.openid is not None,
        **values,
    )
    response = HTMLResponse(html, status)
    remember_browser(request, response, context.settings)
    return response


def refusal(request: Request, status: int, title: str, text: str) -> HTMLResponse:
    """Return a page that says why there is no other."""
    return render(request, "error.html", None, status, title=title, text=text)
