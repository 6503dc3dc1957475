from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import psycopg
import pytest
from typer.testing import CliRunner

from genealogy.commands import app
from genealogy.reading import TraceError
from genealogy.trace import Use, Visit, downstream, is_known, upstream, visits
from plant.model import Plant
from storage.connect import Connection, connect

MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)

#: lot -> slurry -> coated roll -> two slit rolls -> cells; the separator comes as it is.
#: child, parent, machine, first metre, last metre, kilograms
RECORDS = [
    ("slurry-1", "lot-nmc-7", "l1-mixer-c-01", None, None, 412.5),
    ("slurry-1", "lot-binder-2", "l1-mixer-c-01", None, None, 8.25),
    ("coated-1", "slurry-1", "l1-coater-c-01", None, None, 380.0),
    ("slit-1a", "coated-1", "l1-slitter-c-01", 0.0, 1500.0, None),
    ("slit-1b", "coated-1", "l1-slitter-c-01", 1500.0, 3000.0, None),
    ("cell-1", "slit-1a", "l1-winder-01", 811.0, 811.9, None),
    ("cell-2", "slit-1a", "l1-winder-01", 811.9, 812.8, None),
    ("cell-3", "slit-1a", "l1-winder-01", 840.0, 840.9, None),
    ("cell-4", "slit-1a", "l1-winder-01", 840.9, 841.8, None),
    ("cell-5", "slit-1b", "l1-winder-01", 1.0, 1.9, None),
    ("cell-1", "separator-9", "l1-winder-01", 10.0, 11.0, None),
    ("cell-5", "separator-9", "l1-winder-01", 11.0, 12.0, None),
]


