"""Cells judged as they come into a database: late data, restarts, what the commands tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from typer.testing import CliRunner

from jellyroll import app
from models.cells.cells import POSITIONS, Cells
from models.cells.stage import CellStage
from models.cells.standard import standards
from models.follow import catch_up
from plant.load import PILOT
from plant.model import Plant
from plant.times import from_us
from stack.postgres import PrivateCluster
from storage.connect import connect
from storage.migrate import migrate
from tests.models.cells.made import START_US, changed, frame, made_cells
from tests.models.conftest import forget, write_batch

CELLS = 2560
LEAKING, ODD = 700, 1500
STATIONS = ("winding", "welding", "filling", "sealing", "formation", "ageing", "end_of_line")
FED = [f"cell.{station}" for station in STATIONS]


@pytest.fixture(scope="module")
def database(cluster: PrivateCluster, pilot: Plant) -> Iterator[str]:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE cells")
    migrate(cluster.dsn("cells"), pilot)
    yield cluster.dsn("cells")
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("DROP DATABASE cells WITH (FORCE)")


@pytest.fixture
def empty(database: str) -> str:
    forget(
        database, *FED, "ingest.batch", "ingest.batch_span", "ingest.dead_letter",
        "ingest.cursor", "analysis.cell_quality", "analysis.anomaly", "analysis.model CASCADE",
    )  # fmt: skip
    return database


@pytest.fixture(scope="module")
def cells(pilot: Plant) -> Cells:
    """Cells of which one leaks, and one has an efficiency unlike its peers'."""
    made = made_cells(pilot, CELLS)
    ocv2 = made.value("ageing.ocv2").copy()
    ocv2[LEAKING] -= 0.020
    efficiency = made.value("formation.first_cycle_efficiency").copy()
    efficiency[ODD] = 0.84
    return changed(made, ageing__ocv2=ocv2, formation__first_cycle_efficiency=efficiency)


def feed(dsn: str, pilot: Plant, cells: Cells, *stations: str) -> None:
    with connect(dsn, application="test") as connection:
        for station in stations:
            write_batch(connection, frame(pilot, cells, station))
            connection.commit()


def judged(dsn: str, pilot: Plant) -> dict[str, tuple[Any, ...]]:
    """Let a monitor that was just started do what is pending; return what is said of each cell."""
    catch_up(dsn, CellStage(pilot, rests=False))
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT cell, grade, disposition, fault_class, reasons, scores"
            " FROM analysis.cell_quality"
        ).fetchall()
    return {cell: tuple(rest) for cell, *rest in rows}


def test_each_cell_has_one_row_and_the_bad_ones_are_held_or_scrapped(
    empty: str, pilot: Plant, cells: Cells
) -> None:
    feed(empty, pilot, cells, *STATIONS)
    found = judged(empty, pilot)
    assert len(found) == CELLS
    assert found[cells.cell[LEAKING]][:3] == ("reject", "scrap", "product")
    assert found[cells.cell[ODD]][:3] == ("reject", "scrap", "product") or found[cells.cell[ODD]][
        :3
    ] == ("reject", "hold", "product")
    k_value = found[cells.cell[LEAKING]][4]["k_value"]
    assert k_value["value"] == pytest.approx(2.9, abs=0.2)
    assert k_value["z"] > 50


def test_data_in_any_order_and_a_restart_in_between_lead_to_the_same_verdicts(
    empty: str, pilot: Plant, cells: Cells
) -> None:
    feed(empty, pilot, cells, *STATIONS)
    at_once = judged(empty, pilot)
    forget(
        empty, *FED, "ingest.batch", "ingest.batch_span", "ingest.dead_letter", "ingest.cursor",
        "analysis.cell_quality",
    )  # fmt: skip
    first, second = cells.of(np.arange(0, CELLS, 2)), cells.of(np.arange(1, CELLS, 2))
    for part in (second, first):
        feed(empty, pilot, part, *STATIONS[:4:-1])
        judged(empty, pilot)
        feed(empty, pilot, part, *STATIONS[4::-1])
    assert judged(empty, pilot) == at_once


