"""Signals of a machine, from training to anomalies, on a real database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from models.follow import catch_up
from models.monitor import Progress
from models.monitor_signals import SignalMonitor
from models.station.watch import CLEAN
from plant.model import Plant
from plant.times import from_us
from tests.models.conftest import FILLER, START_US, Feeder
from tests.models.samples import STEP_US, Samples, frozen, shifted
from tests.models.signals import TRAINED, everything, fed, samples

__all__ = ["fed", "samples"]  # fixtures


def watch(feeder: Feeder, plant: Plant) -> Progress:
    return catch_up(feeder.dsn, SignalMonitor(plant, flush_s=0.0))


def anomalies(dsn: str) -> list[Any]:
    with psycopg.connect(dsn, row_factory=namedtuple_row) as connection:
        return connection.execute("SELECT * FROM analysis.anomaly ORDER BY id").fetchall()


def at(row: int) -> datetime:
    return from_us(START_US + row * STEP_US)


def test_a_healthy_machine_is_scored_and_says_nothing(fed: Feeder, samples: Samples) -> None:
    rows = range(TRAINED, TRAINED + 6_000)
    fed.commit(samples.frame(rows))
    progress = watch(fed, samples.plant)
    assert progress.batches == 1
    assert anomalies(fed.dsn) == []
    with psycopg.connect(fed.dsn) as connection:
        days = connection.execute(
            "SELECT sum(moments), sum(scored), sum(incomplete), sum(score_sum), sum(score_sum2)"
            "  FROM analysis.model_day"
        ).fetchone()
    assert days is not None
    moments, scored, incomplete, score_sum, score_sum2 = map(float, days)
    assert moments == len(rows)
    assert scored == len(rows) - 12  # two minutes of hold
    assert incomplete < 10  # a value may repeat by chance
    assert abs(score_sum / scored) < 0.1
    assert score_sum2 / scored == pytest.approx(1.0, abs=0.15)


def test_a_signal_that_leaves_the_others_is_named_with_what_was_expected(
    fed: Feeder, samples: Samples
) -> None:
    first, last = TRAINED + 500, TRAINED + 600
    by = -4 * samples.plant.signal(FILLER, "tank_pressure").sd
    change = shifted(first, last, "tank_pressure", by)
    fed.commit(samples.frame(range(TRAINED, TRAINED + 1_000), change))
    watch(fed, samples.plant)
    on, off = anomalies(fed.dsn)
    assert (on.state, on.equipment, on.position, on.characteristic) == (
        "on", FILLER, None, "multivariate",
    )  # fmt: skip
    assert (on.direction, on.unit, on.model, on.event) == ("high", "1", "residual-1", on.id)
    assert at(first) <= on.time <= at(first + 12)
    assert abs(on.since - at(first)) <= timedelta(seconds=30)
    assert on.statistic > on.limit_value > 3
    top = on.contributions[0]
    assert top["signal"] == "tank_pressure"
    assert top["unit"] == "kPa"
    assert top["expected"] - top["value"] == pytest.approx(-by, rel=0.4)
    assert sum(part["share"] for part in on.contributions) == pytest.approx(1.0, abs=0.15)
    assert (off.state, off.since, off.event) == ("off", on.since, on.event)
    assert at(last + CLEAN) <= off.time <= at(last + CLEAN + 40)


def test_one_nozzle_of_many_is_named(fed: Feeder, samples: Samples) -> None:
    by = 4 * samples.plant.signal(FILLER, "dose_flow").sd
    change = shifted(TRAINED + 500, 99_999, "dose_flow", by, position=3)
    fed.commit(samples.frame(range(TRAINED, TRAINED + 600), change))
    watch(fed, samples.plant)
    (on,) = anomalies(fed.dsn)
    assert on.contributions[0]["signal"] == "dose_flow[3]"


@pytest.mark.parametrize(
    ("signal", "position", "value"),
    [("vacuum", None, 4.9), ("vacuum", None, 500.0), ("dose_flow", 3, 0.0)],
)
def test_a_stuck_sensor_is_called_stuck_and_nothing_else(
    fed: Feeder, samples: Samples, signal: str, position: int | None, value: float
) -> None:
    first, last = TRAINED + 500, TRAINED + 700
    change = frozen(first, last, signal, value, position or 0)
    fed.commit(samples.frame(range(TRAINED, TRAINED + 1_500), change))
    watch(fed, samples.plant)
    on, off = anomalies(fed.dsn)
    assert (on.characteristic, on.position) == (f"stuck:{signal}", position)
    assert on.value == value
    assert abs(on.since - at(first)) <= timedelta(seconds=20)
    assert at(first + 10) <= on.time <= at(first + 20)
    assert (off.state, off.characteristic, off.time) == ("off", on.characteristic, at(last))


def test_a_lost_signal_is_called_lost_and_nothing_else(fed: Feeder, samples: Samples) -> None:
    first, last = TRAINED + 500, TRAINED + 700
    change = frozen(first, last, "tank_pressure", float("nan"))
    fed.commit(samples.frame(range(TRAINED, TRAINED + 1_000), change))
    watch(fed, samples.plant)
    on, off = anomalies(fed.dsn)
    assert (on.characteristic, on.state, off.state) == ("lost:tank_pressure", "on", "off")
    assert at(first + 4) <= on.time <= at(first + 8)
    assert off.time == at(last)


def test_a_machine_that_stops_or_starts_raises_no_alarm(fed: Feeder, samples: Samples) -> None:
    stop, start = TRAINED + 500, TRAINED + 600
    by = 20 * samples.plant.signal(FILLER, "vacuum").sd
    # Wrong while it stands still, and for a minute and a half after.
    change = shifted(stop, start + 9, "vacuum", by)
    fed.commit(
        samples.states({stop: "Stopping", stop + 3: "Stopped", start: "Execute"}),
        samples.frame(range(TRAINED, TRAINED + 1_500), change),
    )
    watch(fed, samples.plant)
    assert anomalies(fed.dsn) == []
    with psycopg.connect(fed.dsn) as connection:
        row = connection.execute("SELECT sum(moments), sum(scored) FROM analysis.model_day")
        assert row.fetchone() == (1_400, 1_400 - 2 * 12)


def test_late_samples_are_scored_when_they_come(fed: Feeder, samples: Samples) -> None:
    late = range(TRAINED + 500, TRAINED + 700)
    by = 5 * samples.plant.signal(FILLER, "vacuum").sd
    fed.commit(
        samples.frame(range(TRAINED, late.start)),
        samples.frame(range(late.stop, TRAINED + 1_000)),
    )
    watch(fed, samples.plant)
    assert anomalies(fed.dsn) == []
    change = shifted(late.start + 50, late.stop, "vacuum", by)
    fed.commit(*(
        samples.frame(range(first, first + 20), change)
        for first in range(late.start, late.stop, 20)
    ))  # fmt: skip
    watch(fed, samples.plant)
    (on,) = anomalies(fed.dsn)
    assert on.characteristic == "multivariate"
    assert at(late.start + 50) <= on.time <= at(late.start + 62)
    # It ends when what is newer has been good for a while.
    fed.commit(samples.frame(range(TRAINED + 1_000, TRAINED + 1_100)))
    watch(fed, samples.plant)
    assert [row.state for row in anomalies(fed.dsn)] == ["on", "off"]


def test_one_batch_or_many_give_the_same(fed: Feeder, samples: Samples) -> None:
    first, last = TRAINED, TRAINED + 900
    by = 4 * samples.plant.signal(FILLER, "vacuum").sd
    change = shifted(first + 300, first + 400, "vacuum", by)
    fed.commit(*(
        samples.frame(range(a, min(a + 37, last)), change) for a in range(first, last, 37)
    ))  # fmt: skip
    watch(fed, samples.plant)
    in_many = everything(fed.dsn)
    with psycopg.connect(fed.dsn) as connection:
        connection.execute("TRUNCATE analysis.watch, analysis.model_day, analysis.anomaly CASCADE")
        connection.execute("DELETE FROM telemetry.filling WHERE time >= %s", (at(first),))
    fed.commit(samples.frame(range(first, last), change))
    watch(fed, samples.plant)
    assert everything(fed.dsn) == in_many
    assert len(in_many[0]) == 2


def test_what_is_done_is_not_done_again(fed: Feeder, samples: Samples) -> None:
    fed.commit(samples.frame(range(TRAINED, TRAINED + 100)))
    assert watch(fed, samples.plant).batches == 1
    assert watch(fed, samples.plant) == Progress()
