"""Rollups on a real database; the Community edition's SQL as far as an Apache one can judge it."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from plant.model import Plant
from storage import rollup
from storage.connect import Connection, Edition
from storage.retention import compress_after
from storage.rollup_sql import (
    HOUR,
    MINUTE,
    Part,
    Rollup,
    Step,
    compression_statements,
    over_parts,
    over_raw,
    part_query,
    part_statements,
    refresh_policy,
    renewed_compression_statements,
    rollups,
    settled_after,
)
from storage.schema import apply_tables
from storage.sql import statement
from storage.views import columns_of

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
FILLER = "l1-filler-01"
LATE = timedelta(days=91)


def rollup_of(plant: Plant, table: str) -> Rollup:
    return next(r for r in rollups(plant) if str(r.table) == table)


def with_result(plant: Plant, place: str) -> Plant:
    """Return *plant* with one more result, `residue`, at filling: 'first' or 'last'."""
    whole = plant.model_dump()
    station = whole["stations"]["filling"]
    new = {"residue": {"unit": "g", "nominal": 1.0, "sd": 0.1, "source": "test"}}
    old = station["results"]
    station["results"] = {**new, **old} if place == "first" else {**old, **new}
    return Plant.model_validate(whole)


def fill_cells(connection: Connection, count: int = 600) -> list[tuple[datetime, int, float]]:
    """Insert *count* cells, one each 12 s, on nozzles 1 to 8; each 7th has no fill mass."""
    cells = [
        (START + timedelta(seconds=12 * i), 1 + i % 8, 6.4 + 0.025 * math.sin(i))
        for i in range(count)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO cell.filling (time, cell, equipment, position, verdict, fill_mass)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (time, f"c{i:06}", FILLER, position, "fail" if i % 10 == 0 else "pass",
                 None if i % 7 == 0 else mass)
                for i, (time, position, mass) in enumerate(cells)
            ],
        )  # fmt: skip
    return [cell for i, cell in enumerate(cells) if i % 7]


@pytest.mark.parametrize(("step", "seconds"), [("1m", 60), ("1h", 3600)])
def test_a_rollup_row_holds_what_its_raw_rows_say(
    connection: Connection, step: str, seconds: int
) -> None:
    cells = fill_cells(connection)
    rows = connection.execute(
        f"SELECT time, position, fill_mass_n, fill_mass_sum, fill_mass_sum2, fill_mass_min,"
        f" fill_mass_max FROM cell.filling_{step} WHERE fill_mass_n > 0"
    ).fetchall()
    expected: dict[tuple[datetime, int], list[float]] = {}
    for time, position, mass in cells:
        bucket = START + timedelta(seconds=(time - START) // timedelta(seconds=seconds) * seconds)
        expected.setdefault((bucket, position), []).append(mass)
    assert len(rows) == len(expected)
    for time, position, n, total, squares, low, high in rows:
        masses = expected[time, position]
        assert n == len(masses)
        assert total == pytest.approx(math.fsum(masses))
        assert squares == pytest.approx(math.fsum(m * m for m in masses))
        assert (low, high) == (min(masses), max(masses))


def test_mean_and_spread_of_any_window_follow_from_the_rollup(connection: Connection) -> None:
    masses = [mass for _, _, mass in fill_cells(connection)]
    row = connection.execute(
        "SELECT sum(fill_mass_sum) / sum(fill_mass_n),"
        " sqrt(sum(fill_mass_sum2) / sum(fill_mass_n)"
        " - (sum(fill_mass_sum) / sum(fill_mass_n)) ^ 2) FROM cell.filling_1h"
    ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(statistics.fmean(masses))
    assert row[1] == pytest.approx(statistics.pstdev(masses), rel=1e-6)


def test_cells_and_failed_cells_are_counted_with_or_without_a_value(
    connection: Connection,
) -> None:
    fill_cells(connection, count=600)
    row = connection.execute("SELECT sum(rows), sum(failed) FROM cell.filling_1m").fetchone()
    assert row == (600, 60)


def test_a_window_of_buckets_opens_only_its_own_chunks(connection: Connection) -> None:
    for day in range(5):
        connection.execute(
            "INSERT INTO telemetry.filling (time, equipment, vacuum) VALUES (%s, %s, 5)",
            (START + timedelta(days=day), FILLER),
        )
    plan = connection.execute(
        "EXPLAIN SELECT * FROM telemetry.filling_1h WHERE time BETWEEN"
        " '2026-03-02T06:00:00Z' AND '2026-03-02T12:00:00Z'"
    ).fetchall()
    chunks = connection.execute("SELECT show_chunks('telemetry.filling')").fetchall()
    opened = {word for (line,) in plan for word in line.split() if word.startswith("_hyper")}
    assert len(chunks) == 5
    assert len({name for name in opened if name.endswith("_chunk")}) == 1


def test_arrays_have_no_rollup_and_a_station_of_arrays_has_no_view(
    connection: Connection, pilot: Plant
) -> None:
    assert "dose_flow" not in rollup_of(pilot, "telemetry.filling").signals
    row = connection.execute("SELECT to_regclass('telemetry.formation_1m')").fetchone()
    assert row == (None,)


def test_many_positions_are_not_told_apart(connection: Connection) -> None:
    for channel in (1, 2, 200):
        connection.execute(
            "INSERT INTO cell.formation (time, cell, equipment, position, discharge_capacity)"
            " VALUES (%s, %s, 'l1-tray-001', %s, 4.8)",
            (START, f"c{channel}", channel),
        )
    rows = connection.execute(
        "SELECT position, discharge_capacity_n FROM cell.formation_1m"
    ).fetchall()
    assert rows == [(None, 3)]


def test_applying_again_changes_nothing(connection: Connection, pilot: Plant) -> None:
    assert rollup.apply(connection, pilot, Edition.APACHE) == []


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_new_result_comes_after_the_columns_that_are_there(
    connection: Connection, pilot: Plant, place: str
) -> None:
    more = with_result(pilot, place)
    apply_tables(connection, more)
    rollup.apply(connection, more, Edition.APACHE)
    names = columns_of(connection, "cell", "filling_1m")
    connection.execute(
        "INSERT INTO cell.filling (time, cell, equipment, residue) VALUES (%s, 'x', %s, 2.5)",
        (START, FILLER),
    )
    row = connection.execute("SELECT residue_n, residue_max FROM cell.filling_1h").fetchone()
    assert names[:3] == ("time", "equipment", "position")
    measures = ("n", "sum", "sum2", "min", "max")
    assert names[-5:] == tuple(f"residue_{measure}" for measure in measures)
    assert row == (1, 2.5)


def test_a_result_that_the_plant_no_longer_names_stays_readable(
    connection: Connection, pilot: Plant
) -> None:
    more = with_result(pilot, "last")
    apply_tables(connection, more)
    rollup.apply(connection, more, Edition.APACHE)
    assert rollup.apply(connection, pilot, Edition.APACHE) == []
    connection.execute("SELECT residue_sum FROM cell.filling_1m")


# --- The Community edition: its grammar and names are checked as far as the licence check, its
# queries by running them as plain views.


def stand_in(
    connection: Connection, whole: Rollup, step: Step, groups: list[tuple[str, ...]]
) -> list[Part]:
    """Make a plain view in place of each continuous aggregate, one per group of signals."""
    parts = []
    for version, signals in enumerate(groups, 1):
        name = whole.part(step, version)
        query = part_query(whole, signals, step, version)
        view = sql.Identifier(whole.table.schema, name)
        connection.execute(sql.SQL("CREATE VIEW {} AS {}").format(view, query))
        parts.append(Part(name, columns_of(connection, whole.table.schema, name)))
    return parts


def rows_and_types(
    connection: Connection, query: sql.Composable
) -> tuple[list[tuple[object, ...]], list[tuple[str, int]]]:
    cursor = connection.execute(
        sql.SQL("SELECT * FROM ({}) AS q ORDER BY time, equipment").format(query)
    )
    columns = [(column.name, column.type_code) for column in cursor.description or ()]
    return sorted(cursor.fetchall(), key=repr), columns


@pytest.mark.parametrize("step", [MINUTE, HOUR], ids=["1m", "1h"])
@pytest.mark.parametrize("table", ["cell.filling", "telemetry.filling"])
def test_both_editions_show_the_same_columns_and_rows(
    connection: Connection, pilot: Plant, table: str, step: Step
) -> None:
    whole = rollup_of(pilot, table)
    fill_cells(connection, count=60)
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum)"
        " SELECT %s + make_interval(secs => i), %s, 5 + i FROM generate_series(1, 200) AS i",
        (START, FILLER),
    )
    parts = stand_in(connection, whole, MINUTE, [whole.signals])
    if step is HOUR:
        parts = stand_in(connection, whole, HOUR, [whole.signals])
    community = rows_and_types(connection, over_parts(whole, parts))
    apache = rows_and_types(connection, over_raw(whole, step))
    assert apache[0]
    assert community[1] == apache[1]
    for ours, theirs in zip(community[0], apache[0], strict=True):
        assert ours[:3] == theirs[:3]
        # A sum of sums is not the last bit of the sum.
        assert ours[3:] == pytest.approx(theirs[3:])


def test_signals_of_a_later_aggregate_stand_in_the_same_rows(
    connection: Connection, pilot: Plant
) -> None:
    whole = rollup_of(pilot, "cell.filling")
    early, late = whole.signals[:2], whole.signals[2:]
    fill_cells(connection, count=60)
    parts = stand_in(connection, whole, MINUTE, [early, late])
    community = rows_and_types(connection, over_parts(whole, parts))
    apache = rows_and_types(connection, over_raw(whole, MINUTE))
    assert apache[0]
    assert community == apache


def test_the_apache_edition_refuses_the_community_statements_for_their_licence_alone(
    connection: Connection, pilot: Plant
) -> None:
    whole = rollup_of(pilot, "cell.filling")
    stand_in(connection, whole, MINUTE, [whole.signals])
    stand_in(connection, whole, HOUR, [whole.signals])
    statements = [
        *part_statements(whole, whole.signals, MINUTE, 1, pilot),
        *part_statements(whole, whole.signals, HOUR, 1, pilot),
        *compression_statements(whole.table, LATE),
        renewed_compression_statements(whole.table, LATE)[0],
    ]
    assert len(statements) == 7
    for command in statements:
        with (
            pytest.raises(psycopg.errors.FeatureNotSupported, match="license"),
            connection.transaction(),
        ):
            connection.execute(command)


def test_compression_waits_until_no_late_row_can_come(pilot: Plant) -> None:
    assert compress_after(pilot, rollup_of(pilot, "cell.filling").table) == LATE
    assert pilot.intake.max_lateness_d == 90


def test_what_a_renewal_asks_and_takes_apart_is_nothing_where_no_policy_is(
    connection: Connection, pilot: Plant
) -> None:
    whole = rollup_of(pilot, "cell.filling")
    fill_cells(connection, count=2)
    assert rollup._policy_ages(connection, "policy_compression", "compress_after") == {}
    assert connection.execute(renewed_compression_statements(whole.table, LATE)[1]).rowcount == 0


def test_policies_follow_the_lateness_that_the_plant_allows(pilot: Plant) -> None:
    allowed = pilot.intake.model_copy(update={"max_lateness_d": 120.0})
    later = pilot.model_copy(update={"intake": allowed})
    table = rollup_of(pilot, "cell.filling").table
    _, apart, policy = renewed_compression_statements(table, compress_after(later, table))
    refresh = refresh_policy("cell.filling_1m_v1", MINUTE, later)
    for command in (apart, policy, refresh):
        assert "'121 days" in command.as_string()


@pytest.mark.parametrize("made", ["filling", "welding"])
def test_history_is_what_lies_before_the_policies_and_has_not_been_condensed(
    connection: Connection, pilot: Plant, made: str
) -> None:
    # Of two tables in place of what an aggregate has made, the first holds old rows.
    time = datetime.now(UTC) - timedelta(days=200)
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment) VALUES (%s, %s)", (time, FILLER)
    )
    found = connection.execute(
        statement("rollup_history").format(
            schema="telemetry",
            name="filling",
            made=sql.Identifier("telemetry", made),
            late=settled_after(pilot),
        )
    ).fetchone()
    if made == "filling":
        assert found is None
    else:
        assert found is not None
        assert timedelta(0) <= time - found[0] < timedelta(days=1)
