"""Open-circuit voltage of a real NMC//graphite cell against its charge.

The electrodes are those of an LG M50 (21700, 5 Ah, NMC 811 against graphite with SiOx), as fitted
by C.-H. Chen et al., J. Electrochem. Soc. 167 (2020) 080534: potential against lithium over
stoichiometry, and the stoichiometries at 0 and 100 % of charge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.noise import Floats

#: Stoichiometry of each electrode at 2.5 V and at 4.2 V.
_POSITIVE_AT, _NEGATIVE_AT = (0.9084, 0.2661), (0.0279, 0.9014)

#: What a cell of the line has at rest: discharged (2.8 V while 0.2 C flow) and six hours after
#: its charge. Between them is all the charge that it gives: `charged` counts from 0 to 1.
EMPTY_V, FULL_V = 2.92, 4.16

_POINTS_PER_UNIT = 2_000


@dataclass(frozen=True)
class EvenTable:
    """A function by its values on an even grid that begins at *low*; straight between them."""

    low: float
    per_unit: float
    values: Floats

    def __call__(self, x: Floats) -> Floats:
        """Return the function at *x*; beyond the grid its ends go on straight."""
        at = (x - self.low) * self.per_unit
        index = np.clip(at.astype(np.int64), 0, len(self.values) - 2)
        left = self.values[index]
        found: Floats = left + (self.values[index + 1] - left) * (at - index)
        return found

    @property
    def grid(self) -> Floats:
        """Where the values are."""
        return self.low + np.arange(len(self.values)) / self.per_unit


def positive_v(stoichiometry: Floats) -> Floats:
    """Return the potential of the NMC 811 electrode, in volts against lithium."""
    y = stoichiometry
    potential: Floats = (
        4.4875
        - 0.8090 * y
        - 0.0428 * np.tanh(18.5138 * (y - 0.5542))
        - 17.7326 * np.tanh(15.7890 * (y - 0.3117))
        + 17.5842 * np.tanh(15.9308 * (y - 0.3120))
    )
    return potential


def negative_v(stoichiometry: Floats) -> Floats:
    """Return the potential of the graphite electrode, in volts against lithium."""
    x = stoichiometry
    potential: Floats = (
        0.2482
        + 1.9793 * np.exp(-39.3631 * x)
        - 0.0909 * np.tanh(29.8538 * (x - 0.1234))
        - 0.04478 * np.tanh(14.9159 * (x - 0.2769))
        - 0.0205 * np.tanh(30.4444 * (x - 0.6103))
    )
    return potential


def cell_v(state: Floats) -> Floats:
    """Return the voltage of the cell; *state* is 0 at 2.5 V and 1 at 4.2 V."""
    (y_0, y_1), (x_0, x_1) = _POSITIVE_AT, _NEGATIVE_AT
    return positive_v(y_0 + (y_1 - y_0) * state) - negative_v(x_0 + (x_1 - x_0) * state)


def _over_charge() -> EvenTable:
    state = np.linspace(0.0, 1.0, 20_001)
    empty, full = np.interp([EMPTY_V, FULL_V], cell_v(state), state)
    low, high = -empty / (full - empty), (1 - empty) / (full - empty)
    count = int((high - low) * _POINTS_PER_UNIT)
    charged = low + np.arange(count) / _POINTS_PER_UNIT
    return EvenTable(low, _POINTS_PER_UNIT, cell_v(empty + charged * (full - empty)))


#: Volts at rest over `charged`: 0 at `EMPTY_V`, 1 at `FULL_V`, and a little beyond both.
REST_V = _over_charge()


def charged_at(volts: Floats) -> Floats:
    """Return where in its charge a cell at rest has *volts*."""
    return np.interp(volts, REST_V.values, REST_V.grid)
