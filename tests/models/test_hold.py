"""How long a start is waited for: learnt from starts, kept by the monitor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import psycopg
import pytest

from models import registry
from models.follow import catch_up
from models.monitor_signals import SignalMonitor
from models.monitor_states import States
from models.station.hold import KINDS, LEAST_STARTS, NEVER, Aftermath, Hold, learn_hold
from models.station.persist import digest, from_bytes, to_bytes
from plant.times import from_us
from storage.connect import connect
from tests.models.conftest import START_US, Feeder
from tests.models.samples import STEP_US, Change, Samples
from tests.models.signals import forget_signals, learn, samples

__all__ = ["samples"]  # a fixture

MINUTE_US = 60_000_000
SHORT, LONG, VERY_LONG = range(len(KINDS))
#: Rows, one in ten seconds: a long stop, and a start that is off for twelve minutes.
STANDS, SETTLES = 240, 72
STOPS = range(600, 6_600, 1_000)
TRAINED, STOP = 7_000, 8_000
START = STOP + STANDS


def settling(samples: Samples, *faults: range) -> Change:
    """Let two signals be off while the filler settles after a long stop, and one in *faults*."""
    station = samples.plant.stations["filling"]
    starts = [stop + STANDS for stop in (*STOPS, STOP)]

    def change(number: npt.NDArray[np.int64], values: dict[str, npt.NDArray[np.float64]]) -> None:
        off = np.zeros(len(number))
        for start in starts:
            off[(number >= start) & (number < start + SETTLES)] = 3.0
        values["vacuum"] += off * station.signals["vacuum"].sd
        values["tank_pressure"] -= off * station.signals["tank_pressure"].sd
        for fault in faults:
            wrong = np.isin(number, fault)
            values["vacuum"][wrong] += 4.0 * station.signals["vacuum"].sd

    return change


@pytest.fixture
def slow(feeder: Feeder, samples: Samples) -> Iterator[Feeder]:
    """A database with a filler that settles slowly after long stops, and the model of it active."""
    forget_signals(feeder.dsn)
    states = {0: "Execute"}
    for stop in STOPS:
        states |= {stop: "Stopped", stop + STANDS: "Execute"}
        states |= {stop + 500: "Held", stop + 510: "Execute"}
    feeder.commit(samples.states(states), samples.frame(range(TRAINED), settling(samples)))
    number = learn(feeder.dsn, samples.plant, TRAINED)
    with connect(feeder.dsn, application="test", autocommit=True) as connection:
        registry.promote(connection, number)
        connection.execute("INSERT INTO ingest.cursor SELECT 'signals', max(xid) FROM ingest.batch")
    yield feeder
    forget_signals(feeder.dsn)


def alarms(dsn: str) -> list[int]:
    """The rows at which the filler alarmed."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT time FROM analysis.anomaly WHERE state = 'on' ORDER BY id"
        ).fetchall()
    return [round((time - from_us(START_US)) / timedelta(microseconds=STEP_US)) for (time,) in rows]


def go_on(feeder: Feeder, samples: Samples, *faults: range) -> list[int]:
    """Let the filler stand and start again, watched piece by piece; return where it alarmed."""
    feeder.commit(samples.states({STOP: "Stopped", START: "Execute"}))
    for first in range(TRAINED, START + 600, 90):
        feeder.commit(samples.frame(range(first, first + 90), settling(samples, *faults)))
        catch_up(feeder.dsn, SignalMonitor(samples.plant, flush_s=0.0))
    return alarms(feeder.dsn)


def test_what_a_start_needs_is_learnt_and_is_not_normal(slow: Feeder, samples: Samples) -> None:
    with connect(slow.dsn, application="test") as connection:
        (row,) = registry.models(connection)
        model = from_bytes(registry.content(connection, row.id), row.sha256)
    figures = row.metrics
    assert (figures["stops_short"], figures["stops_long"]) == (len(STOPS), len(STOPS))
    assert 12 * 60 <= figures["hold_long_s"] <= 15 * 60
    assert figures["hold_short_s"] == 120
    # With the settling in it, it would be off by a quarter of an sd.
    vacuum = samples.plant.stations["filling"].signals["vacuum"]
    usual = model.centre[[column.signal for column in model.columns].index("vacuum")]
    assert abs(usual - vacuum.nominal) < 0.1 * vacuum.sd


def test_a_machine_that_settles_slowly_is_waited_for(slow: Feeder, samples: Samples) -> None:
    assert go_on(slow, samples) == []


