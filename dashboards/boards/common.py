"""Panels that stand on several boards."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards.shared import SEVERITY, TO_ALERT
from dashboards.panels import Frame, Panel, Query
from dashboards.sql import STORED, query


def open_alerts() -> Panel:
    """Return the table of alerts, each leading to its page."""
    return panels.table(
        Frame(
            title="Alerts that are open", unit="none", no_value="No open alert",
            description="The most severe first, then the oldest. A title leads to the alert.",
        ),
        query("alerts"),
        columns={
            "severity": panels.ground(SEVERITY),
            "age": [panels.unit("s")],
            "title": [TO_ALERT],
            "id": [panels.hidden()],
        },
    )  # fmt: skip


def dead_letters_of_a_day() -> Panel:
    """Return the number of messages that could not be read."""
    return panels.stat(
        Frame(
            title="Dead letters, 24 h", unit="short", no_value="0",
            description="Messages that could not be read. They are kept, with the reason.",
        ),
        query("dead_letters"), thresholds=[(1, palette.LOW)],
    )  # fmt: skip


def missing_in_the_books() -> Panel:
    """Return what must be 0."""
    return panels.stat(
        Frame(
            title="Missing in the books", unit="short", no_value="0",
            description="Dead letters of the last hour that were counted but not kept. It must "
            "be 0.",
        ),
        query("missing"), thresholds=[(1, palette.HIGH)],
    )  # fmt: skip


def dead_letters_by_reason() -> Panel:
    """Return why messages of the chosen time could not be read."""
    return panels.table(
        Frame(
            title="Dead letters by reason", unit="none", no_value="No dead letter in this time",
            description="Messages of the chosen time that could not be read; "
            "`jellyroll deadletters` lists them.",
        ),
        query("dead_letters_by_reason"),
    )  # fmt: skip


def values_stored() -> Panel:
    """Return the rate at which ingest commits."""
    return panels.trend(
        Frame(
            title="Values stored per second", unit="short",
            no_value="Nothing stored in this time",
            description="What ingest has committed, of all lines.",
        ),
        [Query(f"{STORED.query('true')}\nORDER BY 1")],
        interval="10s",
    )  # fmt: skip
