from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stack.errors import StackError
from stack.postgres import PrivateCluster
from stack.programs import Programs


@pytest.fixture
def own_cluster(programs: Programs, stack_folder: Path) -> Iterator[PrivateCluster]:
    cluster = PrivateCluster(programs, stack_folder / "own-cluster")
    cluster.start()
    yield cluster
    cluster.kill()


def test_timescaledb_works(fresh_database: str) -> None:
    with psycopg.connect(fresh_database) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE TABLE sample (time timestamptz NOT NULL, value float8)")
        connection.execute("SELECT create_hypertable('sample', by_range('time'))")
        connection.execute(
            "INSERT INTO sample VALUES (now(), 1.0), (now() - '90 d'::interval, 2.0)"
        )
        chunks = connection.execute("SELECT count(*) FROM show_chunks('sample')").fetchone()
        assert chunks == (2,)


def test_a_committed_row_survives_a_kill(own_cluster: PrivateCluster) -> None:
    with psycopg.connect(own_cluster.dsn()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (42)")
    before = own_cluster.dsn()
    own_cluster.kill()
    assert not own_cluster.running
    own_cluster.start()
    assert own_cluster.dsn() == before
    with psycopg.connect(before) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (42,)


def test_stop_and_start_are_safe_to_repeat(own_cluster: PrivateCluster) -> None:
    own_cluster.start()
    own_cluster.stop()
    own_cluster.stop()
    assert not own_cluster.running
    own_cluster.start()
    assert own_cluster.running


def test_another_object_for_the_folder_speaks_of_the_same_server(
    own_cluster: PrivateCluster, programs: Programs
) -> None:
    other = PrivateCluster(programs, own_cluster.folder)
    assert other.running
    assert other.dsn() == own_cluster.dsn()
    other.stop()
    assert not own_cluster.running


def test_a_dead_postmasters_pid_file_does_not_stop_a_start(own_cluster: PrivateCluster) -> None:
    own_cluster.stop()
    stranger = f"{os.getpid()}\n/elsewhere\n0\n1\n\n\n\nready\n"
    (own_cluster.folder / "data/postmaster.pid").write_text(stranger)
    assert not own_cluster.running
    own_cluster.start()
    assert own_cluster.running


def test_the_password_is_asked_for_and_kept_secret(own_cluster: PrivateCluster) -> None:
    assert (own_cluster.folder / "password").stat().st_mode & 0o077 == 0
    wrong = own_cluster.dsn().replace("jellyroll:", "jellyroll:x")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(wrong)


def test_commits_are_on_disk_and_the_server_listens_to_this_machine_only(
    cluster: PrivateCluster,
) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        for name, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "listen_addresses": "127.0.0.1",
            "timescaledb.telemetry_level": "off",
        }.items():
            found = connection.execute("SELECT current_setting(%s, true)", (name,)).fetchone()
            assert found in ((value,), (None,)), name  # None: known only where the extension is


def test_an_interrupted_initdb_is_redone(programs: Programs, stack_folder: Path) -> None:
    folder = stack_folder / "interrupted"
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new/PG_VERSION").write_text("17\n")
    cluster = PrivateCluster(programs, folder, durable=False)
    cluster.start()
    with psycopg.connect(cluster.dsn()) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
    cluster.stop("immediate")


def test_data_of_another_version_is_refused(programs: Programs, stack_folder: Path) -> None:
    folder = stack_folder / "older"
    (folder / "data").mkdir(parents=True)
    (folder / "data/PG_VERSION").write_text("11\n")
    with pytest.raises(StackError, match="PostgreSQL 11"):
        PrivateCluster(programs, folder).start()


def test_a_taken_port_is_an_error_that_names_the_port(
    cluster: PrivateCluster, programs: Programs, stack_folder: Path
) -> None:
    other = PrivateCluster(programs, stack_folder / "same-port", port=cluster.port, durable=False)
    with pytest.raises(StackError, match=str(cluster.port)):
        other.start()
    assert cluster.running
