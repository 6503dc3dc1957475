"""What the database will not take: one message's fault, or nobody's."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from tests.faults.conftest import StartStream, StartWorkers
from tests.ingest.conftest import Database, wait_until

#: Ways in which a database refuses a row; the states are of four different classes.
REFUSALS = {
    "a constraint": "ALTER TABLE telemetry.filling ADD CHECK (vacuum <> 234)",
    "a trigger": """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no such vacuum'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON telemetry.filling FOR EACH ROW
        WHEN (NEW.vacuum = 234) EXECUTE FUNCTION refuse()
    """,
    "a limit of the program": """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'too long for an index' USING ERRCODE = '54000'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON telemetry.filling FOR EACH ROW
        WHEN (NEW.vacuum = 234) EXECUTE FUNCTION refuse()
    """,
    "something it cannot do": """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'chunk is frozen' USING ERRCODE = '0A000'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON telemetry.filling FOR EACH ROW
        WHEN (NEW.vacuum = 234) EXECUTE FUNCTION refuse()
    """,
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_row_that_the_database_refuses_costs_only_its_own_message(
    start_workers: StartWorkers,
    start_stream: StartStream,
    database: Database,
    refusal: str,
) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute(REFUSALS[refusal])
    (worker,) = start_workers()
    stream = start_stream()
    stream.flow(1.5)
    report = stream.finish()
    assert report.count > 234
    wait_until(lambda: database.balance()["messages"] >= report.count, "all messages")
    letters = database.rows(
        "SELECT payload, detail FROM ingest.dead_letter WHERE reason = 'refused'"
    )
    assert len(letters) == 1
    assert b'"vacuum": 234' in letters[0][0]
    assert "the database refuses it" in letters[0][1]
    good = [number for number in range(report.count) if number % 100 != 99 and number != 234]
    assert stream.stored() == good
    stream.check_books()
    assert worker.stop() == 0


def test_a_database_that_is_read_only_for_a_while_costs_nothing_and_is_named(
    start_workers: StartWorkers,
    start_stream: StartStream,
    database: Database,
) -> None:
    name = sql.Identifier(database.dsn.rpartition("/")[2])
    setting = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
    (worker,) = start_workers()
    stream = start_stream()
    stream.flow(0.5)
    _administer(database, setting.format(name, sql.SQL("on")))
    wait_until(lambda: "the database is read-only" in worker.log(), "words in the log")
    stream.flow(1.0)
    _administer(database, setting.format(name, sql.SQL("off")))
    stream.check()
    assert "refuses a message" not in worker.log()


def test_rights_that_are_taken_away_for_a_while_cost_nothing(
    start_workers: StartWorkers,
    start_stream: StartStream,
    database: Database,
) -> None:
    """A mistake in administration is nobody's bad message: it is waited out and named."""
    (worker,) = start_workers()
    stream = start_stream()
    stream.flow(0.5)
    _administer(database, sql.SQL("ALTER TABLE telemetry.filling RENAME TO mislaid"))
    wait_until(lambda: "telemetry.filling" in worker.log(), "words in the log")
    stream.flow(1.0)
    _administer(database, sql.SQL("ALTER TABLE telemetry.mislaid RENAME TO filling"))
    stream.check()


def _administer(database: Database, statement: sql.SQL | sql.Composed) -> None:
    """Run *statement*, then end all other sessions, which keep the settings they began with."""
    with psycopg.connect(database.dsn, options="-c default_transaction_read_only=off") as session:
        session.execute(statement)
        session.commit()
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
