"""What is kept of minutes and hours is what the rows say, whatever order they come in."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import typer
from psycopg import sql
from typer.testing import CliRunner

from plant.model import Plant
from storage.connect import Connection, connect
from storage.kept import Window, all_kept
from storage.ledger import Entry, Span, draw_id, write_entry
from storage.migrate import migrate
from storage.rolling import Progress, Roller, RollupError
from storage.rolling_commands import rollup
from storage.rolling_service import catch_up, run
from storage.rollup_sql import HOUR as HOURS
from storage.rollup_sql import MINUTE, rollups

NOW = datetime(2026, 3, 2, 12, 34, 56, tzinfo=UTC)
FILLER, AISLE = "l1-filler-01", "l1-aisle-01"
HOUR = timedelta(hours=1)


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    with connect(migrated_database, application="test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def roller(connection: Connection, pilot: Plant) -> Roller:
    roller = Roller(pilot)
    roller.attach(connection)
    return roller


def batch(connection: Connection, table: str, rows: list[dict[str, object]]) -> None:
    """Write *rows* as ingest does: with a ledger line that says what they span, in one piece."""
    times = [time for row in rows if isinstance(time := row["time"], datetime)]
    with connection.transaction():
        number = draw_id(connection)
        for row in rows:
            columns = [*row, "batch"]
            connection.execute(
                sql.SQL(
                    "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (cell, time) DO UPDATE SET"
                    " verdict = excluded.verdict, batch = excluded.batch"
                    if table.startswith("cell.")
                    else "INSERT INTO {} ({}) VALUES ({})"
                ).format(
                    sql.Identifier(*table.split(".")),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    sql.SQL(", ").join(sql.Placeholder() * len(columns)),
                ),
                (*row.values(), number),
            )
        span = Span(table, len(rows), min(times), max(times))
        write_entry(connection, Entry(number, "w", NOW, 1, len(rows), 1, 0, 0, (span,)))


def filled(number: int, time: datetime, verdict: str = "pass") -> dict[str, object]:
    return {
        "time": time, "cell": f"c{number}", "equipment": FILLER, "position": 1 + number % 8,
        "verdict": verdict, "fill_mass": 6.4 + 0.01 * math.sin(number),
    }  # fmt: skip


def sampled(time: datetime, vacuum: float = 5.0) -> dict[str, object]:
    return {"time": time, "equipment": FILLER, "vacuum": vacuum}


def aged(number: int, time: datetime, fall: float = 0.0004) -> dict[str, object]:
    return {
        "time": time, "cell": f"c{number}", "equipment": AISLE, "position": 1 + number % 256,
        "ocv1": 3.6, "ocv2": 3.6 - fall, "ocv_hours": 168.0,
    }  # fmt: skip


def formed(number: int, time: datetime, tray: str = "l1-tray-001") -> dict[str, object]:
    return {
        "time": time, "cell": f"c{number}", "equipment": tray, "position": 1 + number % 256,
        "first_cycle_efficiency": 0.88 + 0.001 * math.sin(number),
    }  # fmt: skip


def drain(connection: Connection, roller: Roller, now: datetime = NOW) -> Progress:
    while (done := roller.step(connection, now)).is_behind:
        pass
    return done


def is_kept_right(connection: Connection, plant: Plant) -> None:
    """Fail where what is kept is not what the rows give, worked out from them in one go."""
    row = connection.execute("SELECT minutes_until, hours_until FROM ingest.rolled").fetchone()
    assert row is not None
    for kept in all_kept(plant, list(rollups(plant))):
        for step, part, until in ((MINUTE, kept.minutes, row[0]), (HOURS, kept.hours, row[1])):
            if part is None:
                continue
            columns = sql.SQL(", ").join(map(sql.Identifier, part.columns))
            made = kept.live(step, Window.of(datetime(2020, 1, 1, tzinfo=UTC), until))
            have = sql.SQL("SELECT {} FROM {} WHERE {}").format(columns, part.table, kept.own)
            want = sql.SQL("SELECT {} FROM ({}) AS made").format(columns, made)
            ours, theirs = (_in_order(connection, query) for query in (have, want))
            assert len(ours) == len(theirs), part.table.as_string()
            for mine, other in zip(ours, theirs, strict=True):
                for value, wanted in zip(mine, other, strict=True):
                    # A sum of sums is not the last bit of the sum; all else is to the last digit.
                    same = value == wanted or math.isclose(
                        float(value), float(wanted), rel_tol=1e-12
                    )
                    assert same, (part.table.as_string(), mine, other)

    minutes = "date_trunc('minute', committed_at), count(*), sum(messages), max(committed_at)"
    lines = connection.execute(f"SELECT {minutes} FROM ingest.batch GROUP BY 1 ORDER BY 1")
    added = connection.execute(
        "SELECT time, sum(batches), sum(messages), max(last_commit_at) FROM dash.ingest_rate_1m"
        " GROUP BY 1 ORDER BY 1"
    )
    assert added.fetchall() == lines.fetchall()


def _in_order(connection: Connection, query: sql.Composed) -> list[tuple[float | str, ...]]:
    rows = connection.execute(query).fetchall()
    found = [tuple(v if isinstance(v, float) else str(v) for v in row) for row in rows]
    return sorted(found, key=lambda row: [v for v in row if isinstance(v, str)])


def counted(
    connection: Connection, view: str, columns: str = "sum(rows)::int"
) -> tuple[object, ...]:
    row = connection.execute(f"SELECT {columns} FROM {view}").fetchone()
    assert row is not None
    return row


def test_a_history_is_kept_piece_by_piece_and_shown_the_same_all_the_time(
    connection: Connection, roller: Roller, pilot: Plant
) -> None:
    for hour in range(30):
        batch(connection, "cell.filling", [filled(hour, NOW - hour * HOUR)])
        batch(connection, "telemetry.filling", [sampled(NOW - hour * HOUR)])
    seen = set()
    while True:
        seen.add(counted(connection, "cell.filling_1h") + counted(connection, "cell.filling_1m"))
        if not roller.step(connection, NOW).is_behind:
            break
    assert seen == {(30, 30)}
    assert counted(connection, "cell.filling_1h_kept") == (29,), "the hour that goes on is not kept"
    assert counted(connection, "cell.filling_1m_kept") == (29,), "nor is the minute"
    is_kept_right(connection, pilot)


def test_what_is_kept_is_read_and_no_older_row(connection: Connection, roller: Roller) -> None:
    for hour in range(30):
        batch(connection, "telemetry.filling", [sampled(NOW - hour * HOUR)])
    drain(connection, roller)
    plan = connection.execute("EXPLAIN (ANALYZE) SELECT * FROM telemetry.filling_1h").fetchall()
    chunks = connection.execute("SELECT show_chunks('telemetry.filling')::text").fetchall()
    live = [line for (line,) in plan if "never executed" not in line]
    opened = {name for (name,) in chunks if any(name.split(".")[1] in line for line in live)}
    assert len(chunks) >= 2
    assert len(opened) == 1


def test_late_rows_of_any_kind_change_what_is_kept(
    connection: Connection, roller: Roller, pilot: Plant
) -> None:
    day = NOW - 24 * HOUR
    every = timedelta(minutes=7)
    batch(connection, "cell.filling", [filled(n, day + n * every) for n in range(50)])
    batch(connection, "cell.formation", [formed(n, day) for n in range(10)])
    batch(connection, "cell.ageing", [aged(n, day + 9 * HOUR) for n in range(20)])
    drain(connection, roller)
    is_kept_right(connection, pilot)
    late = [
        # A new cell; another verdict for a row that is there; an earlier visit of a cell.
        ("cell.filling", [filled(99, day + 2 * HOUR)]),
        ("cell.filling", [filled(3, day + 3 * every, "fail")]),
        ("cell.filling", [filled(40, day - HOUR)]),
        # The tray of cells that have been measured already; a sample from before all others.
        ("cell.formation", [formed(n, day + HOUR, "l1-tray-002") for n in range(10, 15)]),
        ("telemetry.filling", [sampled(day - 48 * HOUR)]),
    ]
    for table, rows in late:
        batch(connection, table, rows)
        assert drain(connection, roller).late_windows
        is_kept_right(connection, pilot)
    new, good = counted(connection, "dash.output_1h", "sum(new)::int, sum(new_good)::int")
    trays = connection.execute(
        "SELECT place, sum(n)::int FROM dash.spread_1h WHERE factor = 'tray' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    # Of 52 visits to filling one is no cell's first; 15 cells were formed, 20 aged.
    assert (new, good) == (51 + 15 + 20, 50 + 15 + 20)
    assert trays == [("l1-tray-001", 10), ("l1-tray-002", 5)]


def test_a_transaction_that_was_open_all_the_while_is_not_missed(
    connection: Connection, migrated_database: str, roller: Roller, pilot: Plant
) -> None:
    batch(connection, "cell.filling", [filled(1, NOW - 5 * HOUR)])
    with connect(migrated_database, application="slow") as slow:
        slow.execute("SELECT 1")  # begins the transaction that stays open
        batch(slow, "cell.filling", [filled(2, NOW - 3 * HOUR)])
        batch(connection, "cell.filling", [filled(3, NOW - 2 * HOUR)])
        drain(connection, roller)
        assert counted(connection, "cell.filling_1h") == (2,)
        slow.commit()
    drain(connection, roller)
    assert counted(connection, "cell.filling_1h") == (3,)
    is_kept_right(connection, pilot)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_of_rows_in_any_order_with_kills_in_between_ends_right(
    connection: Connection, migrated_database: str, roller: Roller, pilot: Plant, seed: int
) -> None:
    chance = random.Random(seed)
    now = NOW - 12 * HOUR
    kinds = (("cell.filling", filled), ("cell.formation", formed), ("cell.ageing", aged))
    for number in range(60):
        table, made = chance.choice(kinds)
        times = {now - timedelta(seconds=chance.expovariate(1 / 9000)) for _ in range(3)}
        batch(connection, table, [made(chance.randrange(60), time) for time in sorted(times)])
        batch(connection, "telemetry.filling", [sampled(now - chance.random() * 9 * HOUR)])
        now += timedelta(minutes=12)
        if number % 15 == 3:
            killed(migrated_database, pilot, now)
        if chance.random() < 0.3:
            roller.step(connection, now, limit=chance.choice([1, 7, 500]))
    drain(connection, roller, now + HOUR)
    is_kept_right(connection, pilot)
    raw = counted(connection, "cell.filling", "count(*)::int")
    assert counted(connection, "cell.filling_1m") == counted(connection, "cell.filling_1h") == raw


def killed(dsn: str, plant: Plant, now: datetime) -> None:
    """Let a step be killed by the server when it is almost done."""
    with connect(dsn, application="killed", autocommit=True) as connection:
        roller = Roller(plant)
        roller.attach(connection)
        connection.execute(
            "CREATE OR REPLACE FUNCTION pg_temp.kill() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER kill AFTER UPDATE ON ingest.rolled EXECUTE FUNCTION pg_temp.kill()"
        )
        with pytest.raises(psycopg.errors.AdminShutdown):
            roller.step(connection, now)


def test_a_service_of_another_plant_file_does_not_go_on(
    connection: Connection, migrated_database: str, roller: Roller, pilot: Plant
) -> None:
    whole = pilot.model_dump()
    residue = {"unit": "g", "nominal": 1.0, "sd": 0.1, "source": "test"}
    whole["stations"]["filling"]["results"]["residue"] = residue
    batch(connection, "cell.filling", [filled(1, NOW - 5 * HOUR)])
    drain(connection, roller)
    more = Plant.model_validate(whole)
    migrate(migrated_database, more)
    with pytest.raises(RollupError, match="migrated with another plant file"):
        roller.step(connection, NOW)
    batch(connection, "cell.filling", [filled(2, NOW - 4 * HOUR) | {"residue": 2.5}])
    newer = Roller(more)
    newer.attach(connection)
    drain(connection, newer)
    columns = "sum(rows)::int, sum(residue_n)::int, max(residue_max)"
    assert counted(connection, "cell.filling_1h_kept", columns) == (2, 1, 2.5)
    is_kept_right(connection, more)


def test_a_step_needs_no_more_rights_than_a_service_has(
    connection: Connection, roller: Roller, pilot: Plant
) -> None:
    batch(connection, "cell.filling", [filled(1, NOW - 5 * HOUR)])
    connection.execute("SET ROLE jellyroll_writer")
    drain(connection, roller)
    connection.execute("RESET ROLE")
    assert counted(connection, "cell.filling_1h_kept") == (1,)
    connection.execute("SET ROLE grafana_reader")
    assert counted(connection, "dash.cell_filling_1h") == (1,)


def test_the_command_does_what_is_pending_and_tells_it(
    connection: Connection, migrated_database: str
) -> None:
    now = datetime.now(UTC)
    batch(connection, "cell.filling", [filled(1, now - 5 * HOUR)])
    arguments = ["--database", migrated_database, "--once"]
    app = typer.Typer()
    app.command()(rollup)
    assert "kept until" in CliRunner().invoke(app, arguments).output
    batch(connection, "cell.filling", [filled(2, now - 3 * HOUR)])
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert (told["batches"], told["late_windows"]) == (1, 2)
    assert counted(connection, "cell.filling_1h_kept") == (2,)


def test_a_second_service_leaves_the_work_to_the_first(
    connection: Connection, migrated_database: str, pilot: Plant
) -> None:
    stop = threading.Event()
    first = threading.Thread(target=run, args=(migrated_database, Roller(pilot), stop))
    first.start()
    try:
        batch(connection, "cell.filling", [filled(1, datetime.now(UTC) - 5 * HOUR)])
        while counted(connection, "cell.filling_1h_kept") != (1,):
            time.sleep(0.05)
        with pytest.raises(RollupError, match="another `jellyroll rollup` works"):
            catch_up(migrated_database, Roller(pilot))
    finally:
        stop.set()
        first.join()
