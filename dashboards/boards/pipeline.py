"""Pipeline: whether everything arrives, in time, and has room."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards import common
from dashboards.boards.shared import first_choices
from dashboards.panels import Board, Frame, Panel, Query
from dashboards.sql import INGEST_DELAY, INGESTED, query
from plant.model import Plant

NEEDS: frozenset[str] = frozenset()


def board(plant: Plant) -> Board:
    """Return the board `jr-pipeline`."""
    return panels.board(
        "jr-pipeline",
        "Pipeline",
        "Does everything arrive, in time, and is there room for it?",
        panels=panels.arranged(
            (4, [(6, panel) for panel in _figures()]),
            (8, [(8, panel) for panel in _trends()]),
            (7, [(8, _balance()), (8, common.dead_letters_by_reason()), (8, _gaps())]),
            (8, [(8, _followers()), (8, _endpoints()), (8, _sessions())]),
            (7, [(24, _workers())]),
        ),
        variables=first_choices(many_lines=True, plant=plant)[:2],
        since="now-6h",
    )


def _figures() -> list[Panel]:
    return [
        panels.stat(
            Frame(
                title="Since the last commit", unit="s", no_value="over a day",
                description="Time since ingest last stored anything.",
            ),
            query("last_commit"), thresholds=[(60, palette.HIGH)], decimals=0,
        ),
        common.dead_letters_of_a_day(),
        common.missing_in_the_books(),
        panels.stat(
            Frame(
                title="Database", unit="bytes", no_value="unknown",
                description="What the database takes on its disk.",
            ),
            query("disk"), decimals=1,
        ),
    ]  # fmt: skip


def _trends() -> list[Panel]:
    return [
        common.values_stored(),
        panels.trend(
            Frame(
                title="Messages per second", unit="short", no_value="Nothing stored in this time",
                description="Messages taken in, and of these duplicates and dead letters.",
            ),
            [Query(f"{INGESTED.query('true')}\nORDER BY 1")],
            interval="10s",
        ),
        panels.trend(
            Frame(
                title="From message to commit", unit="s", no_value="Nothing stored in this time",
                description="How long messages waited in ingest: mean and longest of each bucket.",
            ),
            [Query(f"{INGEST_DELAY.query('true')}\nORDER BY 1")],
            interval="10s",
        ),
    ]  # fmt: skip


def _balance() -> Panel:
    return panels.table(
        Frame(
            title="Books of the last hour", unit="short", no_value="Nothing in the last hour",
            description="Messages = stored + duplicates + dead letters.",
        ),
        query("balance"),
    )  # fmt: skip


def _gaps() -> Panel:
    return panels.table(
        Frame(
            title="Lost on the way", unit="none", no_value="No message is missing",
            description="Messages whose numbers never came, by sender.",
        ),
        query("gaps"),
    )  # fmt: skip


def _followers() -> Panel:
    return panels.table(
        Frame(
            title="Who follows the ledger", unit="none", no_value="Nobody follows the ledger",
            description="Commits that each service has still to take in, and the age of the "
            "oldest.",
        ),
        query("followers"), columns={"lag": [panels.unit("s"), *panels.above(60, palette.HIGH)]},
    )  # fmt: skip


def _endpoints() -> Panel:
    return panels.table(
        Frame(
            title="Webhooks of the last day", unit="none", no_value="No webhook in the last day",
            description="What waits, arrived and failed, and how late it arrived.",
        ),
        query("endpoints"),
        columns={"99 % within": [panels.unit("s")], "failed": panels.above(1, palette.HIGH)},
    )  # fmt: skip


def _sessions() -> Panel:
    return panels.table(
        Frame(
            title="Sessions of the database", unit="short", no_value="No session",
            description="Connections to this database by program.",
        ),
        query("sessions"),
    )  # fmt: skip


def _workers() -> Panel:
    return panels.table(
        Frame(
            title="Workers of ingest", unit="none", no_value="Nothing stored in this time",
            description="What each took in, and its longest delay from message to commit (s).",
        ),
        query("ingest_workers"),
    )  # fmt: skip
