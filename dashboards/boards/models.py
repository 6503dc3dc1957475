"""Models: whether they are right, and still fit what they watch."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards.shared import POINTS, first_choices
from dashboards.panels import Board, Frame, Panel, Query
from dashboards.sql import query
from plant.model import Plant

NEEDS: frozenset[str] = frozenset()


def board(plant: Plant) -> Board:
    """Return the board `jr-models`."""
    return panels.board(
        "jr-models",
        "Models",
        "Do alarms mean something, and do the models still fit what they watch?",
        panels=panels.arranged(
            (8, [(16, _volume()), (8, _judged())]),
            (10, [(24, _health())]),
            (8, [(12, _scores()), (12, _by_model())]),
            (8, [(24, _events())]),
        ),
        variables=first_choices(many_lines=True, plant=plant),
        since="now-7d",
    )


def _volume() -> Panel:
    return panels.trend(
        Frame(
            title="Alerts a day against the budget", unit="short", no_value="No alert in this time",
            description="Alerts by the day (UTC) on which they opened, and how many false ones "
            "the plant model allows the chosen lines.",
        ),
        [Query(query("alert_volume"))],
        overrides={"budget of false ones": [panels.colour(palette.LIMIT), panels.dashed()]},
        interval="1d",
    )  # fmt: skip


def _judged() -> Panel:
    return panels.stat(
        Frame(
            title="What people said of alerts", unit="short", no_value="0",
            description="Alerts of the chosen time that were resolved as a true or a false alarm, "
            "and those that nobody has judged.",
        ),
        query("alerts_judged"),
    )  # fmt: skip


def _health() -> Panel:
    return panels.table(
        Frame(
            title="Models and what they watch", unit="none",
            no_value="No model of signals is trained yet",
            description="Over the last seven days of data. drift: population stability index of "
            "the signal that moved most; above 0.25 the input is not what the model knows.",
        ),
        query("model_health"),
        columns={
            "scored": [panels.unit("percentunit")],
            "drift": panels.above(0.25, palette.MEDIUM),
        },
    )  # fmt: skip


def _scores() -> Panel:
    return panels.trend(
        Frame(
            title="Mean score by day", unit="none", no_value="No score in this time",
            description="By station; 0 in training. A level that moves is a process, or a model, "
            "that is not what it was.",
        ),
        [Query(query("model_scores"))],
        interval="1d",
        points=POINTS,
    )  # fmt: skip


def _by_model() -> Panel:
    return panels.table(
        Frame(
            title="Excursions by model", unit="short", no_value="No excursion in this time",
            description="How many each model saw at each station, and how many still last.",
        ),
        query("anomalies_by_model"),
    )  # fmt: skip


def _events() -> Panel:
    return panels.table(
        Frame(
            title="Versions", unit="none", no_value="No version in this time",
            description="When a model was trained, promoted or retired, by whom and why.",
        ),
        query("model_events"),
    )  # fmt: skip
