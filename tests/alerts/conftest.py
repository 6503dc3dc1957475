"""Fixtures of the alert tests: a database with their tables, the service in here or outside."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from alerts import service
from alerts.backoff import BackOff
from alerts.config import Config, config_of
from alerts.endpoint import parse_endpoints
from alerts.secret import signer
from plant.model import Plant
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.migrate import migrate
from tests.alerts.support import SECRET, StartProcess, StartService, Until

#: The same shape as the real one, a hundred times as fast.
QUICK = BackOff(first_s=0.05, longest_s=0.2, give_up_s=60.0)

_TABLES = (
    "alert.delivery", "alert.escalation", "alert.flooded", "alert.event", "alert.maintenance",
    "alert.watch", "alert.alert", "analysis.suspect", "analysis.anomaly", "ingest.cursor",
    "machine.state", "telemetry.filling", "telemetry.winding", "cell.filling",
)  # fmt: skip
#: Everything an alert test can leave behind, while the guards of the history look away. Rows are
#: deleted: to truncate takes ten times as long.
FORGET = "; ".join(
    [
        "SET session_replication_role = replica",
        *(f"DELETE FROM {table}" for table in _TABLES),
        *(
            f"ALTER TABLE {table} ALTER COLUMN id RESTART"
            for table in ("alert.alert", "alert.event", "alert.maintenance", "analysis.anomaly")
        ),
    ]
)


@pytest.fixture(scope="session")
def _database(cluster: PrivateCluster, pilot: Plant) -> Iterator[str]:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_alerts")
    dsn = cluster.dsn("test_alerts")
    migrate(dsn, pilot)
    yield dsn
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("DROP DATABASE test_alerts WITH (FORCE)")


@pytest.fixture
def database(_database: str, cluster: PrivateCluster) -> str:
    """The dsn of a database with the pilot plant's tables; those that alerts read are empty."""
    cluster.start()  # a test before this one may have crashed it
    with psycopg.connect(_database) as connection:
        connection.execute(FORGET.encode())
    return _database


@pytest.fixture
def link(database: str) -> Iterator[Connection]:
    """A connection in autocommit."""
    with connect(database, application="test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def until(link: Connection) -> Until:
    """Ask the database again and again until it answers as expected."""

    def wait_until(query: str, expected: Any, *, timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s
        while (rows := link.execute(query.encode()).fetchall()) != expected:
            if time.monotonic() > deadline:
                pytest.fail(f"{query} gives {rows}, not {expected}")
            time.sleep(0.02)

    return wait_until


@pytest.fixture
def start_service(database: str, pilot: Plant) -> Iterator[StartService]:
    running: list[tuple[threading.Thread, threading.Event]] = []
    errors: list[BaseException] = []

    def start(
        *urls: str,
        dsn: str = database,
        back_off: BackOff = QUICK,
        timeout_s: float = 5.0,
        config: Config | None = None,
    ) -> None:
        stop = threading.Event()
        endpoints = [
            replace(endpoint, timeout_s=timeout_s)
            for endpoint in parse_endpoints(list(urls), signers=[signer(SECRET)])
        ]

        def run() -> None:
            try:
                service.run(
                    dsn, pilot, config or config_of(endpoints, pilot), stop, back_off=back_off
                )
            except BaseException as error:  # noqa: BLE001  # told by the test's own thread
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        running.append((thread, stop))

    yield start
    for _, stop in running:
        stop.set()
    for thread, _ in running:
        thread.join(30)
        assert not thread.is_alive()
    assert errors == []


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def start_process(database: str, tmp_path: Path, log: Path) -> Iterator[StartProcess]:
    program = Path(sys.executable).parent / "jellyroll"
    secret_file = tmp_path / "whsec.txt"
    secret_file.write_text(f"{SECRET}\n")
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(
                [program, "alerts", "run", "--secret-file", secret_file, *arguments],
                env={**os.environ, "JELLYROLL_DATABASE": database},
                stdout=output,
                stderr=output,
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
