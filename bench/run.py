"""The benchmark of ingest: a private stack, workers, publishers; count, time, repeat."""

from __future__ import annotations

import enum
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.pool import AsyncResult
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from bench.load import LOADS, Case, Load, packets, table_of
from bench.processes import cpu_s, peak_memory_mb
from bench.publish import Order, Published, publish
from bench.result import Run, Series
from bench.watch import StalledError, Watcher
from plant.load import load_plant
from stack.home import create_database
from stack.services import Service, Services
from storage.connect import connect
from storage.migrate import migrate

PLANT = Path(__file__).with_name("plant.toml")

_DATABASE = "bench"
_CONNECT_TIMEOUT_S = 30.0
_PATIENCE_S = 60.0
#: Of each session, as the shipped stack/mosquitto.conf has it.
_QUEUE_BYTES = 2_000_000_000
#: From giving the order to publish to the first message: the publisher starts a process.
_LEAD_S = 8.0


class TooManyError(Exception):
    """More messages are to be queued than the broker keeps."""


class Phase(enum.StrEnum):
    """How messages come: from a full queue, at the rate to hold, at half of it."""

    DRAIN = "drain"
    STEADY = "steady"
    HALF = "half"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure; None takes what the case says."""

    workers: int
    client: str
    messages: int | None
    seconds: float
    per_s: float | None
    runs: int


class _Used(NamedTuple):
    """Processor seconds by who used them."""

    ingest: float
    mosquitto: float
    postgresql: float

    def __sub__(self, other: _Used) -> _Used:
        return _Used(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class _Outcome(NamedTuple):
    """What one run took; without *per_s* the queue was filled first."""

    seconds: float
    per_s: float | None
    used: _Used
    published: Sequence[Published]
    load_before: float


class Bench:
    """Runs on one private stack; each run has a new database and new workers."""

    def __init__(self, services: Services, plan: Plan) -> None:
        self._services = services
        self._plan = plan
        self._plant = load_plant(PLANT)
        broker, cluster = services.broker.folder, services.cluster.folder
        self._mosquitto = int((broker / "pid").read_text())
        self._postgresql = int((cluster / "data" / "postmaster.pid").read_text().split()[0])

    def series(self, case: Case, phase: Phase) -> Series:
        """Measure one phase of one case, as often as the plan says."""
        load = LOADS[case]
        measure = self._drain if phase is Phase.DRAIN else self._steady
        runs = [measure(load, phase) for _ in range(self._plan.runs)]
        return Series.of(case.value, load.title, phase.value, runs)

    def _drain(self, load: Load, _: Phase) -> Run:
        load_before = os.getloadavg()[0]
        with self._database() as dsn:
            # The workers come once, so that the broker knows their sessions, and their start, which
            # is the same for ten messages and ten million, is not counted as work.
            start_s = self._introduce_workers(dsn)
            count = self._plan.messages or load.queued
            self._check_fits(load, count)
            with self._publishing(load, count / load.per_s, None) as parts:
                published = [part.get() for _, part in parts]
            with connect(dsn, application="jellyroll bench", autocommit=True) as connection:
                watcher = Watcher(connection)
                before = self._cpu_s([])
                workers = self._start_workers(dsn)
                self._wait(watcher, workers, sum(part.messages for part in published))
                used = self._cpu_s(workers) - before
                used = used._replace(ingest=used.ingest - start_s)
                outcome = _Outcome(watcher.drained_s(), None, used, published, load_before)
                return self._run(load, watcher, workers, outcome)

    def _check_fits(self, load: Load, count: int) -> None:
        """Raise `TooManyError` where the broker would silently drop what its queue cannot hold."""
        share = count / load.per_s
        size = sum(
            share * stream.per_s * packets(self._plant, stream).table.shape[1]
            for stream in load.streams
        )
        if size > _QUEUE_BYTES:
            raise TooManyError(
                f"{count:,} messages are {size / 1e9:.1f} GB, the broker's queue holds "
                f"{_QUEUE_BYTES / 1e9:g} GB; give --messages fewer"
            )

    def _steady(self, load: Load, phase: Phase) -> Run:
        load_before = os.getloadavg()[0]
        per_s = (self._plan.per_s or load.per_s) / (2 if phase is Phase.HALF else 1)
        with (
            self._database() as dsn,
            connect(dsn, application="jellyroll bench", autocommit=True) as connection,
        ):
            watcher = Watcher(connection)
            workers = self._start_workers(dsn)
            before = self._cpu_s(workers)
            with self._publishing(load, self._plan.seconds, per_s) as parts:
                births = sum(len(packets(self._plant, stream).births) for stream in load.streams)
                self._wait(watcher, workers, births + sum(count for count, _ in parts))
                published = [part.get() for _, part in parts]
            used = self._cpu_s(workers) - before
            seconds = watcher.last_seen_s() - min(part.begin_s for part in published)
            outcome = _Outcome(seconds, per_s, used, published, load_before)
            return self._run(load, watcher, workers, outcome)

    def _run(
        self, load: Load, watcher: Watcher, workers: Sequence[Service], outcome: _Outcome
    ) -> Run:
        seconds, per_s, used = outcome.seconds, outcome.per_s, outcome.used
        sent = sum(part.messages for part in outcome.published)
        tables = [table_of(self._plant, stream) for stream in load.streams]
        counts = [watcher.count(table) for table in tables]
        rows, keys = (sum(column) for column in zip(*counts, strict=True))
        millions = rows / 1e6
        latency = watcher.latency_ms(tables) if per_s else None
        publisher_s = sum(part.cpu_s for part in outcome.published) if per_s else None
        return Run(
            sent=sent,
            lost=sent - keys,
            twice=rows - keys,
            dead_letters=watcher.dead_letters(),
            seconds=round(seconds, 3),
            offered_per_s=per_s,
            messages_per_s=round(sent / seconds),
            samples_per_s=round(rows / seconds),
            values_per_s=round(watcher.values() / seconds),
            latency_p50_ms=round(latency[0], 1) if latency else None,
            latency_p99_ms=round(latency[1], 1) if latency else None,
            cpu_s_per_million_samples_ingest=round(used.ingest / millions, 2),
            cpu_s_per_million_samples_mosquitto=round(used.mosquitto / millions, 2),
            cpu_s_per_million_samples_postgresql=round(used.postgresql / millions, 2),
            cpu_s_per_million_samples_publisher=(
                None if publisher_s is None else round(publisher_s / millions, 2)
            ),
            cores_ingest=round(used.ingest / seconds, 3),
            cores_all=round(sum(used) / seconds, 3),
            cores_publisher=None if publisher_s is None else round(publisher_s / seconds, 3),
            peak_memory_mb=round(max(peak_memory_mb(worker.pid) for worker in workers), 1),
            load_before=round(outcome.load_before, 2),
        )

    @contextmanager
    def _database(self) -> Iterator[str]:
        """Make a new database; at the end its workers are stopped and it is dropped."""
        create_database(self._services.cluster, _DATABASE)
        dsn = self._services.cluster.dsn(_DATABASE)
        try:
            migrate(dsn, self._plant)
            yield dsn
        finally:
            self._services.stop()
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(_DATABASE))
            with psycopg.connect(self._services.cluster.dsn(), autocommit=True) as connection:
                connection.execute(drop)
                # What this run wrote is not to be written to disk in the time of the next.
                connection.execute("CHECKPOINT")

    def _introduce_workers(self, dsn: str) -> float:
        """Let the workers connect and go; return the processor seconds of their start."""
        workers = self._start_workers(dsn)
        start_s = self._cpu_s(workers).ingest
        for worker in workers:
            worker.stop()
        return start_s

    def _start_workers(self, dsn: str) -> list[Service]:
        """Start the workers and return when all are connected."""
        workers = []
        for number in range(self._plan.workers):
            arguments = (
                "ingest", "--plant", str(PLANT), "--broker", self._services.broker_url,
                "--database", dsn, "--worker", str(number), "--client", self._plan.client,
                "--shared" if self._plan.workers > 1 else "--no-shared",
            )  # fmt: skip
            name = f"ingest-{number}-{time.monotonic_ns()}"
            workers.append(self._services.start(name, *arguments))
        deadline_s = time.monotonic() + _CONNECT_TIMEOUT_S
        # The first is the Sparkplug host, too.
        while not all(
            " connected; " in w.log and ("host is online" in w.log or w is not workers[0])
            for w in workers
        ):
            self._services.check()
            if time.monotonic() > deadline_s:
                raise StalledError(f"ingest did not connect: {workers[0].log}")
            time.sleep(0.005)
        return workers

    @contextmanager
    def _publishing(
        self, load: Load, seconds: float, per_s: float | None
    ) -> Iterator[list[tuple[int, AsyncResult[Published]]]]:
        """Publish all streams, each from a process of its own; yield counts and what will come.

        Without *per_s* everything is sent at once, with times of the past.
        """
        faster = (per_s or load.per_s) / load.per_s
        begin_s = time.time() + _LEAD_S if per_s else time.time() - seconds - 60.0
        context = multiprocessing.get_context("spawn")
        # Unlike that of concurrent.futures, this pool ends its processes when the run is stopped.
        with context.Pool(len(load.streams)) as pool:
            orders = [
                Order(
                    stream,
                    max(1, round(seconds * stream.per_s * faster)),
                    begin_s,
                    stream.per_s * faster,
                    paced=per_s is not None,
                )
                for stream in load.streams
            ]
            url = self._services.broker_url
            yield [
                (order.count, pool.apply_async(publish, (self._plant, url, order)))
                for order in orders
            ]

    def _wait(self, watcher: Watcher, workers: Sequence[Service], sent: int) -> None:
        def check() -> None:
            for worker in workers:
                worker.check()

        watcher.wait_for(sent, check, _PATIENCE_S)

    def _cpu_s(self, workers: Sequence[Service]) -> _Used:
        """Return the processor seconds so far."""
        ingest = sum(cpu_s(worker.pid) for worker in workers)
        return _Used(ingest, cpu_s(self._mosquitto), cpu_s(self._postgresql))
