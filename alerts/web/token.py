"""Tokens: how programs sign in to the API."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from alerts.change import check_words
from alerts.errors import AlertsError
from alerts.web.role import Role, Visitor
from alerts.web.session import digest
from alerts.web.sql import statement
from storage.connect import Connection

#: Known by secret scanners and by people.
PREFIX = "jellyroll_"


class TokenError(AlertsError):
    """A token that cannot be made or removed as asked."""


def add(connection: Connection, name: str, role: Role, days: int) -> tuple[str, datetime]:
    """Return a new token that program *name* can use for *days*, and when it ends.

    It is shown this once: the database keeps its hash. Raise `TokenError`.
    """
    check_words(_who(name), "")
    if not name.strip():
        raise TokenError("a token needs the name of the program that uses it")
    token = PREFIX + secrets.token_urlsafe(32)
    parameters = {"name": name, "role": role, "token_hash": digest(token), "days": days}
    row = connection.execute(statement("token_add"), parameters).fetchone()
    if row is None:
        raise TokenError(
            f"there is a token {name!r} already; remove it by `jellyroll web token remove`"
        )
    return token, row[0]


def remove(connection: Connection, name: str) -> None:
    """Make the token of program *name* worthless. Raise `TokenError`."""
    if connection.execute("DELETE FROM web.token WHERE name = %s", (name,)).rowcount == 0:
        raise TokenError(f"there is no token {name!r}; `jellyroll web token list` has them")


def all_tokens(connection: Connection) -> list[dict[str, Any]]:
    """Return name, role and end of each token."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT name, role, created_at, expires_at FROM web.token ORDER BY name"
        ).fetchall()


def find(connection: Connection, token: str) -> Visitor | None:
    """Return the program whose *token* it is; None when it has ended or never was."""
    row = connection.execute(
        "SELECT name, role FROM web.token WHERE token_hash = %s AND expires_at > clock_timestamp()",
        (digest(token),),
    ).fetchone()
    return Visitor(_who(row[0]), Role(row[1])) if row else None


def _who(name: str) -> str:
    """Return what the history of alerts says of the program *name*: it is no person."""
    return f"{name} (token)"
