"""The views of schema dash: types that every Grafana reads, and what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import sql

from plant.model import Plant
from storage import dash, rollup
from storage.connect import Connection, Edition
from storage.schema import apply_tables, mirror_plant
from storage.views import columns_of

FILLER = "l1-filler-01"


def changed(plant: Plant, **station: Any) -> Plant:
    """Return *plant* with other values in its station `filling`."""
    whole = plant.model_dump()
    whole["stations"]["filling"] |= station
    whole["cell_quality"], whole["recipes"] = None, {}
    return Plant.model_validate(whole)


def row(connection: Connection, query: str, *values: object) -> dict[str, Any]:
    cursor = connection.execute(query, values)
    found = cursor.fetchone()
    assert found is not None
    return dict(zip((column.name for column in cursor.description or ()), found, strict=True))


def station(connection: Connection, name: str = "filling") -> dict[str, Any]:
    return row(connection, "SELECT * FROM dash.station_health WHERE station = %s", name)


def sample(connection: Connection, age_s: float) -> None:
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum, dose_flow)"
        " VALUES (now() - make_interval(secs => %s), %s, 5, array_fill(0.05::float8, '{8}'))",
        (age_s, FILLER),
    )


def excursion(connection: Connection, state: str, position: int | None = 3) -> None:
    connection.execute(
        "INSERT INTO analysis.anomaly (state, line, station, equipment, position, characteristic,"
        " direction, since, time, statistic, limit_value, value, expected, sd, unit, samples,"
        " last_points, model) VALUES (%s, 'l1', 'filling', %s, %s, 'fill_mass', 'low', now(),"
        " now(), 9, 5, 6.02, 6.4, 0.025, 'g', 12, '[]', 'cusum-1')",
        (state, FILLER, position),
    )


def test_every_column_is_of_a_type_that_every_grafana_reads(connection: Connection) -> None:
    rows = connection.execute(
        "SELECT table_name || '.' || column_name, udt_name FROM information_schema.columns"
        " WHERE table_schema = 'dash'"
    ).fetchall()
    assert len(rows) > 500
    allowed = {"timestamptz", "float8", "int8", "text", "bool"}
    assert {name: kind for name, kind in rows if kind not in allowed} == {}


def test_every_view_works_while_there_is_no_data(connection: Connection) -> None:
    views = connection.execute(
        "SELECT table_name FROM information_schema.views WHERE table_schema = 'dash'"
    ).fetchall()
    assert len(views) > 40
    for (view,) in views:
        connection.execute(sql.SQL("SELECT * FROM dash.{}").format(sql.Identifier(view)))


def test_applying_again_changes_nothing(connection: Connection, pilot: Plant) -> None:
    assert dash.apply(connection, pilot, Edition.APACHE) == []


# --- Health


def test_a_station_that_sent_nothing_is_stale_and_has_no_age(connection: Connection) -> None:
    found = station(connection)
    assert found["health"] == "stale"
    assert found["data_age_s"] is None
    assert found["values_per_s"] == 0


@pytest.mark.parametrize(("age_s", "health"), [(5, "normal"), (29, "normal"), (31, "stale")])
def test_fresh_data_is_normal_for_half_a_minute(
    connection: Connection, age_s: float, health: str
) -> None:
    sample(connection, age_s)
    found = station(connection)
    assert found["health"] == health
    assert found["data_age_s"] == pytest.approx(age_s)


def test_a_machine_whose_clock_is_ahead_is_not_younger_than_now(connection: Connection) -> None:
    sample(connection, -20)
    assert station(connection)["data_age_s"] == 0


def test_a_slow_station_may_be_silent_for_three_of_its_periods(
    connection: Connection, pilot: Plant
) -> None:
    fastest = max(signal.rate_hz for signal in pilot.stations["ageing"].signals.values())
    assert 3 / fastest == 30
    mirror = "UPDATE plant.signal SET rate_hz = 0.01 WHERE station = 'filling' AND rate_hz > 0"
    connection.execute(mirror)
    sample(connection, 290)
    assert station(connection)["health"] == "normal"


def test_a_suspicion_shows_until_it_comes_back(connection: Connection) -> None:
    sample(connection, 1)
    excursion(connection, "on")
    assert station(connection)["health"] == "suspected"
    excursion(connection, "off", position=4)
    assert station(connection)["health"] == "suspected", "another nozzle's"
    excursion(connection, "off")
    assert station(connection)["health"] == "normal"


def test_an_open_alert_is_worse_than_all_else(connection: Connection) -> None:
    excursion(connection, "on")
    connection.execute(
        "INSERT INTO alert.alert (state, severity, line, station, equipment, characteristic,"
        " direction, title, since, details) VALUES ('unacknowledged', 'high', 'l1', 'filling', %s,"
        " 'fill_mass', 'low', 'x', now(), '{}')",
        (FILLER,),
    )
    found = station(connection)
    assert (found["health"], found["open_alerts"]) == ("alert", 1)
    assert row(connection, "SELECT * FROM dash.alert")["is_open"] is True
    connection.execute("UPDATE alert.alert SET state = 'normal', closed_at = clock_timestamp()")
    assert station(connection)["open_alerts"] == 0
    assert row(connection, "SELECT * FROM dash.alert")["is_open"] is False


def test_values_of_the_last_minute_count_arrays_by_their_length(connection: Connection) -> None:
    for age_s in (1, 30, 59, 61, 300):
        sample(connection, age_s)
    connection.execute(
        "INSERT INTO cell.filling (time, cell, equipment, fill_mass, mass_after)"
        " VALUES (now() - INTERVAL '2 seconds', 'c1', %s, 6.4, 70)",
        (FILLER,),
    )
    found = station(connection)
    # Three samples of one number and one array of 8, one cell of two results.
    assert found["values_per_s"] == pytest.approx((3 * 9 + 2) / 60)
    assert found["cells_per_s"] == pytest.approx(1 / 60)


def test_looking_at_health_opens_no_old_chunk(connection: Connection) -> None:
    for days in (1, 10, 40):
        sample(connection, days * 86_400)
    plan = connection.execute("EXPLAIN (ANALYZE) SELECT * FROM dash.station_health").fetchall()
    text = "\n".join(line for (line,) in plan)
    opened = [line for line in text.splitlines() if "_hyper_" in line and "never exec" not in line]
    assert opened == []


# --- Anomalies, books, dead letters


def test_an_anomaly_lasts_from_its_on_to_its_own_off(connection: Connection) -> None:
    excursion(connection, "on")
    assert row(connection, "SELECT * FROM dash.anomaly")["ended_at"] is None
    excursion(connection, "off")
    excursion(connection, "on", position=None)
    rows = connection.execute(
        "SELECT text, ended_at IS NOT NULL FROM dash.anomaly ORDER BY id"
    ).fetchall()
    assert rows == [
        ("fill_mass low at l1-filler-01 nozzle 3: mean 6.02 g, expected 6.4", True),
        ("fill_mass low at l1-filler-01: mean 6.02 g, expected 6.4", False),
    ]


def book(connection: Connection, *, dead_letters: int, kept: int) -> None:
    connection.execute(
        "INSERT INTO ingest.batch (id, worker, received_at, messages, rows, value_count,"
        " duplicate_messages, dead_letters) VALUES (7, 'w', now(), 10, 7, 140, 1, %s)",
        (dead_letters,),
    )
    connection.execute(
        "INSERT INTO ingest.dead_letter"
        " (batch, received_at, topic, payload, reason, detail, digest)"
        " SELECT 7, now(), 't', 'payload', 'bad json', 'd', sha256('x')"
        " FROM generate_series(1, %s)",
        (kept,),
    )


def test_the_books_balance_when_each_dead_letter_is_kept(connection: Connection) -> None:
    book(connection, dead_letters=2, kept=2)
    assert row(connection, "SELECT * FROM dash.ingest_balance") == {
        "messages": 10,
        "stored": 7,
        "duplicates": 1,
        "dead_letters": 2,
        "missing_dead_letters": 0,
    }
    assert row(connection, "SELECT * FROM dash.dead_letter LIMIT 1")["payload_bytes"] == 7


def test_the_books_show_a_dead_letter_that_was_not_kept(connection: Connection) -> None:
    book(connection, dead_letters=2, kept=1)
    assert row(connection, "SELECT * FROM dash.ingest_balance")["missing_dead_letters"] == 1


# --- The views of stations


def test_array_signals_are_read_position_by_position(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment, dose_flow, dose_pressure)"
        " VALUES (now(), %s, '{1,2,3}', '{7,8}')",
        (FILLER,),
    )
    rows = connection.execute(
        "SELECT line, position, dose_flow, dose_pressure FROM dash.filling_position ORDER BY 2"
    ).fetchall()
    assert rows == [("l1", 1, 1.0, 7.0), ("l1", 2, 2.0, 8.0), ("l1", 3, 3.0, None)]


def test_results_are_the_same_one_by_one_and_side_by_side(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO cell.filling (time, cell, equipment, position, fill_mass, mass_after)"
        " VALUES (now(), 'c1', %s, 3, 6.4, 70)",
        (FILLER,),
    )
    wide = row(connection, "SELECT * FROM dash.cell_filling")
    assert (wide["line"], wide["cell"], wide["position"]) == ("l1", "c1", 3)
    long = connection.execute(
        "SELECT characteristic, value FROM dash.result WHERE station = 'filling' ORDER BY 1"
    ).fetchall()
    assert long == [("fill_mass", wide["fill_mass"]), ("mass_after", wide["mass_after"])]
    hour = row(connection, "SELECT * FROM dash.result_1h WHERE characteristic = 'fill_mass'")
    assert (hour["line"], hour["position"], hour["n"], hour["sum"]) == ("l1", 3, 1, 6.4)
    assert row(connection, "SELECT * FROM dash.output_1m")["cells"] == 1


def test_asking_for_one_result_reads_one_table_and_only_its_window(connection: Connection) -> None:
    for days in (1, 30, 60):
        connection.execute(
            "INSERT INTO cell.filling (time, cell, equipment, fill_mass)"
            " VALUES (now() - %s, 'c', %s, 6.4)",
            (timedelta(days=days), FILLER),
        )
    now = datetime.now(UTC)
    window = (now - timedelta(days=40), now - timedelta(days=20))
    for view in ("result", "result_1m", "result_1h"):
        # Literals, as Grafana writes them.
        explain = sql.SQL(
            "EXPLAIN SELECT * FROM dash.{} WHERE station = 'filling'"
            " AND characteristic = 'fill_mass' AND time BETWEEN {} AND {}"
        )
        edges = [time.isoformat() for time in window]
        plan = connection.execute(explain.format(sql.Identifier(view), *edges)).fetchall()
        opened = {word for (line,) in plan for word in line.split() if word.endswith("_chunk")}
        assert len(opened) == 1, view


def test_a_new_signal_and_a_new_station_appear_and_nothing_else_changes(
    connection: Connection, pilot: Plant
) -> None:
    before = columns_of(connection, "dash", "cell_filling")
    whole = pilot.model_dump()
    residue = {"unit": "g", "nominal": 1.0, "sd": 0.1, "source": "test"}
    filling = whole["stations"]["filling"]
    filling["results"] = {"residue": residue, **filling["results"]}
    whole["stations"]["polishing"] = {
        **whole["stations"]["sealing"], "equipment": {"polisher": {"count": 1}},
    }  # fmt: skip
    more = Plant.model_validate(whole)
    apply_tables(connection, more)
    mirror_plant(connection, more)
    rollup.apply(connection, more, Edition.APACHE)
    changes = dash.apply(connection, more, Edition.APACHE)
    assert columns_of(connection, "dash", "cell_filling") == (*before, "residue")
    assert "view dash.cell_polishing_1h" in changes
    assert "view dash.cell_welding" not in changes
    connection.execute("SET LOCAL ROLE grafana_reader")
    connection.execute("SELECT * FROM dash.cell_polishing_1m")


def test_a_view_whose_columns_went_is_made_anew(connection: Connection, pilot: Plant) -> None:
    fewer = changed(pilot, results={"fill_mass": pilot.stations["filling"].results["fill_mass"]})
    dash.apply(connection, fewer, Edition.APACHE)
    assert columns_of(connection, "dash", "cell_filling")[-1] == "fill_mass"
    assert dash.apply(connection, fewer, Edition.APACHE) == []


def test_a_view_of_somebody_else_is_never_dropped(connection: Connection, pilot: Plant) -> None:
    connection.execute("CREATE VIEW dash.mine AS SELECT mass_after FROM dash.cell_filling")
    fewer = changed(pilot, results={"fill_mass": pilot.stations["filling"].results["fill_mass"]})
    with (
        pytest.raises(dash.DashError, match=r"view dash\.mine depends on .*; drop that view"),
        connection.transaction(),
    ):
        dash.apply(connection, fewer, Edition.APACHE)
    connection.execute("SELECT * FROM dash.mine")


def test_a_station_with_the_name_of_a_view_is_refused(connection: Connection, pilot: Plant) -> None:
    whole = pilot.model_dump()
    whole["cell_quality"], whole["recipes"] = None, {}
    whole["stations"]["alert"] = whole["stations"].pop("sealing")
    with pytest.raises(dash.DashError, match="station 'alert' has the name of a dashboard view"):
        dash.apply(connection, Plant.model_validate(whole), Edition.APACHE)
