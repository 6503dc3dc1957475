"""Random numbers with memory: a first-order process in time that nobody has to walk through.

On a grid of a quarter of its time constant it is a sum of the last random numbers by place
(`simulator.noise`), each weighted by its age; between two points it is interpolated, with the
variance kept at 1. So its value at a moment does not depend on how time is cut.
"""

from __future__ import annotations

import numpy as np

from simulator.noise import Floats, Ints, Noise

_POINTS_PER_TAU = 4
#: Ages beyond six time constants weigh a quarter of a percent and are left out.
_TAPS = 6 * _POINTS_PER_TAU
_CHUNK = 64
_KEPT_CHUNKS = 20


class SlowNoise:
    """*width* processes of mean 0 and variance 1 with the time constant *tau_ms*."""

    def __init__(self, noise: Noise, tau_ms: int) -> None:
        self._noise = noise
        self._step_ms = tau_ms // _POINTS_PER_TAU
        decay = float(np.exp(-1 / _POINTS_PER_TAU))
        weight = decay ** np.arange(_TAPS)
        self._weights = (weight / np.sqrt(np.sum(weight**2))).tolist()
        self._neighbours = float(np.sum(weight[1:] * weight[:-1]) / np.sum(weight**2))
        self._chunks: dict[int, Floats] = {}

    def at(self, times_ms: Ints) -> Floats:
        """Return the processes at *times_ms*, in order and after 1970, shape (times, width)."""
        point, rest = np.divmod(times_ms, self._step_ms)
        first = int(point[0])
        grid = self._grid(first, int(point[-1]) + 2)
        part = (rest / self._step_ms)[:, None]
        index = point - first
        between = (1 - part) * grid[index] + part * grid[index + 1]
        return np.asarray(between / np.sqrt(1 - 2 * part * (1 - part) * (1 - self._neighbours)))

    def _grid(self, first: int, end: int) -> Floats:
        chunks = range(first // _CHUNK, (end - 1) // _CHUNK + 1)
        grid = np.concatenate([self._chunk(number) for number in chunks])
        return grid[first - chunks[0] * _CHUNK : end - chunks[0] * _CHUNK]

    def _chunk(self, number: int) -> Floats:
        if number not in self._chunks:
            if len(self._chunks) >= _KEPT_CHUNKS:
                del self._chunks[next(iter(self._chunks))]
            fresh = self._noise.normals(number * _CHUNK - _TAPS, _CHUNK + _TAPS)
            aged = (
                weight * fresh[_TAPS - age : _TAPS - age + _CHUNK]
                for age, weight in enumerate(self._weights)
            )
            self._chunks[number] = np.sum(list(aged), axis=0)
        return self._chunks[number]
