"""How strongly a fault is there at a moment: 0 not at all, 1 fully."""

from __future__ import annotations

import numpy as np

from plant.model import Equipment
from simulator.faults import Fault
from simulator.faults_kind import Shape
from simulator.noise import Floats, Ints, Noise

_FOREVER_MS = 1 << 62
#: Machines are this part of a turn apart, so that no two of them are at the same point of it.
PHASE = 0.381966


def severity(fault: Fault, times_ms: Ints, machine: Equipment | None = None) -> Floats:
    """Return how strongly *fault* is there at *times_ms*, its size included; a sine goes below 0.

    *machine* is of those that have the fault the one to ask for; by itself the first.
    """
    if fault.on_ms is None:
        return np.zeros(len(times_ms))
    since = times_ms - fault.on_ms
    active = (since >= 0) & (times_ms < off_ms(fault))
    value = active * _shape(fault, times_ms, since, machine or fault.machines[0])
    return np.where(active, value * fault.size, 0.0)


def overlap(fault: Fault, from_ms: Ints, to_ms: Ints) -> Floats:
    """Return which part of each [*from_ms*, *to_ms*) has the fault, its size included."""
    if fault.on_ms is None:
        return np.zeros(len(from_ms))
    both = np.minimum(to_ms, off_ms(fault)) - np.maximum(from_ms, fault.on_ms)
    part: Floats = fault.size * np.maximum(both, 0) / np.maximum(to_ms - from_ms, 1)
    return part


def off_ms(fault: Fault) -> int:
    """Return when *fault* ends; far away when it does not."""
    return _FOREVER_MS if fault.off_ms is None else fault.off_ms


def saw(times_ms: Ints, period_ms: int, number: int) -> Floats:
    """Return where in its turn, from 0 to 1, machine *number* is at *times_ms*."""
    turn: Floats = (times_ms / period_ms + number * PHASE) % 1.0
    return turn


def _shape(fault: Fault, times_ms: Ints, since: Ints, machine: Equipment) -> Floats:
    kind = fault.kind
    period_ms = kind.period_ms or 1
    match kind.shape:
        case Shape.RAMP:
            return np.minimum(since / period_ms, 1.0)
        case Shape.SINE:
            sine: Floats = np.sin(2 * np.pi * (since % period_ms) / period_ms)
            return sine
        case Shape.SAW:
            return saw(times_ms, period_ms, machine.number)
        case Shape.INTERMITTENT:
            return _bursts(fault, since // period_ms, since % period_ms / period_ms)
        case _:
            return np.ones(len(times_ms))


def _bursts(fault: Fault, turns: Ints, done: Floats) -> Floats:
    """Return 1 in the burst of each turn, which begins at a moment of its own."""
    if len(turns) == 0 or turns.max() < 0:
        return np.zeros(len(turns))
    first = max(0, int(turns.min()))
    noise = Noise(0, "fault", fault.id, fault.equipment, width=1)
    begins = noise.uniforms(first, int(turns.max()) - first + 1)[:, 0] * (1 - fault.kind.duty)
    begin = begins[np.maximum(turns - first, 0)]
    return ((done >= begin) & (done < begin + fault.kind.duty)).astype(np.float64)
