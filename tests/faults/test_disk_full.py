"""A disk that fills up under the database: named, waited out, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from plant.model import Plant
from stack import account
from stack.postgres import PrivateCluster
from storage.migrate import migrate
from tests.faults.conftest import StartStream, StartWorkers
from tests.waiting import wait_until

_MEGABYTE = 1_048_576


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, as_root: list[str]) -> Iterator[Path]:
    """A file system of its own in memory, of so many megabytes."""
    with tempfile.TemporaryDirectory(prefix="jellyroll-disk-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        options = f"size={request.param}m,mode=0755,uid={os.geteuid()},gid={os.getegid()}"
        subprocess.run(
            [*as_root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True
        )
        yield place
        subprocess.run([*as_root, "umount", "--lazy", place], check=True)


@pytest.fixture
def migrated_database(small_disk: Path, cluster: PrivateCluster, pilot: Plant) -> Iterator[str]:
    """A database whose tables are on the small disk; the server's log of changes is not."""
    account.give_folder(small_disk / "tables")
    name = "on_small_disk"
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        place = sql.Literal(str(small_disk / "tables"))
        connection.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(place))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TABLESPACE small").format(sql.Identifier(name))
        )
    migrate(cluster.dsn(name), pilot)
    yield cluster.dsn(name)
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("DROP DATABASE on_small_disk WITH (FORCE)")
        connection.execute("DROP TABLESPACE small")


def fill(disk: Path) -> Path:
    """Write until there is no room; return the file to delete."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(_MEGABYTE))
        except OSError:
            return filler


@pytest.mark.parametrize("small_disk", [160], indirect=True)
def test_a_full_disk_is_named_and_costs_nothing(
    start_workers: StartWorkers, start_stream: StartStream, small_disk: Path
) -> None:
    (worker,) = start_workers()
    stream = start_stream()
    stream.flow(0.3)
    filler = fill(small_disk)
    wait_until(lambda: "the database's disk is full" in worker.log(), "words in the log")
    stream.flow(1.0)
    filler.unlink()
    stream.check()
    assert "refuses a message" not in worker.log()
