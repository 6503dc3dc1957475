"""What the boards of cells, rolls, rooms, models and the pipeline show, a little of each."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.connect import Connection
from tests.dashboards.fill_us import fill_us

#: A cell that passed every station but winding and sealing, from a roll of two strips.
CELL = "D1"
ROLL = "l1-c-roll-000001"


def fill_all(connection: Connection, now: datetime) -> None:
    """Insert something for every panel of every board."""
    # A cell each 5 s for the last two hours, each 3 minutes for the last two days, each hour for
    # the last 90 days, on eight nozzles of which the third doses low.
    for every_s, count in ((5, 1_440), (180, 960), (3_600, 2_160)):
        connection.execute(
            "INSERT INTO cell.filling (time, cell, equipment, position, verdict, fill_mass)"
            " SELECT %(now)s - make_interval(secs => %(every)s * i),"
            "   'c' || %(every)s || '-' || i, 'l1-filler-01', 1 + i %% 8,"
            "   CASE i %% 50 WHEN 0 THEN 'fail' ELSE 'pass' END,"
            "   6.4 + 0.02 * sin(i) - CASE i %% 8 WHEN 2 THEN 0.38 ELSE 0 END"
            " FROM generate_series(1, %(count)s) AS i",
            {"now": now, "every": every_s, "count": count},
        )
    connection.execute(
        "INSERT INTO cell.welding (time, cell, equipment, weld_current)"
        " SELECT %s - make_interval(secs => 60 * i), 'w' || i, 'l1-welder-01', 900"
        " FROM generate_series(1, 100) AS i",
        (now,),
    )
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum, dose_flow)"
        " SELECT now() - make_interval(secs => i), 'l1-filler-01', 5,"
        "   array_fill(0.05::float8, '{8}')"
        " FROM generate_series(1, 50) AS i"
    )
    connection.execute(
        "INSERT INTO ingest.batch"
        " (id, worker, received_at, committed_at, messages, rows, value_count, dead_letters)"
        " SELECT i, 'w', t, t, 100, 100, 2000, 1 FROM generate_series(1, 500) AS i"
        " CROSS JOIN LATERAL (SELECT %s - make_interval(mins => 10 * i) AS t) AS at",
        (now,),
    )
    connection.execute(
        "INSERT INTO ingest.dead_letter"
        " (batch, received_at, topic, payload, reason, detail, digest)"
        " SELECT id, received_at, 'v1/acme/desoto/x', '{', 'bad json', 'ends early', sha256('x')"
        " FROM ingest.batch WHERE id > 3"
    )
    for state, minutes in (("on", 60), ("off", 30), ("on", 10)):
        connection.execute(
            "INSERT INTO analysis.anomaly (detected_at, state, line, station, equipment, position,"
            " characteristic, direction, since, time, statistic, limit_value, value, expected, sd,"
            " unit, samples, last_points, model)"
            " VALUES (%s, %s, 'l1', 'filling', 'l1-filler-01', 3, 'fill_mass', 'low', %s, %s,"
            " 9, 5, 6.02, 6.4, 0.025, 'g', 12, '[]', 'cusum-1')",
            (now - timedelta(minutes=minutes), state, now - timedelta(minutes=minutes + 5), now),
        )
    connection.execute(
        "INSERT INTO alert.alert (opened_at, state, severity, line, station, equipment, position,"
        " characteristic, direction, title, since, details) VALUES (%s, 'unacknowledged', 'high',"
        " 'l1', 'filling', 'l1-filler-01', 3, 'fill_mass', 'low', 'Nozzle 3 doses low', %s, '{}')",
        (now - timedelta(minutes=9), now - timedelta(minutes=15)),
    )
    _fill_other_boards(connection, now)
    connection.execute("ANALYZE")


def _fill_other_boards(connection: Connection, now: datetime) -> None:
    """Insert states, cells from winding to grade, material, rooms, models and followers."""
    _states(connection, now)
    _cells(connection, now)
    _material(connection, now)
    _rooms(connection, now)
    _models(connection, now)
    _excursions(connection, now)
    fill_us(connection, now)
    connection.execute("INSERT INTO ingest.cursor (follower, xid) VALUES ('monitor', '3')")
    connection.execute(
        "INSERT INTO ingest.sequence (source, run, seen)"
        " VALUES ('l1-filler-01', 1, '{[1,5),[9,20)}')"
    )


def _excursions(connection: Connection, now: datetime) -> None:
    for station, machine, characteristic, hours in (
        ("winding", "l1-winder-01", "diameter", 2),
        ("coating", "l1-coater-c-01", "web_speed", 4),
    ):
        connection.execute(
            "INSERT INTO analysis.anomaly (state, line, station, equipment, characteristic,"
            " direction, since, time, statistic, limit_value, value, expected, sd, unit, samples,"
            " last_points, model) VALUES ('on', 'l1', %s, %s, %s, 'low', %s, %s, 9, 5, 1, 2, 0.1,"
            " '1', 12, '[]', 'cusum-1')",
            (station, machine, characteristic, now - timedelta(hours=hours), now),
        )


def _states(connection: Connection, now: datetime) -> None:
    for hours, state, reason in (
        (30, "Execute", "shift"),
        (20, "Held", "separator torn"),
        (19, "Execute", "running"),
        (12, "Stopped", "planned maintenance"),
        (8, "Execute", "running"),
        (0.2, "Held", "tape missing"),
    ):
        connection.execute(
            "INSERT INTO machine.state (time, equipment, state, reason)"
            " SELECT %s, equipment, %s, %s FROM dash.equipment"
            " WHERE station IN ('winding', 'filling')",
            (now - timedelta(hours=hours), state, reason),
        )


def _cells(connection: Connection, now: datetime) -> None:
    connection.execute(
        "INSERT INTO cell.winding (time, cell, equipment, verdict, diameter)"
        " SELECT %(now)s - make_interval(mins => 5 * i), 'D' || i, 'l1-winder-01',"
        "   CASE i %% 40 WHEN 0 THEN 'fail' ELSE 'pass' END, 20.3"
        " FROM generate_series(1, 280) AS i",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO cell.formation (time, cell, equipment, position, first_cycle_efficiency,"
        "   charge_capacity, duration)"
        " SELECT %(now)s - make_interval(mins => i), 'D' || i, 'l1-tray-001', i,"
        "   0.88 + 0.001 * sin(i), 5.4, 1"
        " FROM generate_series(1, 256) AS i",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO telemetry.formation (time, equipment, voltage, current, temperature)"
        " SELECT t, 'l1-tray-001', array_fill(3.6::float8, '{256}'),"
        "   array_fill(0.6::float8, '{256}'), array_fill(25::float8, '{256}')"
        " FROM generate_series(%(now)s - INTERVAL '3 hours', %(now)s, INTERVAL '10 s') AS t",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO cell.ageing (time, cell, equipment, position, ocv1, ocv2, ocv_hours)"
        " SELECT %(now)s - make_interval(mins => i), 'D' || i, 'l1-aisle-01', i, 3.6,"
        "   3.6 - 0.0001 * (i %% 7), 168"
        " FROM generate_series(1, 256) AS i",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO cell.end_of_line (time, cell, equipment, position, verdict, capacity, acir)"
        " SELECT %(now)s - make_interval(mins => i), 'D' || i, 'l1-tester-01', 1 + i %% 16,"
        "   'pass', 4.8, 22"
        " FROM generate_series(1, 256) AS i",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO analysis.cell_quality (cell, time, line, grade, disposition, fault_class,"
        "   reasons, scores)"
        " SELECT 'D' || i, %(now)s - make_interval(mins => i), 'l1', 'a',"
        "   CASE i %% 50 WHEN 1 THEN 'hold' ELSE 'pass' END, 'none', '[{\"text\": \"lot\"}]',"
        '   \'{"acir": {"value": 22, "z": 0.5}}\''
        " FROM generate_series(1, 256) AS i",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO material.hold (who, what, cell, reason) VALUES ('kim', 'hold', %s, 'lane 1')",
        (CELL,),
    )


def _material(connection: Connection, now: datetime) -> None:
    rows = [
        (3, "l1-coater-c-01", ROLL, "l1-c-slurry-1", None, None, 145.0),
        (2, "l1-slitter-c-01", f"{ROLL}-1", ROLL, 0.0, 3000.0, None),
        (2, "l1-slitter-c-01", f"{ROLL}-2", ROLL, 0.0, 3000.0, None),
        (1, "l1-winder-01", CELL, f"{ROLL}-1", 12.0, 12.9, None),
        (0.9, "l1-winder-01", "D2", f"{ROLL}-1", 12.9, 13.8, None),
    ]
    for hours, machine, child, parent, first, last, amount in rows:
        connection.execute(
            "INSERT INTO material.genealogy"
            " (time, equipment, child, parent, from_m, to_m, amount_kg)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (now - timedelta(hours=hours), machine, child, parent, first, last, amount),
        )
    connection.execute(
        "INSERT INTO telemetry.coating (time, equipment, loading_a, loading_b, dry_thickness,"
        "   lane_width, defects, web_speed, residual_solvent)"
        " SELECT t, 'l1-coater-c-01', array_fill(24.6::float8, '{8}'),"
        "   array_fill(24.6::float8, '{8}'), array_fill(105::float8, '{8}'),"
        "   array_fill(65::float8, '{8}'), 2, 60, 300"
        " FROM generate_series(%(now)s - INTERVAL '3 hours', %(now)s, INTERVAL '5 s') AS t",
        {"now": now},
    )


def _rooms(connection: Connection, now: datetime) -> None:
    connection.execute(
        "INSERT INTO telemetry.dry_room"
        "   (time, equipment, dew_point, temperature, overpressure, particles)"
        " SELECT t, equipment, -45, 23, 15, 200000"
        " FROM generate_series(%(now)s - INTERVAL '25 hours', %(now)s, INTERVAL '5 min') AS t"
        " CROSS JOIN dash.equipment WHERE station = 'dry_room'",
        {"now": now},
    )
    # From ten to nine hours ago the first zone is too damp.
    connection.execute(
        "UPDATE telemetry.dry_room SET dew_point = -39 WHERE equipment = 'l1-zone-01'"
        " AND time BETWEEN %(now)s - INTERVAL '10 hours' AND %(now)s - INTERVAL '9 hours'",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO telemetry.ageing (time, equipment, air_hot, air_normal)"
        " SELECT t, 'l1-aisle-01', 45, 25"
        " FROM generate_series(%(now)s - INTERVAL '25 hours', %(now)s, INTERVAL '5 min') AS t",
        {"now": now},
    )


def _models(connection: Connection, now: datetime) -> None:
    model = connection.execute(
        "INSERT INTO analysis.model (line, station, equipment_group, recipe, kind, version,"
        "   detector, state, from_time, to_time, rows, signals, expected, metrics, libraries,"
        "   sha256, content)"
        " VALUES ('l1', 'filling', 'filler', 'vehicle', 'signals', 1, 'residual', 'active', %s, %s,"
        "   1000, '{vacuum}', array_fill(0.1::float8, '{10}'),"
        "   '{\"machines\": 1, \"period_s\": 10, \"arl0\": 86400}', '{}', 'x', 'x') RETURNING id",
        (now - timedelta(days=9), now - timedelta(days=2)),
    ).fetchone()
    assert model is not None
    connection.execute(
        "INSERT INTO analysis.model_event (at, model, who, what)"
        " VALUES (%s, %s, 'kim', 'promoted')",
        (now - timedelta(hours=3), model[0]),
    )
    connection.execute(
        "INSERT INTO analysis.model_day"
        " SELECT %s, (%s::timestamptz - make_interval(days => d))::date, 8640, 8600, 0, 2, 100,"
        "   9000, array_fill(860::bigint, '{10}') FROM generate_series(0, 3) AS d",
        (model[0], now),
    )
    connection.execute(
        "INSERT INTO analysis.watch VALUES ('l1-filler-01', %s, %s, 12, 20, false, '')",
        (model[0], now),
    )
    connection.execute(
        "INSERT INTO analysis.score_1m SELECT %s - make_interval(mins => i), 'l1-filler-01',"
        " 0.5 + 0.01 * i FROM generate_series(1, 60) AS i",
        (now,),
    )
    connection.execute(
        "INSERT INTO analysis.control_limit (equipment, position, characteristic, version, n, mean,"
        "   sd, k, h, arl0, from_time, to_time)"
        " SELECT 'l1-filler-01', p, 'fill_mass', 1, 100, 6.4, 0.025, 0.25, 8, 1000,"
        "   %(now)s, %(now)s"
        " FROM generate_series(1, 8) AS p",
        {"now": now},
    )
    connection.execute(
        "INSERT INTO analysis.chart (id, equipment, position, characteristic, version, points,"
        "   first_time, last_time, total, is_on, below, samples, score_sum, onset_us, recent_us,"
        "   recent_values)"
        " SELECT p, 'l1-filler-01', p, 'fill_mass', 1, 9, %(now)s, %(now)s, '{4000000,0}', '{f,f}',"
        "   '{0,0}', '{0,0}', '{0,0}', '{0,0}', '{}', '{}' FROM generate_series(1, 8) AS p",
        {"now": now},
    )
    connection.execute(
        "UPDATE analysis.anomaly SET contributions ="
        ' \'[{"signal": "vacuum", "share": 0.8, "value": 7, "expected": 5, "unit": "mbar"}]\''
    )
    connection.execute(
        "INSERT INTO alert.event (alert, who, what) SELECT id, 'kim', 'comment' FROM alert.alert"
    )
    connection.execute(
        "INSERT INTO alert.delivery (id, alert, event, endpoint, event_type, body)"
        " SELECT 'msg_1', alert, id, 'shift', 'alert.opened', '{}' FROM alert.event"
    )