def test_without_the_hold_it_would_have_been_an_alarm(slow: Feeder, samples: Samples) -> None:
    with connect(slow.dsn, application="test", autocommit=True) as connection:
        (row,) = registry.models(connection)
        model = from_bytes(registry.content(connection, row.id), row.sha256)
        content = to_bytes(replace(model, hold=Hold(*[2 * MINUTE_US] * 3)))
        connection.execute(
            "UPDATE analysis.model SET content = %s, sha256 = %s WHERE id = %s",
            (content, digest(content), row.id),
        )
    (alarm,) = go_on(slow, samples)
    assert START + 12 <= alarm < START + SETTLES


def test_a_fault_just_after_the_settling_is_seen(slow: Feeder, samples: Samples) -> None:
    first = START + 90
    (alarm,) = go_on(slow, samples, range(first, first + 60))
    assert first < alarm < first + 20


def test_a_fault_soon_after_a_short_stop_is_seen(slow: Feeder, samples: Samples) -> None:
    held = TRAINED + 500
    slow.commit(samples.states({held: "Held", held + 6: "Execute"}))
    first = held + 6 + 14
    assert first < min(row for row in go_on(slow, samples, range(first, first + 60))) < first + 20


def after(stops: dict[int, str], minute: int) -> list[int]:
    """Minutes since the last start after stops of each kind, -1 for never."""
    times = np.array([at * MINUTE_US for at in stops], dtype=np.int64)
    runs = np.array([state == "Execute" for state in stops.values()], dtype=np.bool_)
    states = States(times, runs, ("",) * len(stops))
    since = states.run(np.array([minute * MINUTE_US])).since_us[0].tolist()
    return [-1 if us == NEVER else us // MINUTE_US for us in since]


def test_a_start_is_long_ago_since_the_stop_that_was_long() -> None:
    assert after({}, 5) == [-1, -1, -1]
    # That it runs when it is first heard of is no start; a shift's message neither.
    assert after({0: "Execute", 9: "Execute"}, 12) == [-1, -1, -1]
    stops = {0: "Execute", 10: "Stopped", 38: "Starting", 41: "Execute", 50: "Held", 51: "Execute"}
    assert after(stops, 45) == [4, 4, -1]
    assert after(stops, 60) == [9, 19, -1]
    assert after({0: "Stopped", 29: "Execute"}, 31) == [2, -1, -1]
    assert after({0: "Stopped", 120: "Execute"}, 125) == [5, 5, 5]


def starts(kind: int, settle_min: list[float], moments: int = 240) -> list[Aftermath]:
    """Starts whose scores are 4 until they have settled, one in ten seconds."""
    random = np.random.default_rng(1)
    since = np.arange(moments) * 10_000_000
    return [
        Aftermath(kind, since, np.where(since < m * MINUTE_US, 4.0, random.normal(size=moments)))
        for m in settle_min
    ]


def learnt(*found: Aftermath) -> tuple[list[float], tuple[int, ...]]:
    """The hold in minutes that is learnt, and from how many starts after stops of each kind."""
    running = np.random.default_rng(2).normal(size=3_000)
    hold, stops = learn_hold([running], found, 10_000_000)
    return [us / MINUTE_US for us in hold], stops


def test_a_few_strange_starts_do_not_stretch_the_hold() -> None:
    hold, stops = learnt(*starts(VERY_LONG, [*[7.8] * 15, *[0.0] * 4, 29.0]))
    assert stops == (0, 0, 20)
    # After a shorter stop, of which none was seen, it takes no longer.
    assert hold == [2.0, 8.0, 8.0]


def test_stops_of_half_an_hour_without_consequences_say_nothing_of_longer_ones() -> None:
    found = [*starts(LONG, [0.0] * 30), *starts(VERY_LONG, [11.8] * 5)]
    assert learnt(*found) == ([2.0, 2.0, 12.0], (0, 30, 5))


@pytest.mark.parametrize("count", [0, LEAST_STARTS - 1])
def test_too_few_starts_leave_the_longest_hold_after_long_stops(count: int) -> None:
    assert learnt(*starts(LONG, [4.0] * count)) == ([2.0, 30.0, 30.0], (0, count, 0))


def test_no_start_is_waited_for_longer_than_is_stated() -> None:
    found = [*starts(SHORT, [15.0] * 6), *starts(LONG, [45.0] * 6)]
    assert learnt(*found)[0] == [10.0, 30.0, 30.0]


def test_a_start_does_not_count_whose_end_is_not_seen() -> None:
    assert learnt(*starts(LONG, [18.0] * 6, moments=90))[1] == (0, 0, 0)
