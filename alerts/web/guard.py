"""Guard: who asks, and whether they may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from alerts.web import session, token
from alerts.web.context import Context, Database, Here
from alerts.web.forms import session_cookie
from alerts.web.role import Role, Visitor
from storage.connect import Connection

_ANYBODY = Visitor("", Role.VIEWER, is_known=False)
_bearer = HTTPBearer(
    auto_error=False, description="A token made by `jellyroll web token add NAME --role ROLE`"
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class SignInNeededError(Exception):
    """A person has to sign in before they see this page."""


def visitor_of(request: Request, context: Here, connection: Database) -> Visitor | None:
    """Return who has signed in; on an open page anybody is a viewer. None for a stranger."""
    cookie = request.cookies.get(session_cookie(context.settings))
    if cookie and (found := session.find(connection, cookie)):
        return found
    return _ANYBODY if context.settings.is_open else None


def needs(role: Role) -> Callable[..., Visitor]:
    """Return a dependency that gives the visitor of a page, who must be at least *role*."""

    def check(visitor: Annotated[Visitor | None, Depends(visitor_of)]) -> Visitor:
        if visitor is None or not (visitor.is_known or role is Role.VIEWER):
            raise SignInNeededError
        if not visitor.role.includes(role):
            raise HTTPException(
                403, f"This needs the role {role}; {visitor.name} is {visitor.role}."
            )
        return visitor

    return check


def program(role: Role) -> Callable[..., Visitor]:
    """Return a dependency that gives the program behind an API token, at least *role*."""

    def check(connection: Database, bearer: Bearer) -> Visitor:
        found = token.find(connection, bearer.credentials) if bearer else None
        if found is None:
            raise HTTPException(
                401, "a valid token is needed: Authorization: Bearer …",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        if not found.role.includes(role):
            raise HTTPException(403, f"this needs a token of role {role}, yours is {found.role}")
        return found

    return check


@dataclass(frozen=True, slots=True)
class Desk:
    """A request of a person: who asks, and what it takes to answer."""

    request: Request
    context: Context
    connection: Connection
    visitor: Visitor


Viewer = Annotated[Visitor, Depends(needs(Role.VIEWER))]
Technician = Annotated[Visitor, Depends(needs(Role.TECHNICIAN))]


def viewer_desk(request: Request, context: Here, connection: Database, visitor: Viewer) -> Desk:
    """Return the request of somebody who may look."""
    return Desk(request, context, connection, visitor)


def technician_desk(
    request: Request, context: Here, connection: Database, visitor: Technician
) -> Desk:
    """Return the request of somebody who may act."""
    return Desk(request, context, connection, visitor)


ViewerDesk = Annotated[Desk, Depends(viewer_desk)]
TechnicianDesk = Annotated[Desk, Depends(technician_desk)]
ViewerProgram = Annotated[Visitor, Depends(program(Role.VIEWER))]
TechnicianProgram = Annotated[Visitor, Depends(program(Role.TECHNICIAN))]