def add_records(
    connection: Connection,
    records: list[tuple[str, str, str, float | None, float | None, float | None]],
) -> None:
    rows = [
        (MORNING + timedelta(minutes=minute), equipment, child, parent, from_m, to_m, amount_kg)
        for minute, (child, parent, equipment, from_m, to_m, amount_kg) in enumerate(records)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO material.genealogy"
            " (time, equipment, child, parent, from_m, to_m, amount_kg)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


@pytest.fixture
def database(migrated_database: str) -> str:
    with connect(migrated_database, application="test") as connection:
        add_records(connection, RECORDS)
        connection.execute(
            "INSERT INTO cell.winding (time, cell, equipment, position, verdict) VALUES"
            " (%(t)s, 'cell-1', 'l1-winder-01', NULL, 'pass'),"
            " (%(t)s, 'cell-2', 'l1-winder-01', NULL, 'pass')",
            {"t": MORNING + timedelta(hours=1)},
        )
        connection.execute(
            "INSERT INTO cell.filling (time, cell, equipment, position, verdict)"
            " VALUES (%s, 'cell-1', 'l1-filler-01', 3, 'fail')",
            (MORNING + timedelta(hours=2),),
        )
    return migrated_database


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with connect(database, application="test") as connection:
        yield connection


def parents(uses: list[Use]) -> set[str]:
    return {use.parent for use in uses}


def children(uses: list[Use]) -> set[str]:
    return {use.child for use in uses}


def test_a_cell_leads_to_every_lot_behind_it_and_to_nothing_else(connection: Connection) -> None:
    uses = upstream(connection, "cell-1")
    assert parents(uses) == {
        "slit-1a", "separator-9", "coated-1", "slurry-1", "lot-nmc-7", "lot-binder-2",
    }  # fmt: skip
    assert [use.time for use in uses] == sorted((use.time for use in uses), reverse=True)
    assert uses[1] == Use(
        MORNING + timedelta(minutes=5), "l1-winder-01", "cell-1", "slit-1a", 811.0, 811.9, None
    )


def test_a_lot_leads_to_every_cell_that_holds_some_of_it(connection: Connection) -> None:
    uses = downstream(connection, "lot-binder-2")
    assert {c for c in children(uses) if c.startswith("cell")} == {
        "cell-1", "cell-2", "cell-3", "cell-4", "cell-5",
    }  # fmt: skip
    assert "separator-9" not in parents(uses)


def test_metres_choose_the_cells_whose_range_they_touch(connection: Connection) -> None:
    expected: list[tuple[float | None, float | None, set[str]]] = [
        (812.0, 840.0, {"cell-2", "cell-3"}),
        (811.9, 811.9, {"cell-1", "cell-2"}),
        (813.0, 839.0, set()),
        (840.95, None, {"cell-4"}),
        (None, 811.5, {"cell-1"}),
    ]
    for from_m, to_m, cells in expected:
        assert children(downstream(connection, "slit-1a", from_m, to_m)) == cells


def test_a_roll_unwound_from_its_far_end_is_found_by_its_metres(connection: Connection) -> None:
    add_records(connection, [("cell-6", "slit-2", "l1-winder-01", 500.9, 500.0, None)])
    assert children(downstream(connection, "slit-2", 499.0, 500.5)) == {"cell-6"}
    assert downstream(connection, "slit-2", 501.0, 600.0) == []


def test_metres_of_a_mother_roll_reach_the_cells_of_the_slit_roll_made_there(
    connection: Connection,
) -> None:
    # Metre 1501 of the mother roll is the first one of the second strip.
    assert children(downstream(connection, "coated-1", 1501.5, 1502.0)) == {"slit-1b", "cell-5"}
    assert children(downstream(connection, "coated-1", 2000.0, 2100.0)) == {"slit-1b"}
    assert children(downstream(connection, "coated-1", 812.0, 840.0)) == {
        "slit-1a", "cell-2", "cell-3",
    }  # fmt: skip


def test_metres_of_a_mother_roll_that_was_slit_from_its_far_end_count_backwards(
    connection: Connection,
) -> None:
    add_records(
        connection,
        [
            ("slit-3", "coated-3", "l1-slitter-c-01", 3000.0, 0.0, None),
            ("cell-8", "slit-3", "l1-winder-01", 0.0, 0.9, None),
            ("cell-9", "slit-3", "l1-winder-01", 2999.0, 2999.9, None),
        ],
    )
    assert children(downstream(connection, "coated-3", 2999.5, 3000.0)) == {"slit-3", "cell-8"}
    assert children(downstream(connection, "coated-3", 0.0, 0.5)) == {"slit-3", "cell-9"}


def test_of_a_strip_of_two_pieces_all_of_it_counts(connection: Connection) -> None:
    """Nobody recorded where on it the pieces are."""
    add_records(
        connection,
        [
            ("slit-4", "coated-4", "l1-slitter-c-01", 0.0, 100.0, None),
            ("slit-4", "coated-5", "l1-slitter-c-01", 0.0, 100.0, None),
            ("cell-10", "slit-4", "l1-winder-01", 150.0, 150.9, None),
        ],
    )
    assert "cell-10" in children(downstream(connection, "coated-4", 10.0, 20.0))
    assert downstream(connection, "coated-4", 110.0, 120.0) == []


def test_metres_that_go_round_in_a_circle_come_to_an_end(connection: Connection) -> None:
    add_records(
        connection,
        [
            ("e", "d", "l1-slitter-c-01", 5.0, 50.0, None),
            ("d", "e", "l1-slitter-c-01", 40.0, 3.0, None),
        ],
    )
    for metres in ((10.0, 12.0), (10.0, None), (None, 12.0)):
        assert children(downstream(connection, "d", *metres)) <= {"d", "e"}


def test_an_amount_without_metres_may_be_any_part_of_its_parent(connection: Connection) -> None:
    assert "coated-1" in children(downstream(connection, "slurry-1", 1.0, 2.0))


def test_records_that_go_round_in_a_circle_come_back_once_each(connection: Connection) -> None:
    circle: list[tuple[str, str, str, float | None, float | None, float | None]] = [
        ("b", "a", "l1-slitter-c-01", None, None, 1.0),
        ("c", "b", "l1-slitter-c-01", None, None, 1.0),
        ("a", "c", "l1-slitter-c-01", None, None, 1.0),
        ("s", "s", "l1-slitter-c-01", None, None, 1.0),
    ]
    add_records(connection, circle)
    for trace in (upstream, downstream):
        assert sorted((u.child, u.parent) for u in trace(connection, "a")) == [
            ("a", "c"), ("b", "a"), ("c", "b"),
        ]  # fmt: skip
        assert [(u.child, u.parent) for u in trace(connection, "s")] == [("s", "s")]


def test_material_that_was_shared_comes_back_once(connection: Connection) -> None:
    add_records(
        connection,
        [
            ("cell-7", "slit-1a", "l1-winder-01", 900.0, 901.0, None),
            ("cell-7", "slit-1b", "l1-winder-01", 900.0, 901.0, None),
        ],
    )
    uses = upstream(connection, "cell-7")
    assert len(uses) == len(set(uses)) == 7


def test_a_cells_visits_come_from_the_results_of_all_stations(
    connection: Connection, pilot: Plant
) -> None:
    assert visits(connection, pilot, ["cell-1", "slit-1a"]) == [
        Visit(MORNING + timedelta(hours=1), "winding", "cell-1", "l1-winder-01", None, "pass"),
        Visit(MORNING + timedelta(hours=2), "filling", "cell-1", "l1-filler-01", 3, "fail"),
    ]


def test_a_thing_is_known_once_it_was_made_or_used(connection: Connection) -> None:
    assert is_known(connection, "lot-nmc-7")
    assert is_known(connection, "cell-5")
    assert not is_known(connection, "Cell-5")


def test_trace_cell_unfolds_the_material_and_prints_json_for_machines(database: str) -> None:
    result = CliRunner().invoke(app, ["cell", "cell-1", "--database", database])
    assert result.exit_code == 0, result.output
    assert "l1-filler-01" in result.output
    assert "811 to 811.9 m" in result.output
    assert result.output.count("lot-nmc-7") == 1

    result = CliRunner().invoke(app, ["cell", "cell-1", "--database", database, "--json"])
    document = orjson.loads(result.stdout)
    assert document["cell"] == "cell-1"
    assert [visit["verdict"] for visit in document["visits"]] == ["pass", "fail"]
    assert len(document["material"]) == 6


def test_trace_roll_shows_what_became_of_the_cells_and_prints_json_for_machines(
    database: str,
) -> None:
    arguments = ["roll", "slit-1a", "--metres", "811:812", "--database", database]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "2 in all: 2 not judged" in result.output
    assert "fail" in result.output
    assert "cell-3" not in result.output

    document = orjson.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert [use["child"] for use in document["uses"]] == ["cell-1", "cell-2"]
    assert [cell["state"] for cell in document["cells"]] == ["not judged", "not judged"]


def test_trace_roll_of_known_metres_that_nothing_took_is_no_error(database: str) -> None:
    arguments = ["roll", "slit-1a", "--metres", "100:200", "--database", database]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "0 in all" in result.output


def test_an_unknown_id_is_an_error_that_names_it(database: str) -> None:
    for command in ("cell", "roll"):
        result = CliRunner().invoke(app, [command, "cell-99", "--database", database])
        assert isinstance(result.exception, TraceError)
        assert f"{command} 'cell-99' is unknown" in str(result.exception)
        assert result.exit_code == 1


@pytest.mark.parametrize("metres", ["840", "840:812", "a:b", "1:2:3", "nan:1"])
def test_metres_that_are_no_range_are_refused_with_an_example(metres: str) -> None:
    arguments = ["roll", "slit-1a", "--metres", metres, "--database", "postgresql://nowhere"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "812:840" in result.output


def test_a_database_that_was_never_migrated_says_what_to_do(fresh_database: str) -> None:
    result = CliRunner().invoke(app, ["cell", "cell-1", "--database", fresh_database])
    assert isinstance(result.exception, TraceError)
    assert isinstance(result.exception.__cause__, psycopg.errors.UndefinedTable)
    assert "jellyroll migrate" in str(result.exception)
