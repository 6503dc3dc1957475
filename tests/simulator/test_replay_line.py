"""A line, captured, replayed and read back, through a real broker, ingest and database."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from psycopg import sql
from typer.testing import CliRunner

from jellyroll import app
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us
from plant.topics import topic_of
from simulator.capture import Capture
from simulator.capture_writer import CaptureWriter
from simulator.captured import Captured
from simulator.line import Line
from simulator.message import Window
from stack.broker import PrivateBroker
from stack.programs import Programs
from storage.connect import Connection, connect
from storage.migrate import migrate
from storage.schema import plant_tables
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).with_name("small.toml")
DEADLINE_S = 30.0
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("JELLYROLL_")}

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def own_broker(programs: Programs, stack_folder: Path) -> Iterator[PrivateBroker]:
    """A broker without the sessions that other tests left."""
    broker = PrivateBroker(programs, stack_folder / f"broker-{secrets.token_hex(4)}")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def taken_in(
    own_broker: PrivateBroker, fresh_database: str, small: Plant, tmp_path: Path
) -> Iterator[Connection]:
    """A connection to the database of a running ingest of the small plant."""
    migrate(fresh_database, small)
    log = tmp_path / "ingest.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jellyroll", "ingest", "--plant", str(SMALL),
             "--database", fresh_database, "--broker", own_broker.url],
            cwd=ROOT, env=ENVIRONMENT, stderr=output,
        )  # fmt: skip
    wait_until(lambda: "connected" in log.read_text())
    with connect(fresh_database, application="test", autocommit=True) as connection:
        yield connection
    process.terminate()
    assert process.wait(DEADLINE_S) == 0


@pytest.fixture
def capture(small: Plant, tmp_path: Path) -> Path:
    """Five minutes of line l1, two hours ago, all kinds of messages, blocks and samples."""
    end_ms = (time.time_ns() // 1_000_000 - 7_200_000) // 1000 * 1000
    start_ms = end_ms - 300_000
    line, folder = Line(small, "l1", 1), tmp_path / "l1.capture"
    with CaptureWriter(folder) as writer:
        for at_ms in range(start_ms, end_ms, 100_000):
            window = Window(at_ms, at_ms + 100_000, 10_000, at_ms == start_ms)
            arrived_us = 1000 * (at_ms + 100_000)
            writer.write([Captured(arrived_us, m.topic, m.payload) for m in line.messages(window)])
            writer.write([Captured(arrived_us, *mount(small, at_ms))])
    return folder


def mount(plant: Plant, time_ms: int) -> tuple[str, bytes]:
    """What the simulated line does not say: a roll is put on a winder."""
    topic = topic_of(plant, plant.equipment["l1-winder-01"], Kind.MOUNT)
    document = {"ts": time_ms, "slot": "unwinder_1", "thing": "l1-C-roll-000007"}
    return topic, orjson.dumps(document)


def replay(broker: PrivateBroker, *arguments: str) -> dict[str, Any]:
    options = ("--broker", broker.url, "--plant", str(SMALL), "--json")
    done = CliRunner().invoke(app, ["replay", *options, *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = orjson.loads(done.stdout)
    assert report["unheard"] == 0
    return report


def wait_for_messages(connection: Connection, messages: int) -> None:
    query = "SELECT coalesce(sum(messages), 0), coalesce(sum(dead_letters), 0) FROM ingest.batch"

    def done() -> bool:
        row = connection.execute(query).fetchone()
        assert row is not None
        assert row[1] == 0, connection.execute("SELECT * FROM ingest.dead_letter").fetchone()
        return int(row[0]) >= messages

    wait_until(done)


def rows(connection: Connection, plant: Plant, line: str) -> Rows:
    """Return every row of *line*, without the ledger line that brought it."""
    found = {}
    for table in plant_tables(plant):
        names = [c.name for c in table.columns if c.name != "batch"]
        query = sql.SQL("SELECT {} FROM {} WHERE equipment LIKE %s ORDER BY {}").format(
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.Identifier(table.schema, table.name),
            sql.SQL(", ").join(map(sql.Identifier, table.key)),
        )
        found[str(table)] = connection.execute(query, (f"{line}-%",)).fetchall()
    return found


def moved(before: Rows, plant: Plant, by: timedelta) -> Rows:
    """Return the rows that a twin under the name of l2 must have."""
    tables = {str(table): table for table in plant_tables(plant)}
    after: Rows = {}
    for name, found in before.items():
        columns = [c.name for c in tables[name].columns if c.name != "batch"]
        twins = [
            tuple(_twin(c, v, by) for c, v in zip(columns, row, strict=True)) for row in found
        ]  # fmt: skip
        key = [columns.index(column) for column in tables[name].key]
        after[name] = sorted(twins, key=lambda row, key=key: [row[at] for at in key])  # type: ignore[misc]
    return after


def _twin(column: str, value: Any, by: timedelta) -> Any:
    if column == "time":
        return value + by
    if column in {"equipment", "cell", "child", "parent", "thing"}:
        return f"l2-{value.removeprefix('l1-')}"
    return value


def test_twice_adds_no_row_and_under_another_name_it_is_a_twin_beside_the_original(
    own_broker: PrivateBroker, taken_in: Connection, small: Plant, capture: Path
) -> None:
    messages = Capture(capture).span().messages
    assert replay(own_broker, str(capture), "--speed", "0")["messages"] == messages
    wait_for_messages(taken_in, messages)
    original = rows(taken_in, small, "l1")
    assert all(original.values()), "a table has no row to compare"

    replay(own_broker, str(capture), "--speed", "0")
    wait_for_messages(taken_in, 2 * messages)
    assert rows(taken_in, small, "l1") == original

    report = replay(
        own_broker, str(capture), "--speed", "0", "--shift-to", "now", "--rename", "l1=l2"
    )
    assert report["untimed"] == 0
    wait_for_messages(taken_in, 3 * messages)
    assert rows(taken_in, small, "l1") == original
    first_arrived = from_us(Capture(capture).span().first_us)
    by = datetime.fromisoformat(report["first_time"]) - first_arrived
    assert by > timedelta(hours=1)
    assert rows(taken_in, small, "l2") == moved(original, small, by)


def test_a_range_of_the_database_becomes_the_messages_it_came_from(
    own_broker: PrivateBroker,
    taken_in: Connection,
    fresh_database: str,
    small: Plant,
    capture: Path,
    tmp_path: Path,
) -> None:
    messages = replay(own_broker, str(capture), "--speed", "0")["messages"]
    wait_for_messages(taken_in, messages)
    original = rows(taken_in, small, "l1")
    database = ("database", "--database", fresh_database, "--line", "l1", "--from", "60d")

    exported = replay(own_broker, *database, "--out", str(tmp_path / "range.capture"))
    assert exported["published"] == sum(map(len, original.values()))
    span = Capture(tmp_path / "range.capture").span()
    assert span.messages == exported["messages"]

    # Back where it came from nothing changes: the same keys have the same values.
    messages += replay(own_broker, str(tmp_path / "range.capture"), "--speed", "0")["messages"]
    wait_for_messages(taken_in, messages)
    assert rows(taken_in, small, "l1") == original

    # Under another name it is all there.
    messages += replay(own_broker, *database, "--speed", "0", "--rename", "l1=l2")["messages"]
    wait_for_messages(taken_in, messages)
    assert rows(taken_in, small, "l2") == moved(original, small, timedelta())


def test_a_part_of_a_capture_by_time_and_topic_is_replayed(
    own_broker: PrivateBroker, capture: Path, tmp_path: Path
) -> None:
    span = Capture(capture).span()
    halfway = from_us(span.first_us + 100_000_000).isoformat()
    out = tmp_path / "part.capture"
    replay(
        own_broker, str(capture), "--out", str(out), "--filter", "v1/+/+/+/l1/l1-filler-01/#",
        "--from", halfway, "--to", from_us(span.last_us).isoformat(),
    )  # fmt: skip
    part = list(Capture(out).messages())
    expected = [
        m
        for m in Capture(capture).messages(span.first_us + 100_000_000, span.last_us)
        if m.topic.split("/")[5] == "l1-filler-01"
    ]
    assert part == expected
    assert 0 < len(part) < span.messages
