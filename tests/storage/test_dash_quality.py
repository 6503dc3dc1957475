"""OEE, yields, K-value and grades of schema dash against examples worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql

from plant.model import Plant
from storage.connect import Connection

WINDER = "l1-winder-01"
DAY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=20)


def state(connection: Connection, minutes: int, name: str, reason: str = "running") -> None:
    connection.execute(
        "INSERT INTO machine.state (time, equipment, state, reason) VALUES (%s, %s, %s, %s)",
        (DAY + timedelta(minutes=minutes), WINDER, name, reason),
    )


def wound(connection: Connection, good: int, failed: int) -> None:
    """Wind cells evenly over eight hours, the failed ones first."""
    connection.execute(
        "INSERT INTO cell.winding (time, cell, equipment, verdict)"
        " SELECT %(day)s + i * INTERVAL '8 hours' / %(all)s, 'c' || i, %(winder)s,"
        "   CASE WHEN i < %(failed)s THEN 'fail' ELSE 'pass' END"
        " FROM generate_series(0, %(all)s - 1) AS i",
        {"day": DAY, "all": good + failed, "failed": failed, "winder": WINDER},
    )


def worked_example(connection: Connection) -> None:
    """ISO 22400-2: busy by plan 480 min, 60 of them down; 0.5 s a cell; 44,000 of 45,360 good."""
    connection.execute("UPDATE plant.line SET cells_per_second = 2")
    state(connection, -60, "Stopped", "planned maintenance")
    state(connection, 0, "Execute")
    state(connection, 200, "Held", "separator torn")
    state(connection, 245, "Aborted", "emergency stop")
    state(connection, 260, "Execute")
    state(connection, 480, "Stopped", "planned maintenance")
    wound(connection, good=44_000, failed=1_360)


def test_oee_of_the_worked_example(connection: Connection) -> None:
    worked_example(connection)
    (found,) = connection.execute(
        "SELECT availability, effectiveness, quality, oee FROM dash.oee_24h"
    )
    assert found == pytest.approx((0.875, 0.900, 44_000 / 45_360, 0.7639), abs=5e-5)
    parts = connection.execute(
        "SELECT sum(pbt_s), sum(apt_s), sum(prt_s), sum(pq), sum(gq) FROM dash.oee_part"
        " WHERE station = 'winding'"
    ).fetchone()
    assert parts == pytest.approx((480 * 60, 420 * 60, 45_360 / 2, 45_360, 44_000))


def test_the_parts_of_oee_stand_in_their_hours(connection: Connection) -> None:
    worked_example(connection)
    rows = connection.execute(
        "SELECT time, sum(apt_s) FROM dash.oee_part WHERE pbt_s > 0 GROUP BY 1 ORDER BY 1"
    ).fetchall()
    # Down from 3:20 to 4:20.
    assert [seconds / 60 for _, seconds in rows] == pytest.approx([60, 60, 60, 20, 40, 60, 60, 60])
    assert [time for time, _ in rows] == [DAY + timedelta(hours=h) for h in range(8)]


def test_a_machine_that_is_not_heard_of_is_neither_busy_nor_down(connection: Connection) -> None:
    state(connection, 0, "Execute")
    state(connection, 60, "Stale", "connection lost")
    state(connection, 120, "Execute")
    state(connection, 180, "Stopped", "changeover to storage")
    state(connection, 240, "Stopped", "planned maintenance")
    parts = connection.execute("SELECT sum(pbt_s) / 60, sum(apt_s) / 60 FROM dash.oee_part")
    assert parts.fetchone() == pytest.approx((180, 120)), "a changeover is down time"


def test_a_state_ends_where_the_next_begins(connection: Connection) -> None:
    state(connection, 0, "Execute")
    state(connection, 30, "Held", "tape missing")
    rows = connection.execute(
        "SELECT class, ended_at - time, ended_at = now() FROM dash.state ORDER BY time"
    ).fetchall()
    assert rows[0] == ("producing", timedelta(minutes=30), False)
    assert (rows[1][0], rows[1][2]) == ("stopped", True)


# --- Yields


def visits(connection: Connection, station: str, machine: str, good: int, failed: int) -> None:
    connection.execute(
        sql.SQL(
            "INSERT INTO cell.{} (time, cell, equipment, verdict) SELECT now() - INTERVAL '2 h',"
            " 'c' || i, %s, CASE WHEN i <= %s THEN 'fail' ELSE 'pass' END"
            " FROM generate_series(1, %s) AS i"
        ).format(sql.Identifier(station)),
        (machine, failed, good + failed),
    )


def test_rolled_throughput_yield_is_the_product_of_the_steps(connection: Connection) -> None:
    visits(connection, "winding", WINDER, good=995, failed=5)
    visits(connection, "welding", "l1-welder-01", good=980, failed=20)
    visits(connection, "filling", "l1-filler-01", good=495, failed=5)
    rows = connection.execute(
        "SELECT station, first_pass, rolled FROM dash.yield_24h ORDER BY ordinal"
    ).fetchall()
    assert [row[0] for row in rows] == ["winding", "welding", "filling"]
    assert [row[1] for row in rows] == pytest.approx([0.995, 0.98, 0.99])
    assert [row[2] for row in rows] == pytest.approx([0.995, 0.9751, 0.965349])


def test_rework_does_not_mend_first_pass_yield(connection: Connection) -> None:
    visits(connection, "welding", "l1-welder-01", good=9, failed=1)
    connection.execute(
        "INSERT INTO cell.welding (time, cell, equipment, verdict)"
        " VALUES (now() - INTERVAL '1 hour', 'c1', 'l1-welder-01', 'pass')"
    )
    found = connection.execute("SELECT cells, good, first_pass FROM dash.yield_24h").fetchone()
    assert found == (10, 9, 0.9)


def test_a_step_where_all_fail_makes_the_whole_zero(connection: Connection) -> None:
    visits(connection, "winding", WINDER, good=0, failed=3)
    visits(connection, "welding", "l1-welder-01", good=3, failed=0)
    rows = connection.execute("SELECT first_pass, rolled FROM dash.yield_24h ORDER BY ordinal")
    assert rows.fetchall() == [(0, 0), (1, 0)]


# --- Self-discharge and grades


@pytest.mark.parametrize(
    ("ocv2", "temperature2", "k"),
    [
        (3.5951, 25, 0.7),  # 4.9 mV in a week
        (3.5951, 27, 0.7 - 0.4 / 7),  # 2 K warmer: the reading is 0.4 mV too low
        (3.5951, None, 0.7),
        (3.6, 25, 0),
    ],
)
def test_k_value_is_the_fall_of_the_voltage_a_day_at_25_degrees(
    connection: Connection, ocv2: float, temperature2: float | None, k: float
) -> None:
    connection.execute(
        "INSERT INTO cell.ageing (time, cell, equipment, position, ocv1, ocv2, ocv_hours,"
        " temperature1, temperature) VALUES (now(), 'c1', 'l1-aisle-01', 7, 3.6, %s, 168, 25, %s)",
        (ocv2, temperature2),
    )
    found = connection.execute("SELECT line, cell, position, k_value FROM dash.k_value").fetchone()
    assert found is not None
    assert found[:3] == ("l1", "c1", 7)
    assert found[3] == pytest.approx(k, abs=1e-9)


def judged(connection: Connection, cell: str, grade: str | None, disposition: str) -> None:
    connection.execute(
        "INSERT INTO analysis.cell_quality (cell, time, line, grade, disposition, fault_class,"
        " reasons, scores) VALUES (%s, now(), 'l1', %s, %s, 'none',"
        """ '[{"text": "acir 24 mOhm, limit 25"}, {"text": "held with its tray"}]',"""
        """ '{"acir": {"value": 24, "z": -1.5}, "k_value": {"value": 0.1, "z": null}}')""",
        (cell, grade, disposition),
    )


def test_grades_are_shares_of_the_cells_that_have_one_by_now(connection: Connection) -> None:
    for number, grade in enumerate(["a", "a", "a", "b", None]):
        judged(connection, f"c{number}", grade, "scrap" if grade is None else "pass")
    judged(connection, "on its way", None, "pass")
    rows = connection.execute("SELECT grade, cells, share FROM dash.grade_24h ORDER BY 1")
    assert rows.fetchall() == [("a", 3, 0.6), ("b", 1, 0.2), ("reject", 1, 0.2)]


def test_a_cell_tells_its_reasons_and_scores(connection: Connection) -> None:
    judged(connection, "c1", "b", "downgrade")
    found = connection.execute("SELECT cell, grade, reasons FROM dash.cell_quality").fetchone()
    assert found == ("c1", "b", "acir 24 mOhm, limit 25; held with its tray")
    scores = connection.execute("SELECT measure, value, distance FROM dash.cell_score ORDER BY 1")
    assert scores.fetchall() == [("acir", 24, -1.5), ("k_value", 0.1, None)]


def test_one_cell_s_results_come_from_every_station(connection: Connection, pilot: Plant) -> None:
    visits(connection, "winding", WINDER, good=2, failed=0)
    connection.execute("UPDATE cell.winding SET diameter = 20.3")
    connection.execute(
        "INSERT INTO cell.filling (time, cell, equipment, position, fill_mass)"
        " VALUES (now(), 'c1', 'l1-filler-01', 3, 6.4)"
    )
    rows = connection.execute(
        "SELECT station, position, characteristic, value FROM dash.cell_result"
        " WHERE cell = 'c1' ORDER BY time"
    ).fetchall()
    assert rows == [("winding", None, "diameter", 20.3), ("filling", 3, "fill_mass", 6.4)]


def test_a_chart_s_cusum_is_shown_in_sd(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO analysis.control_limit (equipment, characteristic, version, n, mean, sd, k, h,"
        " arl0, from_time, to_time) VALUES (%s, 'diameter', 1, 100, 20, 0.1, 0.25, 8, 1000, now(),"
        " now())",
        (WINDER,),
    )
    connection.execute(
        "INSERT INTO analysis.chart (id, equipment, characteristic, version, points, first_time,"
        " last_time, total, is_on, below, samples, score_sum, onset_us, recent_us, recent_values)"
        " VALUES (1, %s, 'diameter', 1, 9, now(), now(), '{4000000,0}', '{f,f}', '{0,0}', '{0,0}',"
        " '{0,0}', '{0,0}', '{}', '{}')",
        (WINDER,),
    )
    found = connection.execute(
        "SELECT low_3sd, high_3sd, cusum_high, cusum_low, cusum_limit FROM dash.chart"
    ).fetchone()
    assert found is not None
    # A score is (value - mean) / sd * 0.5 / k, so a sum of 4 scores is 4 * 0.25 / 0.5 = 2 sd.
    assert found == pytest.approx((19.7, 20.3, 2, 0, 8))
    assert math.isclose(found[2] / found[4], 0.25)
