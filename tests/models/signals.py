"""A filler whose signals are watched: a trained database, and what was written to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from models import registry
from models.train import train
from models.train_history import Window
from plant.model import Plant
from plant.times import from_us
from storage.connect import connect
from tests.models.conftest import START_US, Feeder, forget
from tests.models.samples import STEP_US, Samples

#: Rows that the model is trained on; what comes after is watched.
TRAINED = 6_000
_TABLES = (
    "telemetry.filling", "machine.state", "analysis.watch", "analysis.model_day",
    "analysis.model", "analysis.model_event",
)  # fmt: skip


@pytest.fixture
def samples(pilot: Plant) -> Samples:
    return Samples(pilot)


@pytest.fixture
def fed(feeder: Feeder, samples: Samples) -> Iterator[Feeder]:
    """A database with a healthy history, and the model of it active."""
    forget_signals(feeder.dsn)
    feeder.commit(samples.states({0: "Execute"}), samples.frame(range(TRAINED)))
    number = learn(feeder.dsn, samples.plant)
    with connect(feeder.dsn, application="test", autocommit=True) as connection:
        registry.promote(connection, number)
        # What was trained on is not watched.
        connection.execute("INSERT INTO ingest.cursor SELECT 'signals', max(xid) FROM ingest.batch")
    yield feeder
    forget_signals(feeder.dsn)


def forget_signals(dsn: str) -> None:
    # They point at each other, and baselines at models.
    with psycopg.connect(dsn) as connection:
        connection.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
    forget(dsn, "ingest.batch", "ingest.batch_span", "ingest.dead_letter")


def until(row: int) -> Window:
    return from_us(START_US), from_us(START_US + row * STEP_US)


def learn(dsn: str, plant: Plant, row: int = TRAINED) -> int:
    (trained,) = train(dsn, plant, until(row), only=["filling"], jobs=1)
    assert not trained.trouble
    (new,) = trained.models
    with connect(dsn, application="test", autocommit=True) as connection:
        return registry.register(connection, new)


_WRITTEN = (
    """SELECT to_jsonb(a) - '{id,xid,detected_at,event}'::text[]
         FROM analysis.anomaly AS a ORDER BY id""",
    "SELECT equipment, memory FROM analysis.watch",
    """SELECT day, moments, scored, round(score_sum::numeric, 6), bins
         FROM analysis.model_day ORDER BY day""",
)


def everything(dsn: str) -> list[list[Any]]:
    with psycopg.connect(dsn) as connection:
        return [connection.execute(query).fetchall() for query in _WRITTEN]
