"""The page's key: it signs links to alerts and the forms of the page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from alerts.errors import AlertsError

VARIABLE = "JELLYROLL_WEB_KEY"
_MIN_LENGTH = 32


class WebKeyError(AlertsError):
    """There is a key that cannot be used; the text says where, and never what it is."""


def new_key() -> str:
    """Return a new key of 32 random bytes, as text."""
    return secrets.token_urlsafe(32)


def read_key(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """Return the key in *file*, or else in the environment; None where neither has one.

    Who sends signed links and who serves the page need the same. Raise `WebKeyError`.
    """
    where = str(file) if file else VARIABLE
    if file is not None:
        try:
            key = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WebKeyError(f"{file} cannot be read as a key ({error})") from error
    else:
        key = environment.get(VARIABLE, "").strip()
        if not key:
            return None
    if len(key) < _MIN_LENGTH:
        raise WebKeyError(
            f"{where}: has {len(key)} characters, not {_MIN_LENGTH} or more;"
            " `jellyroll web key` prints a good one"
        )
    return key