def test_a_late_result_judges_the_cell_anew_and_nothing_pending_writes_nothing(
    empty: str, pilot: Plant, cells: Cells
) -> None:
    feed(empty, pilot, cells, *STATIONS[:-1])
    before = judged(empty, pilot)
    assert {grade for grade, *_ in before.values()} == {None}
    late = cells.of(np.array([LEAKING]))
    feed(empty, pilot, late, "end_of_line")
    after = judged(empty, pilot)
    assert after[cells.cell[LEAKING]][0] == "reject"
    assert sum(after[cell] != before[cell] for cell in before) == 1
    with psycopg.connect(empty) as connection:
        xids = connection.execute("SELECT max(xid) FROM analysis.cell_quality").fetchone()
        judged(empty, pilot)
        assert connection.execute("SELECT max(xid) FROM analysis.cell_quality").fetchone() == xids


@pytest.mark.parametrize("suspect", ["position", "sensor"])
def test_an_alarm_holds_the_cells_that_passed_meanwhile_whenever_it_comes_but_not_a_sensors(
    empty: str, pilot: Plant, cells: Cells, suspect: str
) -> None:
    feed(empty, pilot, cells, *STATIONS[:4])
    assert {row[1] for row in judged(empty, pilot).values()} <= {"pass", "scrap"}
    since = from_us(START_US) + timedelta(minutes=30)
    with psycopg.connect(empty) as connection:
        for state, time in (("on", since), ("off", since + timedelta(minutes=20))):
            connection.execute(
                "INSERT INTO analysis.anomaly (state, line, station, equipment, position,"
                " characteristic, direction, since, time, statistic, limit_value, value, expected,"
                " sd, unit, samples, last_points, model) VALUES (%s, 'l1', 'filling',"
                " 'l1-filler-01', 3, 'fill_mass', 'low', %s, %s, 9, 8, 6.3, 6.4, 0.025, 'g', 9,"
                " '[]', 'test')",
                (state, since, time),
            )
        connection.execute(
            "INSERT INTO analysis.suspect (anomaly, rank, factor, value, station, affected,"
            " affected_total, others, others_total, since, effect, unit, sentence)"
            " SELECT min(id), 1, %s, 'l1-filler-01:3', 'filling', 0, 0, 0, 0, %s, 0, 'g', ''"
            " FROM analysis.anomaly",
            (suspect, since),
        )
    found = judged(empty, pilot)
    held = {cell for cell, row in found.items() if row[1] == "hold"}
    times = cells.times_us["filling"]
    passed = (cells.place("filling") % POSITIONS == 3) & (times >= round(since.timestamp() * 1e6))
    passed &= times <= round((since + timedelta(minutes=20)).timestamp() * 1e6)
    scrap = {cell for cell, row in found.items() if row[1] == "scrap"}
    if suspect == "sensor":
        assert not held
        return
    assert held == set(cells.cell[passed]) - scrap
    assert {found[cell][2] for cell in held} == {"process"}


def run(dsn: str, *arguments: str) -> Any:
    result = CliRunner().invoke(app, ["cells", *arguments, "--database", dsn, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_the_commands_train_screen_grade_and_show_what_is_in_the_database(
    empty: str, pilot: Plant, cells: Cells, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(empty, pilot, cells, *STATIONS)
    file = tmp_path / "plant.toml"
    file.write_text(f'base = "{PILOT}"\n[cell_quality.forecast]\ntargets = ["capacity"]\n')
    monkeypatch.setenv("JELLYROLL_PLANT", str(file))
    span = ("--from", from_us(START_US).isoformat(), "--to", "2027-01-01")
    trained = run(empty, "train", *span)
    assert trained["version"] == 1
    assert {found["station"] for found in trained["checks"]} == {"sealing", "formation"}
    screened = run(empty, "screen", *span)
    assert screened["cells"] == CELLS
    assert {"kind": "spec", "measure": "k_value", "cells": 1} in screened["reasons"]
    graded = run(empty, "grade", *span)["grades"]
    assert sum(row["cells"] for row in graded) == CELLS
    shown = run(empty, "show", cells.cell[LEAKING])
    assert shown["disposition"] == "scrap"
    judged(empty, pilot)  # a monitor that takes the model up


def test_a_cell_that_nobody_knows_is_told_with_what_to_do(empty: str) -> None:
    result = CliRunner().invoke(app, ["cells", "show", "C9", "--database", empty])
    assert "nothing is said of cell 'C9'" in str(result.exception)


def test_a_plant_that_does_not_say_how_cells_are_judged_has_none_judged(
    empty: str, pilot: Plant, cells: Cells
) -> None:
    feed(empty, pilot, cells, "formation")
    silent = pilot.model_copy(update={"cell_quality": None})
    assert judged(empty, silent) == {}
    assert standards(pilot)
