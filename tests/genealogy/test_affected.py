"""From a finding to the cells it concerns, and keeping them back."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from genealogy import affected
from genealogy.affected import (
    Choice,
    ChoiceError,
    cells_of,
    hold,
    release,
    states_of,
    survey,
)
from plant.model import Plant
from storage.connect import Connection, connect

MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
#: Two rolls of one slurry, a strip of each, ten cells of each strip.
MATERIAL = [
    ("slurry-1", "lot-7", "l1-mixer-c-01", None, None),
    ("roll-1", "slurry-1", "l1-coater-c-01", None, None),
    ("roll-2", "slurry-1", "l1-coater-c-01", None, None),
    ("strip-1", "roll-1", "l1-slitter-c-01", 0.0, 3000.0),
    ("strip-2", "roll-2", "l1-slitter-c-01", 0.0, 3000.0),
]


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    with connect(migrated_database, application="test") as connection:
        rows = [
            (MORNING + timedelta(minutes=minute), *record) for minute, record in enumerate(MATERIAL)
        ]
        cells = [(f"cell-{strip}{n}", f"strip-{strip}", n) for strip in (1, 2) for n in range(10)]
        rows += [
            (MORNING + timedelta(hours=n), cell, strip, "l1-winder-01", 0.8 * n, 0.8 * (n + 1))
            for cell, strip, n in cells
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO material.genealogy (time, child, parent, equipment, from_m, to_m)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                rows,
            )
            cursor.executemany(
                "INSERT INTO cell.filling (time, cell, equipment, position)"
                " VALUES (%s, %s, 'l1-filler-01', %s)",
                [(MORNING + timedelta(hours=n), cell, n % 4 + 1) for cell, _, n in cells],
            )
        connection.commit()
        yield connection


def chosen(connection: Connection, plant: Plant, choice: Choice) -> list[str]:
    return [cell.removeprefix("cell-") for cell in cells_of(connection, plant, choice)]


def test_a_lot_leads_through_all_that_was_made_of_it(connection: Connection, pilot: Plant) -> None:
    assert len(chosen(connection, pilot, Choice(thing="lot-7"))) == 20
    assert chosen(connection, pilot, Choice(thing="roll-2")) == [f"2{n}" for n in range(10)]
    assert chosen(connection, pilot, Choice(thing="nothing")) == []


def test_metres_of_a_strip_lead_to_the_cells_that_took_them(
    connection: Connection, pilot: Plant
) -> None:
    choice = Choice(thing="strip-1", from_m=1.7, to_m=3.3)
    assert chosen(connection, pilot, choice) == ["12", "13", "14"]


def test_a_position_and_an_hour_lead_to_the_cells_that_were_there(
    connection: Connection, pilot: Plant
) -> None:
    third = Choice(equipment="l1-filler-01", position=3)
    assert chosen(connection, pilot, third) == ["12", "16", "22", "26"]
    later = Choice(equipment="l1-filler-01", since=MORNING + timedelta(hours=8))
    assert chosen(connection, pilot, later) == ["18", "19", "28", "29"]


def test_a_machine_of_rolls_leads_to_the_cells_of_what_it_made(
    connection: Connection, pilot: Plant
) -> None:
    choice = Choice(equipment="l1-slitter-c-01", since=MORNING + timedelta(minutes=4))
    assert chosen(connection, pilot, choice) == [f"2{n}" for n in range(10)]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(equipment="l1-oven-01"), "'l1-oven-01' is not in the plant file"),
        (Choice(equipment="l1-calender-c-01"), "no record says what l1-calender-c-01 made"),
        (Choice(equipment="l1-coater-c-01", position=3), "which position"),
    ],
)
def test_a_choice_that_cannot_be_known_is_told(
    connection: Connection, pilot: Plant, choice: Choice, words: str
) -> None:
    with pytest.raises(ChoiceError, match=words):
        cells_of(connection, pilot, choice)


def test_a_hold_and_its_release_are_both_recorded(connection: Connection, pilot: Plant) -> None:
    assert hold(connection, ["cell-10", "cell-11"], "A. Smith", "pinholes") == 2
    assert hold(connection, ["cell-11", "cell-12"], "B. Jones", "burr") == 1
    held = states_of(connection, pilot, Choice(cells=("cell-11", "cell-10")))
    assert {state.cell: state.held_because for state in held} == {
        "cell-10": "pinholes",
        "cell-11": "pinholes",
    }
    assert release(connection, ["cell-10", "cell-13"], "A. Smith", "measured again") == 1
    rows = connection.execute("SELECT who, what, cell, reason FROM material.hold ORDER BY id")
    assert rows.fetchall()[-1] == ("A. Smith", "release", "cell-10", "measured again")
    now = connection.execute("SELECT cell FROM material.hold_now ORDER BY cell").fetchall()
    assert now == [("cell-11",), ("cell-12",)]


def test_of_many_cells_the_states_are_not_counted(
    connection: Connection, pilot: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(connection, ["cell-11"], "A. Smith", "pinholes")
    lot = Choice(thing="lot-7")
    assert survey(connection, pilot, lot, 3).counts == {"not judged": 19, "on hold": 1}
    monkeypatch.setattr(affected, "COUNTED", 19)
    found = survey(connection, pilot, lot, 3)
    assert (found.total, found.counts) == (20, {})
    assert [(s.cell, s.state) for s in found.first] == [
        ("cell-10", "not judged"), ("cell-11", "on hold"), ("cell-12", "not judged"),
    ]  # fmt: skip


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jellyroll", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_commands_choose_hold_show_and_write(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    assert connection.info.dbname in migrated_database
    dsn = ("--database", migrated_database)
    held = run("hold", "--roll", "strip-1", "--metres", "0:1.7", "--reason", "lane 4", *dsn)
    assert held.stdout == "3 put on hold, 0 were already\n", held.stderr
    found = json.loads(run("trace", "lot", "lot-7", "--json", *dsn).stdout)["cells"]
    assert [c["cell"] for c in found if c["held_because"] == "lane 4"] == [
        "cell-10", "cell-11", "cell-12",
    ]  # fmt: skip
    nozzle = ("trace", "channel", "l1-filler-01", "3", *dsn)
    table = run(*nozzle).stdout
    assert "4 cells: 3 not judged, 1 on hold" in table
    assert run(*nozzle, "--out", str(tmp_path / "a.csv")).returncode == 0
    assert run(*nozzle, "--out", str(tmp_path / "a.parquet")).returncode == 0
    with (tmp_path / "a.csv").open(encoding="utf-8") as file:
        cells = [row["cell"] for row in csv.DictReader(file)]
    assert cells == pq.read_table(tmp_path / "a.parquet").column("cell").to_pylist()
    assert cells == ["cell-12", "cell-16", "cell-22", "cell-26"]
    assert "is not .csv or .parquet" in run(*nozzle, "--out", str(tmp_path / "a.txt")).stderr
    assert "l1-winder-01" in run("trace", "cell-10", *dsn).stdout
    freed = run("release", "cell-10", "cell-19", "--reason", "measured again", *dsn)
    assert freed.stdout == "1 released, 1 were not on hold\n"
    assert "name cells" in run("hold", "--reason", "x", *dsn).stderr
