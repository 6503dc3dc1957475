"""Dead letters: seen, shown byte for byte, and handed back when the cause is mended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import psycopg

from plant.model import Plant
from plant.tables import Kind
from stack.broker import PrivateBroker
from tests.ingest.conftest import Database, IngestProcess, Publisher
from tests.waiting import wait_until

FILLER = "l1-filler-01"


def deadletters(*words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "jellyroll", "deadletters", *words]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def test_a_letter_is_handed_back_after_mending_and_nothing_is_doubled(
    ingest: IngestProcess,
    publisher: Publisher,
    database: Database,
    broker: PrivateBroker,
    now_ms: Callable[[], int],
) -> None:
    """The mending here is the database's: it refused what it now takes."""
    dsn = ("--database", database.dsn)
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE telemetry.filling ADD CONSTRAINT no_seven CHECK (vacuum <> 7)"
        )
        ingest.start()
        for number in range(10):
            publisher.send(FILLER, Kind.TELEMETRY, {"ts": now_ms(), "vacuum": number})
        publisher.settle()
        wait_until(lambda: database.balance()["messages"] == 10, "10 messages")
        assert database.value("SELECT count(*) FROM telemetry.filling") == 9

        (letter,) = json.loads(deadletters("list", *dsn, "--json").stdout)
        assert letter["reason"] == "refused"
        assert "no_seven" in letter["detail"]
        shown = deadletters("show", str(letter["id"]), *dsn).stdout
        assert json.loads(shown)["vacuum"] == 7
        assert b"no_seven" in deadletters("list", *dsn, "--reason", "refused").stdout
        assert b"no dead letters" in deadletters("list", *dsn, "--reason", "bad_json").stdout

        connection.execute("ALTER TABLE telemetry.filling DROP CONSTRAINT no_seven")
    replay = ("replay", *dsn, "--broker", broker.url, "--reason", "refused")
    assert deadletters(*replay).stdout == b"1 handed back\n"
    wait_until(lambda: database.value("SELECT count(*) FROM telemetry.filling") == 10, "the tenth")
    assert deadletters(*replay).stdout == b"0 handed back\n"
    named = ("replay", str(letter["id"]), *dsn, "--broker", broker.url)
    assert deadletters(*named).stdout == b"1 handed back\n"
    wait_until(lambda: database.balance()["duplicate_messages"] == 1, "the duplicate")
    assert database.value("SELECT count(*) FROM telemetry.filling") == 10


def test_what_is_still_unreadable_comes_back_as_a_new_letter(
    ingest: IngestProcess, publisher: Publisher, database: Database, broker: PrivateBroker
) -> None:
    ingest.start()
    publisher.send(FILLER, Kind.TELEMETRY, b"\xff\x00 not a message")
    publisher.settle()
    letters = "SELECT count(*) FROM ingest.dead_letter"
    wait_until(lambda: database.value(letters) == 1, "the letter")
    done = deadletters("replay", "1", "--database", database.dsn, "--broker", broker.url)
    assert done.stdout == b"1 handed back\n"
    wait_until(lambda: database.value(letters) == 2, "the second letter")
    payloads = database.rows("SELECT payload FROM ingest.dead_letter")
    assert {bytes(payload) for (payload,) in payloads} == {b"\xff\x00 not a message"}


def test_letters_are_chosen_by_topic_and_time_and_discarded(
    ingest: IngestProcess, publisher: Publisher, database: Database
) -> None:
    dsn = ("--database", database.dsn)
    ingest.start()
    for machine in (FILLER, "l1-winder-01", FILLER):
        publisher.send(machine, Kind.TELEMETRY, {"ts": 1, "nothing": 2})
    publisher.settle()
    wait_until(lambda: database.balance()["dead_letters"] == 3, "the letters")

    def chosen(*words: str) -> list[int]:
        letters = json.loads(deadletters("list", *dsn, "--json", *words).stdout)
        return [letter["id"] for letter in letters]

    first, second, third = sorted(chosen())
    assert chosen("--topic", f"v1/+/+/+/+/{FILLER}/#") == [third, first]
    assert chosen("--topic", "v1/+/+/assembly/l1/+/telemetry") == [third, second, first]
    assert chosen("--topic", "v1/+/telemetry") == []
    assert chosen("--topic", "v1/#", "--to", "2026-01-01") == []
    assert chosen("--from", "2026-01-01T00:00:00+01:00") == [third, second, first]

    drop = ("discard", *dsn, "--topic", f"v1/+/+/+/+/{FILLER}/#")
    assert deadletters(*drop).returncode == 1  # nobody there to say yes
    assert len(chosen()) == 3
    assert deadletters(*drop, "--yes").stdout == b"2 discarded\n"
    assert chosen() == [second]
    assert database.balance()["dead_letters"] == 3
    assert b"no dead letter" in deadletters("show", str(first), *dsn).stderr


def test_mistakes_are_told(database: Database, pilot: Plant) -> None:
    dsn = ("--database", database.dsn)
    unknown = deadletters("show", "999", *dsn)
    assert unknown.returncode == 1
    assert b"there is no dead letter 999" in unknown.stderr
    unnamed = deadletters("replay", *dsn, "--broker", "mqtt://127.0.0.1:9")
    assert unnamed.returncode == 2
    assert b"name ids, or say which" in unnamed.stderr
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ingest.dead_letter (received_at, topic, payload, reason, detail, digest)"
            " VALUES (now(), 't', '', 'bad_json', 'empty', '')"
        )
    away = deadletters("replay", "1", *dsn, "--broker", "mqtt://127.0.0.1:9")
    assert away.returncode == 1
    assert b"no broker at 127.0.0.1:9" in away.stderr
    assert b"Traceback" not in away.stderr
