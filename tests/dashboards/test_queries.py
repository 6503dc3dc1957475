"""Every query of every board, as Grafana sends it, by Grafana's role, on a real database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest

from storage.connect import Connection

Render = Callable[..., str]
BoardQuery = tuple[str, str, str, dict[str, Any]]

ALLOWED = {"timestamptz", "float8", "int8", "text", "bool"}

CHOICES: dict[str, dict[str, str | list[str]]] = {
    "one": {
        "line": ["l1"],
        "station": "filling",
        "characteristic": "fill_mass",
        "equipment": ["l1-filler-01"],
    },
    "several": {
        "line": ["l1", "l2"],
        "station": "filling",
        "characteristic": "fill_mass",
        "equipment": ["l1-filler-01", "l2-filler-01", "l1-winder-01"],
    },
    "a quote": {
        "line": ["o'brien"],
        "station": "o'brien",
        "characteristic": "x' OR 'a' = 'a",
        "equipment": ["l1-filler-01", "o'brien"],
    },
}


@pytest.fixture(scope="session")
def choices(reader: Connection) -> dict[str, dict[str, str | list[str]]]:
    """What people choose on the screen; "all" is what Grafana makes of it: every value."""
    every = {
        name: [value for (value,) in reader.execute(text)]
        for name, text in (
            ("line", "SELECT line FROM dash.line"),
            ("equipment", "SELECT equipment FROM dash.equipment"),
        )
    }
    return {**CHOICES, "all": {**CHOICES["one"], **every}}


def columns(connection: Connection, cursor: psycopg.Cursor[Any]) -> list[tuple[str, str]]:
    return [
        (column.name, connection.adapters.types[column.type_code].name)
        for column in cursor.description or ()
    ]


@pytest.mark.parametrize("span", ["15 min", "24 h", "90 d"])
@pytest.mark.parametrize("choice", [*CHOICES, "all"])
def test_a_query_gives_what_its_panel_can_show(
    reader: Connection,
    render: Render,
    views: dict[str, Any],
    choices: dict[str, Any],
    board_query: BoardQuery,
    span: str,
    choice: str,
) -> None:
    _, form, text, panel = board_query
    cursor = reader.execute(render(text, views[span], choices[choice], panel))
    found = columns(reader, cursor)
    rows = cursor.fetchall()
    assert {kind for _, kind in found} <= ALLOWED
    assert len({name for name, _ in found}) == len(found)
    assert len(rows) <= 2_000
    if form == "time_series":
        assert found[0] == ("time", "timestamptz")
        assert any(kind in {"float8", "int8"} for _, kind in found[1:])
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
        texts = [name for name, kind in found if kind == "text"]
        assert texts in ([], ["metric"])


@pytest.mark.parametrize("choice", ["one", "several", "all"])
def test_every_panel_shows_something_of_the_last_day(
    reader: Connection,
    render: Render,
    views: dict[str, Any],
    choices: dict[str, Any],
    board_query: BoardQuery,
    choice: str,
) -> None:
    _, _, text, panel = board_query
    rows = reader.execute(render(text, views["24 h"], choices[choice], panel)).fetchall()
    assert rows
    assert any(value is not None for row in rows for value in row[1:] or row)


def query(board: dict[str, Any], panel_id: int, ref: str = "A") -> tuple[str, dict[str, Any]]:
    panel = next(p for p in board["panels"] if p["id"] == panel_id)
    return next(t["rawSql"] for t in panel["targets"] if t["refId"] == ref), panel


@pytest.mark.parametrize(
    ("span", "minutes", "hours"),
    [("15 min", False, False), ("24 h", True, False), ("90 d", False, True)],
)
@pytest.mark.parametrize("panel_id", [10, 11])
def test_the_zoom_chooses_raw_rows_minutes_or_hours(
    reader: Connection,
    plant_database: str,
    render: Render,
    views: dict[str, Any],
    board: dict[str, Any],
    panel_id: int,
    span: str,
    minutes: bool,  # noqa: FBT001
    hours: bool,  # noqa: FBT001
) -> None:
    text, panel = query(board, panel_id)
    sent = render(text, views[span], CHOICES["one"], panel)
    plan = "\n".join(line for (line,) in reader.execute(f"EXPLAIN (ANALYZE) {sent}"))
    # The rollups' own buckets: a minute and an hour wide, made from the raw rows here.
    live = "\n".join(line for line in plan.splitlines() if "never executed" not in line)
    assert ("time_bucket('00:01:00'::interval, _hyper" in live) is minutes
    assert ("time_bucket('01:00:00'::interval, _hyper" in live) is hours
    with psycopg.connect(plant_database) as owner:
        filling = owner.execute(
            "SELECT format('_hyper_%s_', id) FROM _timescaledb_catalog.hypertable"
            " WHERE (schema_name, table_name) = ('cell', 'filling')"
        ).fetchone()
    assert filling is not None
    assert set(re.findall(r"_hyper_\d+_", plan)) == {filling[0]}


@pytest.mark.parametrize("span", ["15 min", "24 h", "90 d"])
def test_the_trend_is_the_same_from_raw_rows_minutes_and_hours(
    reader: Connection,
    render: Render,
    views: dict[str, Any],
    board: dict[str, Any],
    span: str,
) -> None:
    text, panel = query(board, 10)
    view = views[span]
    rows = reader.execute(render(text, view, CHOICES["one"], panel)).fetchall()
    # The first bucket of a rollup is cut by the edge of the view; inside, they must agree.
    inner = rows[1:-1]
    width = view.interval_ms(panel)
    for time, mean, low, high in inner[:: max(1, len(inner) // 20)]:
        row = reader.execute(
            "SELECT avg(value), min(value), max(value) FROM dash.result WHERE station = 'filling'"
            " AND characteristic = 'fill_mass' AND time >= %s"
            " AND time < %s + make_interval(secs => %s)",
            (time, time, width / 1000),
        ).fetchone()
        assert row is not None
        assert mean == pytest.approx(row[0])
        assert (low, high) == row[1:]
    assert len(inner) > 10


def test_the_nozzle_that_doses_low_is_among_the_eight_farthest(
    reader: Connection, render: Render, views: dict[str, Any], board: dict[str, Any]
) -> None:
    text, panel = query(board, 11)
    rows = reader.execute(render(text, views["24 h"], CHOICES["one"], panel)).fetchall()
    low = [value for _, place, value in rows if place == "l1-filler-01 · 3"]
    others = [value for _, place, value in rows if place != "l1-filler-01 · 3"]
    assert low
    assert max(low) < min(others)


def test_health_says_the_worst_of_each_station(
    reader: Connection, render: Render, views: dict[str, Any], board: dict[str, Any]
) -> None:
    text, panel = query(board, 1)
    rows = reader.execute(render(text, views["24 h"], CHOICES["one"], panel)).fetchall()
    health = {title: word for _, title, word in rows}
    assert len(health) == 13
    assert health["Filling with electrolyte"] == "alert"
    assert health["Formation"] == "stale"
    words = {
        word
        for mapping in panel["fieldConfig"]["defaults"]["mappings"]
        for word in mapping["options"]
    }
    assert set(health.values()) <= words


def test_anomalies_that_began_before_the_view_are_still_marked(
    reader: Connection, render: Render, views: dict[str, Any], board: dict[str, Any]
) -> None:
    text = board["annotations"]["list"][0]["target"]["rawSql"]
    view = views["15 min"]
    rows: list[tuple[datetime, datetime, str, str]] = reader.execute(
        render(text, view, CHOICES["one"])
    ).fetchall()
    assert len(rows) == 1, "the one that came back before the view is not in it"
    begun, ended, words, tags = rows[0]
    assert begun <= view.start
    assert ended >= view.end
    assert words == "fill_mass low at l1-filler-01 nozzle 3: mean 6.02 g, expected 6.4"
    assert tags == "l1-filler-01,fill_mass,cusum-1"
