"""The database stopped for a while, and killed in the middle of a COPY."""

from __future__ import annotations

import os
import signal
import time

import psycopg
import pytest

from stack.postgres import PrivateCluster
from tests.faults.conftest import StartStream, StartWorkers
from tests.waiting import wait_until

_COPYING = """
    SELECT pid FROM pg_stat_activity
     WHERE state = 'active' AND query LIKE 'COPY%%' AND datname = %s AND pid <> pg_backend_pid()
"""


@pytest.mark.parametrize(
    "away_s", [5.0, pytest.param(60.0, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_a_database_that_is_stopped_for_a_while_costs_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    cluster: PrivateCluster,
    away_s: float,
) -> None:
    (worker,) = start_workers()
    stream = start_stream()
    stream.flow(0.5)
    cluster.stop()
    stream.flow(away_s)
    cluster.start()
    stream.check()
    assert "nothing is lost" in worker.log()
    assert "the database takes batches again" in worker.log()
    assert "trying again" not in worker.log(), "the MQTT session must be kept meanwhile"


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_database_killed_in_the_middle_of_a_copy_costs_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    cluster: PrivateCluster,
    migrated_database: str,
    times: int,
) -> None:
    start_workers()
    stream = start_stream()
    for turn in range(times):
        stream.flow(0.3)
        victim = _frozen_in_copy(cluster, migrated_database)
        with psycopg.connect(cluster.dsn(), autocommit=True) as witness:
            os.kill(victim, signal.SIGKILL)
            if turn % 2:  # the one process: the server notices and ends them all
                wait_until(lambda: _is_cut(witness), "the server to notice")
            else:  # the whole server
                cluster.kill()
                cluster.start()
        wait_until(lambda: _answers(cluster), "the server to come back")
    stream.check()


def _frozen_in_copy(cluster: PrivateCluster, dsn: str) -> int:
    """Return a server process that was stopped while it ran a COPY, and has not ended it."""
    name = dsn.rpartition("/")[2]
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:

        def copying() -> set[int]:
            return {pid for (pid,) in connection.execute(_COPYING, (name,), prepare=True)}

        deadline_s = time.monotonic() + 60.0
        while time.monotonic() < deadline_s:
            for pid in copying():
                os.kill(pid, signal.SIGSTOP)
                if pid in copying():
                    return pid
                os.kill(pid, signal.SIGCONT)
    pytest.fail("no COPY was seen for 60 s")


def _is_cut(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def _answers(cluster: PrivateCluster) -> bool:
    try:
        psycopg.connect(cluster.dsn(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
