"""Run scenarios: one history per seed, copied for each fault, watched hour by hour."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from bench.scenario import FAULTS, Scenario
from bench.scenario_feed import HOUR_MS, feed, windows
from bench.scenario_seen import Outcome, read_seen
from bench.scenario_truth import done_by
from bench.scenario_watch import Watch, learn
from plant.load import load_plant
from plant.model import Plant
from plant.times import from_us
from simulator.faults import parse_fault
from simulator.line import Line
from simulator.message import Window
from simulator.operation import Operation
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.migrate import migrate

PLANT = Path(__file__).with_name("scenarios.toml")
#: The faults begin here: a Tuesday.
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
_BEGIN_MS = int(BEGIN.timestamp() * 1000)
_DAY_MS = 24 * HOUR_MS
#: The monitor looks so often: of what came between, cells and samples are seen in order of time.
_PIECE_MS = 3 * HOUR_MS
_WAIT_S = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """How long the line runs: days of history, days with a fault, days without one.

    Machines sample once in *period_ms*; a chart learns from *baseline_points*.
    """

    history_d: float = 3.0
    fault_d: float = 2.0
    healthy_d: float = 7.0
    period_ms: int = 60_000
    baseline_points: int = 300


class Failed(NamedTuple):
    """A run that came to nothing, and why."""

    scenario: Scenario
    reason: str


def run_all(
    cluster: PrivateCluster, scenarios: Sequence[Scenario], plan: Plan, jobs: int
) -> Iterator[Outcome | Failed]:
    """Yield the outcomes of *scenarios* as they come, *jobs* at a time.

    In their order, once the histories of all seeds are there: a run that is cut short has the first
    of them. One that fails does not stop the others.
    """
    plant = load_plant(PLANT)
    longest = dict.fromkeys((one.seed for one in scenarios), plan.healthy_d)
    for scenario in scenarios:
        longest[scenario.seed] = max(longest[scenario.seed], scenario.days(plan.fault_d))
    with ProcessPoolExecutor(jobs) as pool:
        histories: dict[Future[None], int] = {}
        for seed in longest:
            _create(cluster, _history(seed))
            migrate(cluster.dsn(_history(seed)), plant)
            work = pool.submit(_prepare, cluster.dsn(_history(seed)), seed, plan)
            histories[work] = seed
        for work in as_completed(histories):
            work.result()
            _freeze(cluster, _history(histories[work]))
        runs = {
            pool.submit(
                _run,
                cluster,
                scenario,
                plan,
                scenario.days(plan.fault_d) if scenario.faults else longest[scenario.seed],
            ): scenario
            for scenario in scenarios
        }
        for run in as_completed(runs):
            error = run.exception()
            if error is not None:
                yield Failed(runs[run], f"{type(error).__name__}: {error}")
            else:
                yield run.result()


def _prepare(dsn: str, seed: int, plan: Plan) -> None:
    """Let the line run healthy up to the beginning, with the monitor behind it."""
    plant = load_plant(PLANT)
    from_ms = _BEGIN_MS - round(plan.history_d * _DAY_MS)
    history = windows(from_ms, _BEGIN_MS, 6 * HOUR_MS, plan.period_ms, is_first=True)
    _follow(dsn, plant, _line(plant, seed), history, plan)
    learn(dsn, plant, (from_us(from_ms * 1000), BEGIN))


def _run(cluster: PrivateCluster, scenario: Scenario, plan: Plan, days: float) -> Outcome:
    started = time.monotonic()
    plant = load_plant(PLANT)
    line = _line(plant, scenario.seed)
    faults = [parse_fault(FAULTS[name], plant).started(_BEGIN_MS) for name in scenario.faults]
    end_ms = _BEGIN_MS + round(days * _DAY_MS)
    with _copied(cluster, scenario) as dsn:
        _follow(
            dsn, plant, line,
            windows(_BEGIN_MS, end_ms, _PIECE_MS, plan.period_ms, *faults), plan,
        )  # fmt: skip
        span = BEGIN, from_us(end_ms * 1000)
        done = tuple(done_by(plant, line, fault, _BEGIN_MS, end_ms) for fault in faults)
        seen = read_seen(dsn, plant, span)
        return Outcome(scenario, done, seen, days, time.monotonic() - started)


def _follow(dsn: str, plant: Plant, line: Line, pieces: Iterable[Window], plan: Plan) -> None:
    """Let *line* run for some time, and the monitor follow it piece by piece."""
    with connect(dsn, application="scenario", autocommit=True) as connection:
        watch = Watch(connection, plant, plan.baseline_points)
        for window in pieces:
            feed(connection, plant, line, window)
            while not _is_visible(connection):
                time.sleep(_WAIT_S)
            watch.look()


def _is_visible(connection: Connection) -> bool:
    """Say whether followers of the ledger see its last batch.

    An older transaction of another run, in another database of the same server, hides it.
    """
    row = connection.execute(
        "SELECT xid < pg_snapshot_xmin(pg_current_snapshot()) FROM ingest.batch"
        " ORDER BY xid DESC LIMIT 1"
    ).fetchone()
    return row is None or bool(row[0])


def _line(plant: Plant, seed: int) -> Line:
    """Return the line as it runs every day: with stops, and without the cells that failed."""
    return Line(plant, plant.production.lines[0], seed, Operation(stops=True, scrap=True))


def _history(seed: int) -> str:
    return f"history_{seed}"


def _create(cluster: PrivateCluster, name: str, template: str | None = None) -> None:
    command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        command += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(command)


def _freeze(cluster: PrivateCluster, name: str) -> None:
    """Let nobody into the database *name* any more, so that it can be copied."""
    with psycopg.connect(cluster.dsn(name), autocommit=True) as connection:
        connection.execute("SELECT _timescaledb_functions.stop_background_workers()")
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name))
        )


@contextmanager
def _copied(cluster: PrivateCluster, scenario: Scenario) -> Iterator[str]:
    """Yield the dsn of a copy of the history, which is gone afterwards."""
    name = f"{scenario.name}_{scenario.seed}"
    _create(cluster, name, _history(scenario.seed))
    try:
        yield cluster.dsn(name)
    finally:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
