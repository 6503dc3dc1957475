"""What training takes from history, what it leaves out, and where it works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from distributed import LocalCluster

from models import train_history
from models.station.hold import KINDS, NEVER, Hold
from models.station.span import Span, settled
from models.train import TrainError, train
from models.train_history import History, read_group
from models.watched import groups
from plant.model import Plant
from storage.connect import connect
from tests.models.conftest import FILLER, START_US, Feeder
from tests.models.samples import Samples, shifted
from tests.models.signals import forget_signals, samples, until

__all__ = ["samples"]  # a fixture


@pytest.fixture
def history(feeder: Feeder) -> Iterator[Feeder]:
    forget_signals(feeder.dsn)
    yield feeder
    forget_signals(feeder.dsn)


def read(dsn: str, plant: Plant, rows: int) -> History:
    (group,) = (group for group in groups(plant) if group.station == "filling")
    with connect(dsn, application="test", autocommit=True) as connection:
        return read_group(connection, group, until(rows), "vehicle")


def numbers(spans: Iterable[Span]) -> list[int]:
    """The numbers of the rows of *spans*."""
    return [round((t - START_US) / 10e6) for span in spans for t in span.time_us.tolist()]


def alarm(dsn: str, first: int, last: int) -> None:
    """Let an alarm of the filler last from row *first* to row *last*."""
    with connect(dsn, application="test") as connection:
        for state, time in (("on", last - 1), ("off", last)):
            connection.execute(
                "INSERT INTO analysis.anomaly (state, line, station, equipment, characteristic,"
                " direction, since, time, statistic, limit_value, value, expected, sd, unit,"
                " samples, last_points, model) VALUES (%s, 'l1', 'filling', %s, 'multivariate',"
                " 'high', %s, %s, 5, 4, 5, 0, 1, '1', 9, '[]', 'x')",
                (state, FILLER, until(first)[1], until(time)[1]),
            )


def test_alarmed_times_stops_and_what_follows_a_start_are_left_out(
    history: Feeder, samples: Samples
) -> None:
    history.commit(
        samples.states({0: "Execute", 300: "Held", 400: "Execute"}), samples.frame(range(1_000))
    )
    alarm(history.dsn, 600, 700)
    kept = numbers(settled(read(history.dsn, samples.plant, 1_000).spans, Hold()))
    # A state is said a second before its row, so two minutes hold the twelve rows after a start.
    assert kept == [*range(300), *range(412, 600), *range(701, 1_000)]


def test_what_follows_a_start_is_kept_to_learn_from_unless_something_else_was_wrong(
    history: Feeder, samples: Samples
) -> None:
    stops = {300: "Held", 350: "Execute", 700: "Stopped", 930: "Execute", 1_000: "Held",
             1_005: "Execute", 1_500: "Stopped", 1_800: "Execute", 2_200: "Stopped",
             2_500: "Execute", 3_000: "Held", 3_005: "Execute"}  # fmt: skip
    history.commit(samples.states({0: "Execute", **stops}), samples.frame(range(4_000)))
    alarm(history.dsn, 932, 960)
    alarm(history.dsn, 1_850, 2_199)
    alarm(history.dsn, 2_990, 3_020)
    starts = read(history.dsn, samples.plant, 4_000).starts
    # After 930 an alarm soon ended; after 1,800 one lasted; that of 2,990 was there before; 1,005
    # came while the machine may have been settling still.
    assert [(KINDS[span.kind], *numbers([span])[:: len(span.time_us) - 1]) for span in starts] == [
        ("short", 350, 439), ("long", 930, 999), ("long", 2_500, 2_709),
    ]  # fmt: skip
    assert starts[1].since_us[0].tolist() == [1_000_000, 1_000_000, NEVER]


def test_of_a_history_that_is_sampled_the_last_starts_are_whole(
    history: Feeder, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit(
        samples.states({0: "Execute", 3_000: "Stopped", 3_200: "Execute"}),
        samples.frame(range(5_000)),
    )
    monkeypatch.setattr(train_history, "MOST_ROWS", 4_000)
    found = read(history.dsn, samples.plant, 5_000)
    rows = numbers(found.spans)
    assert rows == sorted(set(rows))
    assert len(rows) < 1_000
    assert numbers(found.starts) == [*range(3_200, 3_410)]


def test_a_thinned_history_is_trained_on_with_its_own_period(
    history: Feeder, samples: Samples
) -> None:
    frames = [samples.frame(range(row, row + 1)) for row in range(0, 3_000, 6)]
    history.commit(frames[0]._replace(values=tuple(
        np.concatenate([f.values[at] for f in frames]) for at in range(len(frames[0].values))
    ), rows=len(frames)))  # fmt: skip
    (done,) = train(history.dsn, samples.plant, until(3_000), only=["filling"], jobs=1)
    assert done.models[0].metrics["period_s"] == 60.0


def test_signals_that_say_nothing_are_left_out_with_the_reason(
    history: Feeder, samples: Samples
) -> None:
    def change(number: np.ndarray, values: dict[str, np.ndarray]) -> None:
        values["vacuum"][:] = 5.0
        values["tank_pressure"][:] = number * 0.5
        values["electrolyte_temperature"][number % 3 != 0] = np.nan
        values["dose_flow"][:, 4] = np.nan

    history.commit(samples.frame(range(1_000), change))
    (done,) = train(history.dsn, samples.plant, until(1_000), only=["filling"], jobs=1)
    assert done.left_out == {
        "vacuum": "constant",
        "tank_pressure": "a counter",
        "dose_flow[5]": "missing in 100% of the rows",
    }
    assert len(done.models[0].signals) == 4 + 2 * 8 - 3


def test_too_short_a_history_says_so(history: Feeder, samples: Samples) -> None:
    history.commit(samples.frame(range(100)))
    (done,) = train(history.dsn, samples.plant, until(100), only=["filling"], jobs=1)
    assert done.models == []
    assert done.trouble == "100 healthy rows; at least 300 are needed"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same_models(history: Feeder, samples: Samples) -> None:
    history.commit(samples.frame(range(1_500), shifted(0, 0, "vacuum", 0.0)))
    here = train(history.dsn, samples.plant, until(1_500), only=["filling", "sealing"], jobs=1)
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:  # type: ignore[no-untyped-call]
        there = train(
            history.dsn, samples.plant, until(1_500), only=["filling", "sealing"],
            backend="dask", scheduler=cluster.scheduler_address,
        )  # fmt: skip
    assert [m.sha256 for its in there for m in its.models] == [
        m.sha256 for its in here for m in its.models
    ]
    assert [its.trouble for its in there] == ["", "0 healthy rows; at least 300 are needed"]


def test_a_backend_that_is_not_installed_says_what_to_do(pilot: Plant) -> None:
    with pytest.raises(TrainError, match="ray is not installed"):
        train("postgresql://nowhere", pilot, until(1), backend="ray")
