"""Accounts: who may sign in to the page, by password or at an OpenID provider."""

from __future__ import annotations

from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg.rows import dict_row

from alerts.change import check_words
from alerts.errors import AlertsError
from alerts.web.role import Role, Visitor
from alerts.web.sql import statement
from storage.connect import Connection

_HASHER = PasswordHasher()  # argon2id as RFC 9106 asks for small memory
#: A name without account is checked against this, so that it takes as long as one with.
_NOBODY = _HASHER.hash("nobody has this password")
MIN_PASSWORD_LENGTH = 12
#: A longer one only costs the server time.
MAX_PASSWORD_LENGTH = 256


class AccountError(AlertsError):
    """An account that cannot be made, found or changed as asked."""


def add(connection: Connection, name: str, role: Role, password: str | None) -> None:
    """Make an account; without *password* it signs in at the OpenID provider only.

    Raise `AccountError` for a name that is taken or empty, and for a password that is too short.
    """
    if not name.strip() or name != name.strip():
        raise AccountError(f"{name!r} is no name: it is empty, or has spaces around it")
    check_words(name, "")  # as it will stand in the history of alerts
    parameters = {"name": name, "role": role, "password_hash": password and _hash(password)}
    if connection.execute(statement("account_add"), parameters).fetchone() is None:
        raise AccountError(f"there is an account {name!r} already; `jellyroll web user` has them")


def change(
    connection: Connection,
    name: str,
    *,
    role: Role | None = None,
    password: str | None = None,
    disabled: bool | None = None,
) -> None:
    """Change what is given; every session of the account ends. Raise `AccountError`."""
    with connection.transaction():
        found = connection.execute("SELECT FROM web.account WHERE name = %s FOR UPDATE", (name,))
        if found.fetchone() is None:
            raise AccountError(f"there is no account {name!r}; `jellyroll web user list` has them")
        if role is not None:
            connection.execute("UPDATE web.account SET role = %s WHERE name = %s", (role, name))
        if password is not None:
            connection.execute(
                "UPDATE web.account SET password_hash = %s WHERE name = %s", (_hash(password), name)
            )
        if disabled is not None:
            connection.execute(
                "UPDATE web.account SET disabled_at = CASE WHEN %s THEN clock_timestamp() END"
                " WHERE name = %s",
                (disabled, name),
            )
        connection.execute("DELETE FROM web.session WHERE account = %s", (name,))


def all_accounts(connection: Connection) -> list[dict[str, Any]]:
    """Return name, role, and how each account signs in."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT name, role, password_hash IS NOT NULL AS password, issuer, created_at,"
            " disabled_at FROM web.account ORDER BY name"
        ).fetchall()


def is_disabled(connection: Connection, name: str) -> bool:
    """Tell whether there is an account of that name that must not be used any more."""
    row = connection.execute(
        "SELECT disabled_at IS NOT NULL FROM web.account WHERE name = %s", (name,)
    ).fetchone()
    return bool(row and row[0])


def by_password(connection: Connection, name: str, password: str) -> Visitor | None:
    """Return who signs in with *name* and *password*; None when they do not fit."""
    row = connection.execute(
        "SELECT role, password_hash FROM web.account WHERE name = %s AND disabled_at IS NULL",
        (name,),
    ).fetchone()
    role, known = row or (None, None)
    try:
        _HASHER.verify(known or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return None
    if known is None:
        return None
    if _HASHER.check_needs_rehash(known):
        connection.execute(
            "UPDATE web.account SET password_hash = %s WHERE name = %s",
            (_HASHER.hash(password), name),
        )
    return Visitor(name, Role(role))


def by_identity(connection: Connection, name: str, issuer: str, subject: str) -> Visitor | None:
    """Return the account *name* if it may be used by *subject* of *issuer*.

    The first sign-in of an account binds it to the subject for good.
    """
    parameters = {"name": name, "issuer": issuer, "subject": subject}
    row = connection.execute(statement("account_bind"), parameters).fetchone()
    return Visitor(row[0], Role(row[1])) if row else None


def _hash(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise AccountError(
            f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters,"
            f" this one {len(password)}"
        )
    return _HASHER.hash(password)
