"""Random numbers by place: row k of a stream is the same whenever, and in whatever order, asked.

Philox is counter-based: a stream is a key, a row is a place of its counter, so that nothing has
to be drawn before it and no cut of time into windows changes a value.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_WORDS_PER_COUNT = 4  # Philox gives four 64-bit words for each value of its counter
_TO_UNIT = 2.0**-53


class Noise:
    """A stream of rows of *width* numbers, named by *seed* and *words*."""

    def __init__(self, seed: int, *words: object, width: int) -> None:
        name = "\0".join([str(seed), *map(str, words)]).encode()
        self._key = int.from_bytes(hashlib.blake2b(name, digest_size=16).digest(), "little")
        self._width = width
        self._counts = -(-width // _WORDS_PER_COUNT)

    def normals(self, first: int, rows: int) -> Floats:
        """Return standard normal numbers of rows *first* to *first* + *rows*, shape (rows, width).

        By Box and Muller's transform, because it takes a fixed number of words for each normal.
        """
        unit = self._unit(first, rows)
        half = unit.shape[1] // 2
        radius = np.sqrt(-2.0 * np.log(unit[:, :half]))
        angle = (2.0 * np.pi) * unit[:, half:]
        both = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
        return both[:, : self._width]

    def uniforms(self, first: int, rows: int) -> Floats:
        """Return numbers between 0 and 1 of the same rows, shape (rows, width)."""
        return self._unit(first, rows)[:, : self._width]

    def _unit(self, first: int, rows: int) -> Floats:
        words = self._counts * _WORDS_PER_COUNT
        generator = np.random.Philox(key=self._key, counter=first * self._counts)
        raw: npt.NDArray[np.uint64] = generator.random_raw(rows * words)
        # Half a step above 0, so that the logarithm is finite.
        unit = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT
        return unit.reshape(rows, words)
