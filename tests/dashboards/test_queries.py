"""Every query of every board, as Grafana sends it, by Grafana's role, on a real database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest

from dashboards.expand import sent
from dashboards.targets import CHOICES, chosen, committed, targets
from dashboards.timing import fault_of
from storage.connect import Connection

Render = Callable[..., str]
Board = dict[str, Any]

BOARDS = {content["uid"]: content for content in committed()}
FILLING: dict[str, str | list[str]] = {
    "line": "l1",
    "station": "filling",
    "characteristic": "fill_mass",
    "equipment": ["l1-filler-01"],
    "position": [str(number) for number in range(9)],
    "signal": "vacuum",
}


def looks(board: Board, reader: Connection, views: dict[str, Any], choice: str, span: str) -> Any:
    view = views[span]
    values = chosen(reader, board, choice, view)
    if "station" in values and choice != "quotes":
        values |= {"station": "filling", "characteristic": "fill_mass", "signal": "vacuum"}
        values |= {"equipment": FILLING["equipment"], "position": FILLING["position"]}
    if "cell" in values and choice != "quotes":
        values["cell"] = "D1"
    for target in targets(board):
        yield target, sent(target.sql, view, values, target.panel)


# Three zooms with one choice, every choice at one zoom; `make dashboards-check` crosses them all.
@pytest.mark.parametrize(
    ("span", "choice"),
    [("15 min", "one"), ("30 d", "one"), ("30 d", "all"), *(("24 h", c) for c in CHOICES)],
)
@pytest.mark.parametrize("uid", BOARDS)
def test_a_query_gives_what_its_panel_can_show(
    reader: Connection, views: dict[str, Any], uid: str, span: str, choice: str
) -> None:
    faults = {}
    for target, text in looks(BOARDS[uid], reader, views, choice, span):
        cursor = reader.execute(text.encode())
        if fault := fault_of(reader, target, cursor, cursor.fetchall()):
            faults[target.name] = fault
    assert faults == {}


@pytest.mark.parametrize("uid", BOARDS)
def test_every_panel_shows_something_of_the_last_day(
    reader: Connection, views: dict[str, Any], uid: str
) -> None:
    empty = []
    for target, text in looks(BOARDS[uid], reader, views, "all", "24 h"):
        rows = reader.execute(text.encode()).fetchall()
        if not any(value is not None for row in rows for value in row[1:] or row):
            empty.append(target.name)
    assert empty == []


@pytest.mark.parametrize("uid", BOARDS)
def test_a_value_with_quotes_finds_nothing_and_breaks_nothing(
    reader: Connection, views: dict[str, Any], uid: str
) -> None:
    for target, text in looks(BOARDS[uid], reader, views, "quotes", "24 h"):
        assert "x'' OR ''a'' = ''a" in text or "sqlstring" not in target.sql
        reader.execute(text.encode())


def query(board: Board, title: str, ref: str = "A") -> tuple[str, dict[str, Any]]:
    panel = next(p for p in board["panels"] if p["title"] == title)
    return next(t["rawSql"] for t in panel["targets"] if t["refId"] == ref), panel


TREND = "${characteristic:text}"
PLACES = "${characteristic:text}: the eight places farthest from the mean"


@pytest.mark.parametrize(
    ("span", "minutes", "hours"),
    [("15 min", False, False), ("24 h", True, False), ("30 d", False, True)],
)
@pytest.mark.parametrize("title", [TREND, PLACES])
def test_the_zoom_chooses_raw_rows_minutes_or_hours(
    reader: Connection,
    plant_database: str,
    render: Render,
    views: dict[str, Any],
    board: Board,
    title: str,
    span: str,
    minutes: bool,  # noqa: FBT001
    hours: bool,  # noqa: FBT001
) -> None:
    text, panel = query(board, title)
    rendered = render(text, views[span], FILLING, panel)
    plan = "\n".join(line for (line,) in reader.execute(f"EXPLAIN (ANALYZE, VERBOSE) {rendered}"))
    # The rollups' own buckets, a minute and an hour wide: nothing is kept here, so from raw rows.
    live = "\n".join(line for line in plan.splitlines() if "never executed" not in line)
    assert ("time_bucket('00:01:00'::interval, " in live) is minutes
    assert ("time_bucket('01:00:00'::interval, " in live) is hours
    with psycopg.connect(plant_database) as owner:
        filling = owner.execute(
            "SELECT format('_hyper_%s_', id) FROM _timescaledb_catalog.hypertable"
            " WHERE (schema_name, table_name) = ('cell', 'filling')"
        ).fetchone()
    assert filling is not None
    assert set(re.findall(r"_hyper_\d+_", live)) == {filling[0]}


@pytest.mark.parametrize("span", ["15 min", "24 h", "30 d"])
def test_the_trend_is_the_same_from_raw_rows_minutes_and_hours(
    reader: Connection, render: Render, views: dict[str, Any], board: Board, span: str
) -> None:
    text, panel = query(board, TREND)
    view = views[span]
    rows = reader.execute(render(text, view, FILLING, panel)).fetchall()
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


def test_the_nozzle_that_doses_low_is_among_the_eight_farthest_and_the_least_capable(
    reader: Connection, render: Render, views: dict[str, Any], board: Board
) -> None:
    text, panel = query(board, PLACES)
    rows = reader.execute(render(text, views["24 h"], FILLING, panel)).fetchall()
    low = [value for _, place, value in rows if place == "l1-filler-01 · 3"]
    others = [value for _, place, value in rows if place != "l1-filler-01 · 3"]
    assert low
    assert max(low) < min(others)
    text, panel = query(board, "Capability of ${characteristic:text}")
    rows = reader.execute(render(text, views["24 h"], FILLING, panel)).fetchall()
    assert rows[0][:2] == ("l1-filler-01", 3)
    assert rows[0][-2] < 0 < rows[-1][-2]


def test_a_position_can_be_chosen_alone(
    reader: Connection, render: Render, views: dict[str, Any], board: Board
) -> None:
    text, panel = query(board, TREND)
    values = {**FILLING, "position": ["3"]}
    rows = reader.execute(render(text, views["24 h"], values, panel)).fetchall()
    assert max(row[3] for row in rows) < 6.1, "nozzle 3 alone doses low"


def test_health_says_the_worst_of_each_station(
    reader: Connection, render: Render, views: dict[str, Any]
) -> None:
    text, panel = query(BOARDS["jr-line"], "Stations")
    rows = reader.execute(render(text, views["24 h"], FILLING, panel)).fetchall()
    health = {title: word for _, _, title, word in rows}
    assert len(health) == 13
    assert health["Filling with electrolyte"] == "alert"
    assert health["Mixing"] == "stale"
    words = {
        word
        for mapping in panel["fieldConfig"]["defaults"]["mappings"]
        for word in mapping["options"]
    }
    assert set(health.values()) <= words
    text, _ = query(BOARDS["jr-overview"], "Lines")
    assert reader.execute(render(text, views["24 h"], FILLING)).fetchall() == [("l1", "alert")]


def test_a_station_s_timeline_shows_what_took_most_of_a_bucket(
    reader: Connection, render: Render, views: dict[str, Any]
) -> None:
    text, panel = query(BOARDS["jr-line"], "What the stations did")
    view = views["24 h"]
    rows = reader.execute(render(text, view, FILLING, panel)).fetchall()
    codes = {
        round((view.end - time).total_seconds() / 3600): code
        for time, metric, code in rows
        if metric == "Winding"
    }
    assert (codes[22], codes[10], codes[5]) == (1, 3, 1)
    assert {code for _, _, code in rows} == {1, 2, 3}


def test_time_lost_is_added_up_by_reason_and_leaves_out_what_was_planned(
    reader: Connection, render: Render, views: dict[str, Any]
) -> None:
    text, panel = query(BOARDS["jr-line"], "What stops machines")
    rows = reader.execute(render(text, views["24 h"], FILLING, panel)).fetchall()
    assert rows[0] == ("filling · separator torn", 3600) or rows[1][1] == 3600
    assert {row[0].partition(" · ")[2] for row in rows} == {"separator torn", "tape missing"}


def test_cells_of_a_damp_hour_are_counted(
    reader: Connection, render: Render, views: dict[str, Any]
) -> None:
    text, panel = query(BOARDS["jr-utilities"], "Cells made while a zone was too damp")
    zones = ["l1-zone-01", "l1-zone-02"]
    values = {**FILLING, "equipment": zones}
    rows = reader.execute(render(text, views["24 h"], values, panel)).fetchall()
    damp = [cells for _, cells in rows if cells]
    # One hour of damp air touches two hours of the clock, of twelve cells each.
    assert sum(damp) == 24
    values["equipment"] = ["l1-zone-02"]
    rows = reader.execute(render(text, views["24 h"], values, panel)).fetchall()
    assert not any(cells for _, cells in rows)


def test_a_cell_leads_back_to_its_slurry(
    reader: Connection, render: Render, views: dict[str, Any]
) -> None:
    text, _ = query(BOARDS["jr-cell"], "What it is made from")
    rows = reader.execute(render(text, views["30 d"], {"cell": "D1"})).fetchall()
    roll = "l1-c-roll-000001"
    assert [row[1:3] for row in rows] == [
        ("D1", f"{roll}-1"), (f"{roll}-1", roll), (roll, "l1-c-slurry-1"),
    ]  # fmt: skip


def test_anomalies_that_began_before_the_view_are_still_marked(
    reader: Connection, render: Render, views: dict[str, Any], board: Board
) -> None:
    text = board["annotations"]["list"][0]["target"]["rawSql"]
    view = views["15 min"]
    rows: list[tuple[datetime, datetime, str, str]] = reader.execute(
        render(text, view, FILLING)
    ).fetchall()
    assert len(rows) == 1, "the one that came back before the view is not in it"
    begun, ended, words, tags = rows[0]
    assert begun <= view.start
    assert ended >= view.end
    assert words == "fill_mass low at l1-filler-01 nozzle 3: mean 6.02 g, expected 6.4"
    assert tags == "l1-filler-01,fill_mass,cusum-1"
