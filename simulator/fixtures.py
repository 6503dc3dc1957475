"""Fixtures: every channel of every machine is a little warmer or cooler than the others, always."""

from __future__ import annotations

import numpy as np

from simulator.knots import Knots, standardised
from simulator.noise import Floats
from simulator.place import Place


def fixture_offsets(seed: int, place: Place, name: str) -> Floats:
    """Return how warm each channel of *place* is in temperature *name*: mean 0, variance 1.

    Shape (machines, positions).
    """
    count = len(place.machines) * place.positions
    machine = place.machines[0].name
    luck = Knots(seed, machine, "fixture", name).at(np.arange(count, dtype=np.int64))
    return standardised(luck).reshape(len(place.machines), place.positions)
