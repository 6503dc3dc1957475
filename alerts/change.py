"""Change: what every change that a person makes to an alert has in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from alerts import record
from alerts.alert import Alert
from alerts.errors import AlertsError
from storage.connect import Connection

_LONGEST_NAME = 100  # characters
_LONGEST_TEXT = 4000


@contextlib.contextmanager
def changing(connection: Connection, number: int, who: str, why: str) -> Iterator[Alert]:
    """Give alert *number*, locked, in a transaction that ends with the block.

    Raise `AlertsError` when there is no such alert, or *who* or *why* cannot be kept.
    """
    check_words(who, why)
    with connection.transaction():
        alert = record.find(connection, number)
        if alert is None:
            raise AlertsError(f"there is no alert {number}; `jellyroll alerts list --all` has them")
        yield alert


def check_words(who: str, why: str) -> None:
    """Raise `AlertsError` when *who* is no person's name, or a text cannot be kept."""
    if not who.strip():
        raise AlertsError("it must be known who does this; give a name (--who)")
    if who.strip().lower() == record.SERVICE:
        raise AlertsError(f"{record.SERVICE!r} stands for the service itself; give your own name")
    if len(who) > _LONGEST_NAME:
        raise AlertsError(f"a name has at most {_LONGEST_NAME} characters, not {len(who)}")
    if len(why) > _LONGEST_TEXT:
        raise AlertsError(f"a text has at most {_LONGEST_TEXT} characters, not {len(why)}")
    if "\0" in who + why:
        raise AlertsError("the text holds a character (NUL) that the database cannot keep")
