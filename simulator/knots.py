"""Random numbers at single places: number *i* of a stream, for any *i* in any order.

Philox (`simulator.noise`) is quick for rows that follow each other; what cells inherit lies
scattered over strips. SplitMix64 (Steele, Lea, Flood 2014) mixes a place into 64 bits; its two
halves make one normal number by Box and Muller's transform.
"""

from __future__ import annotations

import hashlib

import numpy as np

from simulator.noise import Floats, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_TO_UNIT = 2.0**-32


class Knots:
    """A stream of standard normal numbers, named by *seed* and *words*."""

    def __init__(self, seed: int, *words: object) -> None:
        name = "\0".join([str(seed), *map(str, words)]).encode()
        self._key = np.uint64(
            int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little")
        )

    def at(self, places: Ints) -> Floats:
        """Return the numbers at *places*, in their shape."""
        mixed = places.astype(np.uint64) * _GOLDEN + self._key
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed ^= mixed >> np.uint64(31)
        # Half a step above 0, so that the logarithm is finite.
        radius = np.sqrt(-2.0 * np.log(((mixed >> np.uint64(32)) + 0.5) * _TO_UNIT))
        angle = (2.0 * np.pi * _TO_UNIT) * (mixed & _LOW_HALF)
        return np.asarray(radius * np.cos(angle))

    def wave(self, base: Ints, along: Floats) -> Floats:
        """Return a smooth curve through the numbers from *base* on, one each whole *along*.

        It is normal with variance 1 everywhere, and forgets itself within two steps.
        """
        whole = np.floor(along)
        part = (np.pi / 2) * (along - whole)
        place = base + whole.astype(np.int64)
        return np.asarray(np.cos(part) * self.at(place) + np.sin(part) * self.at(place + 1))


def standardised(values: Floats) -> Floats:
    """Return *values* with mean 0 and variance 1, which a few would not have by luck; one is 0."""
    return (values - values.mean()) / values.std() if len(values) > 1 else np.zeros(len(values))
