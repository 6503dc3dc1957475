from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import namedtuple_row

from models import monitor as monitor_module
from models.follow import catch_up
from models.monitor import CHANNEL, Monitor, MonitorError, Progress
from plant.frames import Frame
from plant.model import Plant
from plant.times import from_us
from storage.connect import connect
from tests.models.conftest import FILLER, START_US, STEP_US, Feeder, Filling, write_batch

POINTS = 300
#: Cells after which every chart of the filler has its baseline.
LEARNT = 8 * POINTS


def watch(dsn: str, plant: Plant) -> Progress:
    return catch_up(dsn, Monitor(plant, POINTS))


def anomalies(dsn: str) -> list[Any]:
    with psycopg.connect(dsn, row_factory=namedtuple_row) as connection:
        return connection.execute("SELECT * FROM analysis.anomaly ORDER BY id").fetchall()


def in_batches(filling: Filling, cells: range, size: int, **fault: range) -> Iterator[Frame]:
    for start in range(cells.start, cells.stop, size):
        yield filling.frame(range(start, min(start + size, cells.stop)), **fault)


def test_a_healthy_history_gives_baselines_and_no_anomaly(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    feeder.commit(*in_batches(filling, range(20_000), 2_500))
    progress = watch(feeder.dsn, pilot)
    results = len(pilot.stations["filling"].results)
    assert progress == Progress(8, 20_000 * results, 8 * results, 0, 0)
    assert anomalies(feeder.dsn) == []
    with psycopg.connect(feeder.dsn) as connection:
        limits = connection.execute(
            "SELECT n, mean, sd, version, active, from_time, to_time FROM analysis.control_limit"
            " WHERE equipment = %s AND position = 3 AND characteristic = 'fill_mass'",
            (FILLER,),
        ).fetchall()
    dose = pilot.signal(FILLER, "fill_mass")
    ((n, mean, sd, version, active, from_time, to_time),) = limits
    assert (n, version, active) == (POINTS, 1, True)
    assert mean == pytest.approx(dose.nominal, abs=4 * dose.sd / POINTS**0.5)
    assert sd == pytest.approx(dose.sd, rel=0.15)
    # The third of eight nozzles, and then every eighth cell.
    assert from_time == from_us(START_US + 2 * STEP_US)
    assert to_time == from_us(START_US + (2 + 8 * (POINTS - 1)) * STEP_US)


def test_a_nozzle_that_doses_low_is_named_with_its_onset_and_size(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    fault = 8_002
    with connect(feeder.dsn, application="test", autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        feeder.commit(*in_batches(filling, range(8_200), 1_000, low_dose=range(fault, 8_200)))
        watch(feeder.dsn, pilot)
        assert [n.channel for n in listener.notifies(timeout=5, stop_after=1)] == [CHANNEL]
    (seen,) = anomalies(feeder.dsn)
    assert (seen.state, seen.line, seen.station) == ("on", "l1", "filling")
    assert (seen.equipment, seen.position, seen.characteristic) == (FILLER, 3, "fill_mass")
    assert (seen.direction, seen.unit, seen.model) == ("low", "g", "cusum-1")
    dose = pilot.signal(FILLER, "fill_mass")
    assert seen.expected == pytest.approx(dose.nominal, abs=0.01)
    assert seen.sd == pytest.approx(dose.sd, rel=0.15)
    onset, turn = from_us(START_US + fault * STEP_US), timedelta(microseconds=8 * STEP_US)
    assert abs(seen.since - onset) <= turn
    # Five points at 3.5 fill the limit, a few more if the sum was at zero and the limit is high.
    assert 4 * turn <= seen.time - onset <= 6 * turn
    assert seen.samples == (seen.time - seen.since) / turn + 1
    assert seen.statistic >= seen.limit_value > 14
    assert len(seen.last_points) == 25
    times, values = zip(*seen.last_points, strict=True)
    assert times[-1] == seen.time.isoformat()
    assert seen.value == pytest.approx(np.mean(values[-seen.samples :]), abs=1e-6)
    assert seen.value == pytest.approx(0.94 * dose.nominal, abs=3 * dose.sd)
    assert values[-1] == pytest.approx(0.94 * dose.nominal, abs=5 * dose.sd)


def test_a_mended_nozzle_ends_its_alarm_with_the_same_identity(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    feeder.commit(filling.frame(range(LEARNT)))
    feeder.commit(filling.frame(range(LEARNT, LEARNT + 400), low_dose=range(LEARNT, LEARNT + 400)))
    feeder.commit(filling.frame(range(LEARNT + 400, LEARNT + 1_600)))
    progress = watch(feeder.dsn, pilot)
    assert (progress.alarms_on, progress.alarms_off) == (1, 1)
    on, off = anomalies(feeder.dsn)
    identity = ("line", "station", "equipment", "position", "characteristic", "direction", "since")
    assert (on.state, off.state) == ("on", "off")
    assert [getattr(on, name) for name in identity] == [getattr(off, name) for name in identity]
    assert off.statistic < off.limit_value / 2
    mended = from_us(START_US + (LEARNT + 400) * STEP_US)
    assert mended < off.time < mended + timedelta(microseconds=8 * 60 * STEP_US)


def test_what_is_done_is_not_done_again(feeder: Feeder, filling: Filling, pilot: Plant) -> None:
    feeder.commit(filling.frame(range(3_000), low_dose=range(2_500, 3_000)))
    assert watch(feeder.dsn, pilot).alarms_on == 1
    before = feeder.everything()
    assert watch(feeder.dsn, pilot) == Progress()
    assert feeder.everything() == before


def test_a_chart_that_still_learns_raises_no_alarm(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    feeder.commit(filling.frame(range(LEARNT - 8), low_dose=range(LEARNT // 2, LEARNT)))
    assert watch(feeder.dsn, pilot) == Progress(1, 7 * (LEARNT - 8), 0, 0, 0)


def test_a_chart_told_to_learn_less_than_it_has_seen_uses_all_it_has_seen(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    feeder.commit(filling.frame(range(8 * 400)))
    assert catch_up(feeder.dsn, Monitor(pilot, 1000)).baselines == 0
    feeder.commit(filling.frame(range(8 * 400, 8 * 410)))
    assert watch(feeder.dsn, pilot).baselines == 56
    with psycopg.connect(feeder.dsn) as connection:
        used = connection.execute("SELECT DISTINCT n FROM analysis.control_limit").fetchall()
        left = connection.execute("SELECT count(*) FROM analysis.learning").fetchone()
    assert used == [(400,)]
    assert left == (0,)


def test_a_late_batch_is_scored_when_it_comes(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    late = range(2_600, 2_800)
    feeder.commit(filling.frame(range(2_600)), filling.frame(range(2_800, 4_000)))
    assert watch(feeder.dsn, pilot).alarms_on == 0
    feeder.commit(filling.frame(late, low_dose=late))
    assert watch(feeder.dsn, pilot).alarms_on == 1
    (seen,) = anomalies(feeder.dsn)
    assert (seen.position, seen.direction) == (3, "low")
    assert START_US + late.start * STEP_US <= seen.time.timestamp() * 1e6
    assert seen.time.timestamp() * 1e6 < START_US + late.stop * STEP_US
    with psycopg.connect(feeder.dsn) as connection:
        newest = connection.execute("SELECT max(last_time) FROM analysis.chart").fetchone()
    assert newest == (from_us(START_US + 3_999 * STEP_US),)


def test_batches_are_followed_in_the_order_of_their_transactions(
    feeder: Feeder, filling: Filling, pilot: Plant
) -> None:
    feeder.commit(filling.frame(range(LEARNT)))
    first, second = range(LEARNT, LEARNT + 100), range(LEARNT + 100, LEARNT + 300)
    with connect(feeder.dsn, application="test") as older:
        write_batch(older, filling.frame(first, low_dose=first), "another")
        feeder.commit(filling.frame(second, low_dose=second))
        # The younger transaction has committed, but the older one may still come.
        assert watch(feeder.dsn, pilot).batches == 1
        older.commit()
    assert watch(feeder.dsn, pilot).batches == 2
    (seen,) = anomalies(feeder.dsn)
    assert seen.time < from_us(START_US + first.stop * STEP_US)


def test_a_step_that_fails_leaves_nothing_behind(
    feeder: Feeder, filling: Filling, pilot: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeder.commit(filling.frame(range(LEARNT)))
    watch(feeder.dsn, pilot)
    before = feeder.everything()
    feeder.commit(filling.frame(range(LEARNT, LEARNT + 400), low_dose=range(LEARNT, LEARNT + 400)))
    with monkeypatch.context() as patch:
        patch.setattr(monitor_module, "advance", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            watch(feeder.dsn, pilot)
    assert feeder.everything() == before
    assert watch(feeder.dsn, pilot).alarms_on == 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_second_monitor_of_one_database_is_refused(feeder: Feeder, pilot: Plant) -> None:
    with connect(feeder.dsn, application="test", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (0x6A656C6C7A,))
        with pytest.raises(MonitorError, match="another monitor"):
            watch(feeder.dsn, pilot)


def test_a_database_without_the_tables_says_what_to_do(fresh_database: str, pilot: Plant) -> None:
    with pytest.raises(MonitorError, match="jellyroll migrate"):
        watch(fresh_database, pilot)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cuts=st.lists(st.integers(1, 2_999), max_size=8),
    stops=st.lists(st.booleans(), min_size=9, max_size=9),
    max_values=st.sampled_from([1, 5_000, 400_000]),
)
def test_one_batch_or_many_give_the_same(
    feeder: Feeder,
    filling: Filling,
    cuts: list[int],
    stops: list[bool],
    max_values: int,
) -> None:
    cells, fault = range(3_000), range(2_440, 2_600)
    feeder.forget()
    feeder.commit(filling.frame(cells, low_dose=fault))
    watch(feeder.dsn, filling.plant)
    expected = feeder.everything()
    assert len(expected[0]) == 2  # on and off
    feeder.forget()
    edges = sorted({0, *cuts, len(cells)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor_module, "MAX_VALUES", max_values)
        for begin, end, stop in zip(edges, edges[1:], stops, strict=False):
            feeder.commit(filling.frame(range(begin, end), low_dose=fault))
            if stop:
                watch(feeder.dsn, filling.plant)
        watch(feeder.dsn, filling.plant)
    assert feeder.everything() == expected
