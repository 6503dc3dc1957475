"""Baselines of charts that are learnt again, promoted and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from models import registry
from models.follow import catch_up
from models.monitor import Monitor
from models.train_baselines import train_baselines
from plant.model import Plant
from plant.times import from_us
from storage.connect import connect
from tests.models.conftest import START_US, STEP_US, Feeder, Filling
from tests.models.signals import forget_signals

POINTS = 300
#: Cells after which every chart of the filler has its baseline.
LEARNT = 8 * POINTS


@pytest.fixture(autouse=True)
def an_empty_registry(feeder: Feeder) -> Iterator[None]:
    """What is promoted here must not judge the charts of the next test."""
    forget_signals(feeder.dsn)
    yield
    forget_signals(feeder.dsn)


def limits(dsn: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT version, active, mean, model FROM analysis.control_limit"
            " WHERE position = 3 AND characteristic = 'fill_mass' ORDER BY version"
        ).fetchall()


def states(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT state FROM analysis.anomaly ORDER BY id").fetchall()
    return [state for (state,) in rows]


def test_a_change_that_stays_gets_a_baseline_of_its_own_and_the_old_one_can_come_back(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    change, first, end = LEARNT + 800, LEARNT + 1_600, LEARNT + 4_800
    low = range(change, 99_999)
    feeder.commit(filling.frame(range(end), low_dose=low))
    catch_up(feeder.dsn, Monitor(pilot, POINTS))
    assert states(feeder.dsn) == ["on"]
    with psycopg.connect(feeder.dsn) as connection:
        # Somebody said what it was: from here on it is meant to be so.
        connection.execute(
            "INSERT INTO analysis.anomaly (state, line, station, equipment, position,"
            " characteristic, direction, since, time, statistic, limit_value, value, expected, sd,"
            " unit, samples, last_points, model) SELECT 'off', line, station, equipment, position,"
            " characteristic, direction, since, %s, 0, limit_value, value, expected, sd, unit,"
            " samples, '[]', model FROM analysis.anomaly",
            (from_us(START_US + first * STEP_US),),
        )
    window = from_us(START_US + first * STEP_US), from_us(START_US + end * STEP_US)
    (trained,) = train_baselines(feeder.dsn, pilot, window, only=["filling"])
    (new,) = trained.models
    assert (new.kind, new.metrics["charts"], new.rows) == ("results", 56, 7 * (end - first - 1))
    with connect(feeder.dsn, application="test", autocommit=True) as connection:
        number = registry.register(connection, new)
        catch_up(feeder.dsn, Monitor(pilot, POINTS))
        assert [(v, a) for v, a, *_ in limits(feeder.dsn)] == [(1, True)]  # a candidate
        registry.promote(connection, number)
    feeder.commit(filling.frame(range(end, end + 1_600), low_dose=low))
    catch_up(feeder.dsn, Monitor(pilot, POINTS))
    old, now = limits(feeder.dsn)
    assert (old[0], old[1], now[0], now[1], now[3]) == (1, False, 2, True, number)
    assert now[2] < old[2] - 0.3
    # The alarm of the old baseline ended with it; by the new one all is well.
    assert states(feeder.dsn) == ["on", "off", "off"]
    # A promotion is taken over once.
    assert catch_up(feeder.dsn, Monitor(pilot, POINTS)).batches == 0
    assert len(limits(feeder.dsn)) == 2
