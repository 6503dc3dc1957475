"""Processor time and memory of processes, as Linux counts them (/proc)."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the processor seconds of *pid* and of its children, those that have ended included."""
    own = _times(pid)
    return sum(own) + sum(sum(_times(child)[:2]) for child in _children(pid))


def peak_memory_mb(pid: int) -> float:
    """Return the most memory that *pid* has held, in 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _times(pid: int) -> tuple[float, ...]:
    """Return user and system time, then those of children that ended; 0 if *pid* has gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return (0.0,) * 4
    return tuple(int(word) / _TICKS_PER_S for word in words[11:15])


def _children(pid: int) -> list[int]:
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(word) for word in words]
