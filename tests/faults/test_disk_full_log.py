"""The disk of the server's own log fills up: the server gives up and ingest waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plant.model import Plant
from stack.home import create_database
from stack.postgres import PrivateCluster
from stack.programs import Programs
from storage.migrate import migrate
from tests.faults.conftest import StartStream, StartWorkers
from tests.faults.test_disk_full import fill, small_disk
from tests.waiting import wait_until

__all__ = ["small_disk"]

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def cluster(small_disk: Path, programs: Programs) -> Iterator[PrivateCluster]:
    cluster = PrivateCluster(programs, small_disk / "cluster")
    cluster.start()
    yield cluster
    cluster.stop("immediate")


@pytest.fixture
def migrated_database(cluster: PrivateCluster, pilot: Plant) -> str:
    create_database(cluster, "whole")
    migrate(cluster.dsn("whole"), pilot)
    return cluster.dsn("whole")


@pytest.mark.parametrize("small_disk", [600], indirect=True)
def test_a_server_that_stops_for_want_of_room_has_lost_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    small_disk: Path,
    cluster: PrivateCluster,
) -> None:
    (worker,) = start_workers()
    stream = start_stream()
    stream.flow(1.0)
    filler = fill(small_disk)
    wait_until(lambda: "nothing is lost" in worker.log(), "words in the log", 120.0)
    stream.flow(30.0)
    filler.unlink()
    cluster.start()
    stream.check()
