"""What the database will not take: one message's fault, or nobody's."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from ingest.batch import Batch
from ingest.decode import decode
from ingest.tally import Tally
from ingest.writer import Writer
from plant.model import Plant
from plant.payload import PayloadDecoder
from plant.tables import Kind
from plant.topics import topic_of
from tests.faults.conftest import Sent, StartStream, StartWorkers
from tests.faults.numbered import EQUIPMENT, is_bad
from tests.ingest.conftest import Database
from tests.waiting import wait_until

#: Classes of SQLSTATE by which a database speaks of a row; the constraint's is one more.
REFUSALS = {"raised": "P0001", "limit": "54000", "not supported": "0A000", "view": "44000"}

_TRIGGER = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '{}'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON telemetry.filling FOR EACH ROW
    WHEN (NEW.vacuum = 1) EXECUTE FUNCTION refuse()
"""


def test_a_row_that_the_database_refuses_costs_only_its_own_message(
    start_workers: StartWorkers, start_stream: StartStream, database: Database
) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("ALTER TABLE telemetry.filling ADD CHECK (vacuum <> 234)")
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
    good = [number for number in range(report.count) if not is_bad(number) and number != 234]
    assert stream.stored() == good
    stream.check_books()
    assert worker.stop() == 0


@pytest.mark.parametrize("refusal", REFUSALS)
def test_whatever_it_is_that_refuses_the_row(
    database: Database, pilot: Plant, refusal: str
) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute(_TRIGGER.format(REFUSALS[refusal]))
    decoder, writer = PayloadDecoder(pilot), Writer(database.dsn, pilot, "refusal", Tally())
    topic = topic_of(pilot, pilot.equipment[EQUIPMENT], Kind.TELEMETRY)
    batch = Batch()
    for number in range(3):
        payload = b'{"ts": %d, "vacuum": %d}' % (time.time() * 1000 - number, number)
        message = Sent(topic, payload)
        batch.add(decode(decoder, message, datetime.now(UTC)))
    done = writer.write(batch)
    writer.close()
    assert (done.messages, done.rows, done.dead_letters) == (3, 2, 1)
    assert database.rows("SELECT detail FROM ingest.dead_letter") == [
        ("the database refuses it: not this one",)
    ]


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
