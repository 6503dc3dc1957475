"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from stack.programs import Programs


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, and the programs that ran on it."""

    processor: str
    cores: int
    memory_mb: int
    kernel: str
    python: str
    postgresql: str
    timescaledb: str
    mosquitto: str


def describe(programs: Programs) -> Machine:
    """Return this machine."""
    names = (
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    return Machine(
        processor=next(names, platform.machine()),
        cores=len(os.sched_getaffinity(0)),
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000,
        kernel=platform.release(),
        python=platform.python_version(),
        postgresql=programs.database.version,
        timescaledb=programs.database.timescaledb,
        mosquitto=programs.broker.version,
    )
