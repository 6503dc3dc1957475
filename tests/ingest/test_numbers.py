"""Numbered messages: what never came shows, in the database, the metrics and the doctor's words."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import psycopg

from plant.tables import Kind
from tests.ingest.conftest import Database, IngestProcess, Publisher
from tests.waiting import wait_until

FILLER, WINDER = "l1-filler-01", "l1-winder-01"
GAPS = "SELECT source, run, from_seq, to_seq, messages FROM ingest.gap ORDER BY 1, 2, 3"


def send(publisher: Publisher, now_ms: Callable[[], int], *numbers: int, run: int = 5) -> None:
    for seq in numbers:
        document = {"ts": now_ms(), "vacuum": 5.0, "seq": seq, "run": run}
        publisher.send(FILLER, Kind.TELEMETRY, document)
    publisher.settle()


def doctor(database: Database) -> str:
    environment = {**os.environ, "JELLYROLL_DATABASE": database.dsn}
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", "doctor", "--json"],
        env=environment, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    texts = [found["text"] for found in json.loads(done.stdout) if found["name"] == "messages"]
    return "".join(texts)


def test_a_number_that_is_left_out_shows_until_its_message_comes(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    ingest.start()
    send(publisher, now_ms, 7, 8, 9, 12, 13, 20)
    wait_until(lambda: database.balance()["messages"] == 6, "six messages")
    assert database.rows(GAPS) == [(FILLER, 5, 10, 11, 2), (FILLER, 5, 14, 19, 6)]
    assert doctor(database).startswith("8 messages of 1 senders")

    send(publisher, now_ms, *range(14, 20), 11, 11)
    wait_until(lambda: database.balance()["messages"] == 14, "the late ones")
    assert database.rows(GAPS) == [(FILLER, 5, 10, 10, 1)]


def test_each_machine_and_each_run_counts_for_itself(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    ingest.start()
    send(publisher, now_ms, 100, 102, run=1)
    send(publisher, now_ms, 0, 1, 3, run=2)
    states = [{"ts": now_ms(), "state": "Execute", "seq": 4}, {"ts": now_ms(), "state": "Held"}]
    publisher.send(WINDER, Kind.STATE, states)
    publisher.send(WINDER, Kind.TELEMETRY, {"ts": now_ms(), "nothing": 1, "seq": 5})
    publisher.send(WINDER, Kind.STATE, {"ts": now_ms(), "state": "Execute", "seq": 6})
    publisher.send(WINDER, Kind.STATE, {"ts": now_ms(), "state": "Held", "seq": -1})
    publisher.settle()
    wait_until(lambda: database.balance()["messages"] == 9, "nine messages")
    assert database.rows(GAPS) == [(FILLER, 1, 101, 101, 1), (FILLER, 2, 2, 2, 1)]
    details = database.rows("SELECT detail FROM ingest.dead_letter ORDER BY id")
    assert details[1] == ("'seq' must be a whole number from 0 to 2^53, not -1",)


def test_a_message_that_the_database_refuses_is_not_missing(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE telemetry.filling ADD CHECK (vacuum <> 7)")
    ingest.start()
    for seq, vacuum in enumerate((5.0, 7.0, 5.0)):
        document = {"ts": now_ms(), "vacuum": vacuum, "seq": seq}
        publisher.send(FILLER, Kind.TELEMETRY, document)
    publisher.settle()
    wait_until(lambda: database.balance()["messages"] == 3, "three messages")
    assert database.balance()["dead_letters"] == 1
    assert database.rows(GAPS) == []


def test_a_redelivered_number_changes_nothing(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    ingest.start()
    document = {"ts": now_ms(), "vacuum": 5.0, "seq": 3}
    for _ in range(3):
        publisher.send(FILLER, Kind.TELEMETRY, document)
    publisher.settle()
    wait_until(lambda: database.balance()["duplicate_messages"] == 2, "the repeats")
    assert database.rows(GAPS) == []


def test_the_metrics_tell_what_is_missing_by_sender(
    ingest: IngestProcess, publisher: Publisher, database: Database, now_ms: Callable[[], int]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ingest.arguments += ["--metrics", f"127.0.0.1:{port}"]
    ingest.start()
    send(publisher, now_ms, 1, 5)
    wait_until(lambda: database.balance()["messages"] == 2, "both")
    line = f'missing_messages{{source="{FILLER}",worker="jellyroll-ingest-0"}} 3.0'

    def metrics() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text: str = answer.read().decode()
        return text

    wait_until(lambda: line in metrics(), "the metric")
