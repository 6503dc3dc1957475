"""What a benchmark found, as it is written to JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields

from bench.machine import Machine


@dataclass(frozen=True, slots=True)
class Run:
    """One run. *offered_per_s* and the latency are None where the queue was filled first.

    The latency goes from the time in a row, at which it was due to be sent, to the moment when
    another connection could read it. *cores_all* is ingest, broker and database. *load_before* is
    the system's load of the last minute, that of the run before included.
    """

    sent: int
    lost: int
    twice: int
    dead_letters: int
    seconds: float
    offered_per_s: float | None
    messages_per_s: float
    samples_per_s: float
    values_per_s: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    cpu_s_per_million_samples_ingest: float
    cpu_s_per_million_samples_mosquitto: float
    cpu_s_per_million_samples_postgresql: float
    cpu_s_per_million_samples_publisher: float | None
    cores_ingest: float
    cores_all: float
    cores_publisher: float | None
    peak_memory_mb: float
    load_before: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over all runs."""

    median: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one phase of one case."""

    case: str
    title: str
    phase: str
    figures: dict[str, Figure]
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, case: str, title: str, phase: str, runs: Sequence[Run]) -> Series:
        """Return the series of *runs*, with its figures."""
        figures = {}
        for field in fields(Run):
            values = [getattr(run, field.name) for run in runs]
            if None not in values:
                figures[field.name] = Figure(statistics.median(values), min(values), max(values))
        return cls(case, title, phase, figures, tuple(runs))


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a benchmark found, and on what."""

    date: str
    command: str
    machine: Machine
    client: str
    workers: int
    series: tuple[Series, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every message is there exactly once."""
        return not any(
            run.lost or run.twice or run.dead_letters for s in self.series for run in s.runs
        )
