"""What Grafana's role may do: read the views of schema dash, for fifteen seconds."""

from __future__ import annotations

import psycopg
import pytest

from storage.connect import Connection


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM cell.filling LIMIT 1",
        "SELECT * FROM telemetry.filling_1m LIMIT 1",
        "SELECT * FROM ingest.dead_letter LIMIT 1",
        "SELECT * FROM alert.alert LIMIT 1",
        "SELECT * FROM plant.line LIMIT 1",
    ],
)
def test_it_reads_no_table_outside_the_schema(reader: Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO dash.line VALUES ('l9', 1, 1)",
        "UPDATE dash.signal SET low = 0",
        "DELETE FROM dash.dead_letter",
        "CREATE TABLE dash.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "SELECT drop_chunks('cell.filling', INTERVAL '1 day')",
    ],
)
@pytest.mark.parametrize("mode", ["READ ONLY", "READ WRITE"])
def test_it_changes_nothing_even_when_it_asks_to_write(
    reader: Connection, statement: str, mode: str
) -> None:
    refused = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)
    with reader.transaction(force_rollback=True):
        reader.execute(f"SET TRANSACTION {mode}")
        with pytest.raises(refused):
            reader.execute(statement)


def test_its_session_is_read_only_short_and_in_utc(reader: Connection) -> None:
    settings = {
        name: reader.execute(f"SHOW {name}").fetchone()
        for name in ("default_transaction_read_only", "statement_timeout", "timezone")
    }
    assert settings == {
        "default_transaction_read_only": ("on",),
        "statement_timeout": ("15s",),
        "timezone": ("UTC",),
    }


def test_it_finds_the_views_and_time_bucket_without_their_schemas(reader: Connection) -> None:
    reader.execute("SELECT time_bucket('1 minute', time) FROM ingest_rate LIMIT 1")


def test_it_cannot_take_all_connections_of_the_server(reader: Connection) -> None:
    row = reader.execute(
        "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'grafana_reader'"
    ).fetchone()
    assert row == (15,)


def test_a_dead_letter_is_shown_without_its_payload(reader: Connection) -> None:
    cursor = reader.execute("SELECT * FROM dash.dead_letter LIMIT 1")
    assert [column.name for column in cursor.description or ()] == [
        "id", "time", "topic", "reason", "detail", "payload_bytes",
    ]  # fmt: skip
