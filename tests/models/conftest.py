"""Results of cells as ingest would bring them, and the monitor as a process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
import pytest
from psycopg import sql

from plant.frames import Frame, block
from plant.model import Plant
from plant.tables import Kind
from plant.times import to_us
from stack.postgres import PrivateCluster
from storage.connect import connect
from storage.copy import copy_frame
from storage.ledger import CHANNEL, Entry, Span, write_entry
from storage.migrate import migrate

FILLER = "l1-filler-01"
START_US = to_us(datetime(2026, 11, 20, tzinfo=UTC))
#: One cell of the pilot line.
STEP_US = 2_740_000


_FED = ("cell.filling", "ingest.batch", "ingest.batch_span", "ingest.dead_letter")
_ANALYSED = (
    "ingest.cursor", "analysis.anomaly", "analysis.suspect", "analysis.chart",
    "analysis.control_limit", "analysis.learning",
)  # fmt: skip


_WRITTEN = (
    """SELECT to_jsonb(a) - '{id,xid,detected_at,event}'::text[] FROM analysis.anomaly AS a
        ORDER BY id""",
    "SELECT to_jsonb(c) - 'id' FROM analysis.chart AS c ORDER BY position, characteristic",
    """SELECT to_jsonb(l) - 'created_at' FROM analysis.control_limit AS l
        ORDER BY position, characteristic""",
    """SELECT c.position, c.characteristic, array_agg(v.value ORDER BY l.first, v.number)
         FROM analysis.learning AS l
         JOIN analysis.chart AS c ON c.id = l.chart,
              unnest(l.value) WITH ORDINALITY AS v (value, number)
        GROUP BY 1, 2 ORDER BY 1, 2""",
)


@dataclass(frozen=True)
class Filling:
    """Cells of the pilot's filler in turn from nozzle to nozzle, healthy but for what is done."""

    plant: Plant = field(repr=False)
    seed: int

    def frame(self, cells: range, *, low_dose: range = range(0)) -> Frame:
        """Return rows of *cells*; those of *low_dose* get 6 % less at nozzle 3."""
        station = self.plant.stations["filling"]
        number = np.arange(cells.start, cells.stop)
        position = number % 8 + 1
        names = tuple(station.results)
        noise = np.random.default_rng(self.seed).normal(size=(200_000, len(names)))[number]
        values: dict[str, npt.NDArray[np.float64]] = {}
        for column, name in enumerate(names):
            signal = self.plant.signal(FILLER, name)
            values[name] = signal.nominal + signal.sd * noise[:, column]
        short = (position == 3) & (number >= low_dose.start) & (number < low_dose.stop)
        values["fill_mass"][short] -= 0.06 * self.plant.signal(FILLER, "fill_mass").nominal
        return block(
            self.plant.tables[Kind.CELL, "filling"],
            ("time", "cell", "equipment", "position", *names),
            (
                START_US + number * STEP_US,
                [f"C{n:07}" for n in number],
                [FILLER] * len(number),
                position.astype(np.float64),
                *(values[name] for name in names),
            ),
        )


@dataclass(frozen=True)
class Feeder:
    """Commits frames as batches of the ledger of one database."""

    dsn: str

    def forget(self) -> None:
        """Forget what was fed and what was made of it."""
        forget(self.dsn, *_FED, *_ANALYSED)

    def forget_analysis(self) -> None:
        """Forget what the monitor made of what was fed."""
        forget(self.dsn, *_ANALYSED)

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """Return all that the monitor wrote, but for what a clock or a counter gave."""
        with psycopg.connect(self.dsn) as connection:
            return [connection.execute(query).fetchall() for query in _WRITTEN]

    def commit(self, *frames: Frame) -> None:
        """Commit each frame as a batch of its own, in order."""
        with connect(self.dsn, application="test") as connection:
            for frame in frames:
                write_batch(connection, frame)
                connection.commit()


def write_batch(connection: psycopg.Connection, frame: Frame, worker: str = "test") -> None:
    """Write *frame* with its ledger line, in the caller's transaction.

    Of one *worker* there is one transaction at a time, as of every worker of ingest.
    """
    row = connection.execute("SELECT nextval('ingest.batch_id_seq')").fetchone()
    assert row is not None
    copied = copy_frame(connection, frame, row[0])
    span = Span(str(frame.table), frame.rows, copied.from_time, copied.to_time)
    entry = Entry(row[0], worker, datetime.now(UTC), 1, frame.rows, copied.values, 0, 0, (span,))
    write_entry(connection, entry)
    connection.execute(f"NOTIFY {CHANNEL}")


@pytest.fixture(scope="session")
def room_database(cluster: PrivateCluster, pilot: Plant) -> Iterator[str]:
    """The dsn of one database for all tests of the room: migrating one takes seconds."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE models")
    migrate(cluster.dsn("models"), pilot)
    yield cluster.dsn("models")
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("DROP DATABASE models WITH (FORCE)")


@pytest.fixture
def feeder(cluster: PrivateCluster, room_database: str) -> Feeder:
    """A feeder of a database without cells, batches and analysis."""
    cluster.start()  # a test before this one may have crashed it
    forget(room_database, *_FED, *_ANALYSED)
    return Feeder(room_database)


def number(dsn: str, query: str) -> int:
    """Return the one number that *query* gives."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def forget(dsn: str, *tables: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.SQL, tables))))


@pytest.fixture
def filling(pilot: Plant) -> Filling:
    return Filling(pilot, seed=1)
