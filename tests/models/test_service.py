"""The monitor as a process: killed, stopped, cut off from its database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from models.follow import catch_up
from models.monitor import Monitor
from plant.model import Plant
from stack.postgres import PrivateCluster
from tests.models.conftest import Feeder, Filling, number
from tests.waiting import wait_until

POINTS = 300
LEARNT = 8 * POINTS


@dataclass
class Process:
    """`jellyroll monitor`, to be started and ended in all ways."""

    dsn: str
    log_file: Path
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [
            sys.executable, "-m", "jellyroll", "monitor", "--database", self.dsn,
            "--baseline-points", str(POINTS),
        ]  # fmt: skip
        with self.log_file.open("ab") as log:
            self.running = subprocess.Popen(arguments, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self.running is not None
        self.running.kill()
        self.running.wait()

    def terminate(self) -> int:
        assert self.running is not None
        self.running.terminate()
        return self.running.wait(30)


@pytest.fixture
def process(feeder: Feeder, tmp_path: Path) -> Iterator[Process]:
    process = Process(feeder.dsn, tmp_path / "monitor.log")
    yield process
    if process.running and process.running.poll() is None:
        process.kill()


def points(dsn: str) -> int:
    return number(dsn, "SELECT coalesce(sum(points), 0) FROM analysis.chart")


def blocked(dsn: str) -> bool:
    """Whether the monitor waits for a lock in the middle of its transaction."""
    return bool(
        number(
            dsn,
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND application_name = 'jellyroll monitor' AND datname = current_database()",
        )
    )


def test_kill_9_at_any_place_of_a_step_neither_repeats_nor_misses_a_point(
    feeder: Feeder, filling: Filling, pilot: Plant, process: Process
) -> None:
    values = len(pilot.stations["filling"].results)
    fed = 0

    def feed(cells: int) -> None:
        nonlocal fed
        feeder.commit(filling.frame(range(fed, fed + cells), low_dose=range(LEARNT + 400, 10_000)))
        fed += cells

    process.start()
    feed(160)
    wait_until(lambda: points(feeder.dsn) == fed * values, "the first points")
    process.kill()
    # Each table that a step writes stops it once, some before and some after others are written.
    for table, cells in (
        ("analysis.chart", 150),
        ("analysis.control_limit", LEARNT),
        ("ingest.cursor", 50),
        ("analysis.anomaly", 200),
    ):
        with psycopg.connect(feeder.dsn) as holder:
            holder.execute(
                sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(
                    sql.Identifier(*table.split("."))
                )
            )
            process.start()
            feed(cells)
            wait_until(lambda: blocked(feeder.dsn), f"a stop at {table}")
            process.kill()
    assert points(feeder.dsn) == 160 * values
    process.start()
    feed(100)
    wait_until(lambda: points(feeder.dsn) == fed * values, "all points")
    assert process.terminate() == 0
    interrupted = feeder.everything()
    assert len(interrupted[0]) == 1

    feeder.forget_analysis()
    catch_up(feeder.dsn, Monitor(pilot, POINTS))
    assert feeder.everything() == interrupted


def test_the_service_outlives_a_crash_of_the_database_and_stops_when_told(
    feeder: Feeder, filling: Filling, pilot: Plant, process: Process, cluster: PrivateCluster
) -> None:
    values = len(pilot.stations["filling"].results)
    feeder.commit(filling.frame(range(800)))
    process.start()
    wait_until(lambda: points(feeder.dsn) == 800 * values, "the first points")
    cluster.stop("immediate")
    wait_until(lambda: "the database is away" in process.log_file.read_text(), "the warning")
    cluster.start()
    feeder.commit(filling.frame(range(800, 1_000)))
    wait_until(lambda: points(feeder.dsn) == 1_000 * values, "the points after the crash")
    assert process.terminate() == 0


def test_a_second_service_stands_by_and_takes_over(
    feeder: Feeder, filling: Filling, pilot: Plant, process: Process, tmp_path: Path
) -> None:
    values = len(pilot.stations["filling"].results)
    feeder.commit(filling.frame(range(800)))
    process.start()
    wait_until(lambda: points(feeder.dsn) == 800 * values, "the first points")
    second = Process(feeder.dsn, tmp_path / "second.log")
    second.start()
    wait_until(lambda: "standing by" in second.log_file.read_text(), "the second one")
    process.kill()
    feeder.commit(filling.frame(range(800, 1_000)))
    wait_until(lambda: points(feeder.dsn) == 1_000 * values, "the successor")
    assert second.terminate() == 0


def test_once_does_what_is_pending_and_prints_counts(feeder: Feeder, filling: Filling) -> None:
    feeder.commit(filling.frame(range(LEARNT)), filling.frame(range(LEARNT, LEARNT + 80)))
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", "monitor", "--database", feeder.dsn, "--once",
         "--baseline-points", str(POINTS), "--json"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {
        "batches": 2,
        "values": 7 * (LEARNT + 80),
        "baselines": 56,
        "alarms_on": 0,
        "alarms_off": 0,
        # There is no model of signals.
        "signals": {"batches": 2, "values": 0, "baselines": 0, "alarms_on": 0, "alarms_off": 0},
        "cells": LEARNT + 80,
    }
