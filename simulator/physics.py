"""What of a cell hangs together: the ties between results of different stations.

A result is named `station.result`. A tie carries a relative deviation of the cause from its
nominal over to the effect, times *slope*; the rest of the effect's spread is its own noise, so that
the whole still has the standard deviation of the plant file. An identity is exact. Both only hold
where the plant file has all their results.

Sources: the sizes for a short dose are assumed (A) and follow "incomplete wetting: impedance up,
capacity down": 6 % less electrolyte costs 0.5 to 1 % of capacity, 0.5 points of first-cycle
efficiency, and adds 3 to 6 % to DCIR and 2 % to ACIR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from plant.signals import Signal
from simulator.noise import Floats

FILL = "filling.fill_mass"

#: How much more or less than the mean a cell suffers from a short dose: its wetting differs.
WETTING_SPREAD = 1 / 3


@dataclass(frozen=True, slots=True)
class Tie:
    """A relative deviation *slope* times as large as the cause's."""

    cause: str
    effect: str
    slope: float


@dataclass(frozen=True, slots=True)
class Identity:
    """*effect* is *formula* of *causes*, but for the rounding of the instruments."""

    effect: str
    causes: tuple[str, ...]
    formula: Callable[..., Floats]


_CAPACITY, _EFFICIENCY = 0.0075 / 0.06, 0.005 / 0.88 / 0.06
#: The end of line measures the capacity of formation again, with a spread of its own.
_AGAIN = 0.9
#: Cells that take more at the first charge also give more: correlation of a third.
_CHARGE = 0.54

TIES: tuple[Tie, ...] = (
    Tie(FILL, "formation.discharge_capacity", _CAPACITY / _AGAIN),
    Tie(
        FILL,
        "formation.charge_capacity",
        _CAPACITY / _AGAIN * (1 - _CHARGE) - _EFFICIENCY,
    ),
    Tie("formation.discharge_capacity", "formation.charge_capacity", _CHARGE),
    Tie("formation.charge_capacity", "formation.charge_energy", 0.95),
    Tie("formation.discharge_capacity", "formation.discharge_energy", 0.95),
    Tie("formation.discharge_capacity", "end_of_line.capacity", _AGAIN),
    Tie("end_of_line.capacity", "end_of_line.energy", 0.95),
    Tie(FILL, "end_of_line.dcir", -0.045 / 0.06),
    Tie(FILL, "end_of_line.dcir_low", -0.045 / 0.06),
    Tie(FILL, "end_of_line.acir", -0.02 / 0.06),
    Tie("filling.mass_after", "end_of_line.mass", 0.95),
)

IDENTITIES: tuple[Identity, ...] = (
    Identity(
        "filling.mass_after",
        ("filling.mass_before", FILL),
        lambda before, fill: before + fill,
    ),
    Identity(
        "formation.first_cycle_efficiency",
        ("formation.discharge_capacity", "formation.charge_capacity"),
        lambda discharge, charge: discharge / charge,
    ),
    Identity(
        "ageing.ocv2",
        ("ageing.ocv1", "end_of_line.k_value", "ageing.ocv_hours"),
        lambda ocv1_v, k_mv_per_d, hours: ocv1_v - k_mv_per_d * 1e-3 * hours / 24,
    ),
)

#: Results of destructive samples: one cell in so many seconds, the others have none.
SAMPLED_EACH_S: Mapping[str, int] = {"welding.pull_force": 5760}  # five a shift

#: What a quantity cannot exceed; none with a nominal above 0 falls below 0, but see below.
CEILING: Mapping[str, float] = {"sealing.code_grade": 4.0}
#: Measured differences and temperatures may be negative.
MAY_BE_NEGATIVE = frozenset({"mV/d", "mV", "Cel"})


def is_counter(signal: Signal) -> bool:
    """Say whether *signal* runs evenly from 0 to its upper limit, as its figures tell."""
    if signal.low is not None or signal.high is None or signal.nominal <= 0:
        return False
    even = np.isclose(
        [signal.nominal, signal.sd], [signal.high / 2, signal.high / 12**0.5], rtol=0.02
    )
    return bool(np.all(even))
