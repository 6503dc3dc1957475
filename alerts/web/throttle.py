"""Throttle: how many wrong passwords a name or an address may try."""

from __future__ import annotations

from alerts.web.sql import statement
from storage.connect import Connection

WINDOW_S = 15 * 60
#: One person who has forgotten a password, and a whole control room behind one address.
PER_ACCOUNT = 10
PER_ADDRESS = 50


def is_throttled(connection: Connection, account: str, address: str) -> bool:
    """Tell whether nobody may try *account*, or nobody from *address*, for a while."""
    parameters = {"account": account, "address": address, "window_s": WINDOW_S}
    row = connection.execute(statement("failures_count"), parameters).fetchone()
    assert row is not None
    return bool(row[0] >= PER_ACCOUNT or row[1] >= PER_ADDRESS)


def failed(connection: Connection, account: str, address: str) -> None:
    """Remember that somebody at *address* tried *account* in vain; forget what is old."""
    connection.execute(
        "DELETE FROM web.failed_sign_in WHERE at < clock_timestamp() - make_interval(secs => %s)",
        (WINDOW_S,),
    )
    connection.execute(
        "INSERT INTO web.failed_sign_in (account, address) VALUES (%s, %s)", (account, address)
    )


def succeeded(connection: Connection, account: str) -> None:
    """Forget what was tried on *account*: its owner is here."""
    connection.execute("DELETE FROM web.failed_sign_in WHERE account = %s", (account,))
