"""What the formation curve of a cell hangs on, from the results that the cell will have.

The results come first: they are what the rest of the line knows of a cell. So the curve has the
resistance with which constant current ends just when the results say that constant voltage begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from simulator.noise import Floats
from simulator.ocv import FULL_V, REST_V, charged_at

#: Charge and discharge of the curve are these results; a plant file without them has no curve.
CHARGE, DISCHARGE = "charge_capacity", "discharge_capacity"

#: Currents, in nominal capacities an hour: the three steps of the first charge, of which the last
#: is the discharge's as well, the end of constant voltage, and the charge before ageing.
SLOW_C, MIDDLE_C, FAST_C, END_C, AGEING_C = 0.05, 0.1, 0.2, 0.02, 0.3
#: The volts to which the steps go.
SLOW_TO_V, MIDDLE_TO_V, FULL_TO_V = 3.0, 3.6, 4.2

#: Where in its charge a cell comes (A): charged a little, to protect the copper.
FRESH = -0.026
#: What the first charge loses, it loses while about this part of the capacity goes in (A: so the
#: voltage begins as that of a real cell on a cycler, and the energy of the charge is in 1 %).
_LOST_OVER = 1 / 4

#: Resistance that follows the current within a quarter of an hour, in ohms of a cell of 4.8 Ah at
#: half charge (A: half the way from discharge to charge of a real 21700 cell at C/7 is 0.07 ohms).
_USUAL_OHM, _USUAL_AH = 0.083, 4.8
#: There is so much more of it near empty and near full (A).
_EMPTY_MORE, _FULL_MORE, _WITHIN = 0.5, 0.35, 0.05
#: Hot cells have so much less of it a kelvin (A).
_LESS_PER_K = 0.012
#: Part of the capacity that goes in at constant voltage, where no result says it.
_USUAL_CV = 0.2 / 4.8


class Cells(NamedTuple):
    """What a curve needs of each cell; arrays of one length.

    Currents go by *nominal_ah*. Of the first charge *lost_ah* never come back, and *slow_ah* and
    *middle_ah* are in after its first and its second step. *ohm* is the cell's own resistance at
    half charge, *contact_ohm* that of the pins. *rest_v* is what it has at rest when full,
    *mean_cel* its temperature, *rise_cel* how far the highest is above the mean.
    """

    nominal_ah: Floats
    charge_ah: Floats
    discharge_ah: Floats
    cv_ah: Floats
    lost_ah: Floats
    slow_ah: Floats
    middle_ah: Floats
    ohm: Floats
    contact_ohm: Floats
    rest_v: Floats
    mean_cel: Floats
    rise_cel: Floats


class _Formed(NamedTuple):
    """Results of cells, named as in the plant file; what that has not is as usual."""

    charge_capacity: Floats
    discharge_capacity: Floats
    cv_capacity: Floats | float
    rest_voltage: Floats | float = FULL_V
    contact_resistance: Floats | float = 2.0
    temperature_mean: Floats | float = 25.0
    temperature_peak: Floats | float = 27.0


def cells_of(
    measured: Mapping[str, Floats], healthy: Mapping[str, Floats], nominal_ah: Floats
) -> Cells:
    """Return what the curves of cells with these results hang on.

    A cell's own resistance is that of its *healthy* results, so that a bad contact comes on top;
    so is its temperature: a hot place is seen in its own time.
    """
    own, seen = _formed(healthy, nominal_ah), _formed(measured, nominal_ah)
    hotter = seen.temperature_mean - own.temperature_mean
    unknown = np.zeros_like(seen.charge_capacity)
    cells = Cells(
        nominal_ah=nominal_ah,
        charge_ah=seen.charge_capacity,
        discharge_ah=seen.discharge_capacity,
        cv_ah=unknown + seen.cv_capacity,
        lost_ah=_lost_ah(seen, nominal_ah),
        slow_ah=unknown,
        middle_ah=unknown,
        ohm=_own_ohm(own, nominal_ah) * (1 - _LESS_PER_K * hotter),
        contact_ohm=unknown + seen.contact_resistance / 1000,
        rest_v=unknown + seen.rest_voltage,
        mean_cel=unknown + own.temperature_mean,
        rise_cel=np.maximum(unknown + own.temperature_peak - own.temperature_mean, 0.0),
    )
    return cells._replace(
        slow_ah=_until(SLOW_TO_V, SLOW_C, cells), middle_ah=_until(MIDDLE_TO_V, MIDDLE_C, cells)
    )


def _formed(results: Mapping[str, Floats], nominal_ah: Floats) -> _Formed:
    known = {name: results[name] for name in _Formed._fields if name in results}
    return _Formed(**{"cv_capacity": _USUAL_CV * nominal_ah, **known})


def more(charged: Floats) -> Floats:
    """Return how many times its resistance at half charge a cell has."""
    empty, full = np.exp(-charged / _WITHIN), np.exp((charged - 1) / _WITHIN)
    factor: Floats = 1 + _EMPTY_MORE * empty + _FULL_MORE * full
    return factor


def rest_v(charged: Floats, full_v: Floats | float) -> Floats:
    """Return the voltage at rest of cells that have *full_v* when they are full."""
    volts: Floats = REST_V(charged) + (full_v - FULL_V) * charged
    return volts


def charged_by(ah: Floats, lost: Floats, discharge_ah: Floats, nominal_ah: Floats) -> Floats:
    """Return how far a cell is charged when *ah* have gone into it for the first time."""
    gone = lost * (1 - np.exp(-ah / (_LOST_OVER * nominal_ah)))
    charged: Floats = FRESH + (ah - gone) / discharge_ah
    return charged


def _lost_ah(formed: _Formed, nominal_ah: Floats) -> Floats:
    gone = 1 - np.exp(-formed.charge_capacity / (_LOST_OVER * nominal_ah))
    lost: Floats = (formed.charge_capacity - (1 - FRESH) * formed.discharge_capacity) / gone
    return lost


def _own_ohm(formed: _Formed, nominal_ah: Floats) -> Floats:
    """Return the resistance with which 4.2 V come when only `cv_capacity` is missing."""
    lost, given = _lost_ah(formed, nominal_ah), formed.discharge_capacity
    ah = formed.charge_capacity - formed.cv_capacity
    charged = charged_by(ah, lost, given, nominal_ah)
    total = (FULL_TO_V - rest_v(charged, formed.rest_voltage)) / (FAST_C * nominal_ah)
    usual = _USUAL_OHM * _USUAL_AH / nominal_ah
    own = (total - formed.contact_resistance / 1000) / more(charged)
    return np.clip(own, 0.5 * usual, 2 * usual)


def _until(volts: float, rate: float, cells: Cells) -> Floats:
    """Return how much has gone in when a cell has *volts* while *rate* flows."""
    amperes = rate * cells.nominal_ah
    charged = np.zeros_like(cells.ohm)
    for _ in range(4):
        drop = amperes * (cells.ohm * more(charged) + cells.contact_ohm)
        charged = charged_at(volts - drop - (cells.rest_v - FULL_V) * charged)
    over = _LOST_OVER * cells.nominal_ah
    kept = (charged - FRESH) * cells.discharge_ah
    ah = kept
    for _ in range(6):  # Newton's way to kept = ah - lost * (1 - exp(-ah / over))
        going = cells.lost_ah * np.exp(-ah / over)
        ah = ah - (ah - cells.lost_ah + going - kept) / (1 - going / over)
    return np.clip(ah, 0.0, cells.charge_ah - cells.cv_ah)
