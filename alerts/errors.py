"""What a user of the alert commands can get wrong."""

from __future__ import annotations


class AlertsError(Exception):
    """An alert command cannot do its work; the text says what, where and what to do."""
