"""Sessions: a random cookie of which the database knows the hash only."""

from __future__ import annotations

import hashlib
import secrets

from alerts.web.role import Role, Visitor
from alerts.web.sql import statement
from storage.connect import Connection

#: A shift and what comes before and after it.
LIFETIME_S = 14 * 3600


def begin(connection: Connection, account: str) -> str:
    """Return the token of a new session of *account*; old sessions of everybody are forgotten."""
    token = secrets.token_urlsafe(32)
    connection.execute("DELETE FROM web.session WHERE expires_at < clock_timestamp()")
    parameters = {"token_hash": digest(token), "account": account, "lifetime_s": LIFETIME_S}
    connection.execute(statement("session_insert"), parameters)
    return token


def find(connection: Connection, token: str) -> Visitor | None:
    """Return whose session *token* is; None when it has ended or never was."""
    row = connection.execute(statement("session_find"), {"token_hash": digest(token)}).fetchone()
    return Visitor(row[0], Role(row[1])) if row else None


def end(connection: Connection, token: str) -> None:
    """End the session."""
    connection.execute("DELETE FROM web.session WHERE token_hash = %s", (digest(token),))


def digest(token: str) -> bytes:
    """Return what the database keeps of *token*, which is too random to need a slow hash."""
    return hashlib.sha256(token.encode()).digest()
