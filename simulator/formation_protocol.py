"""The protocol of formation, and what a cell shows in it: voltage, current, temperature.

First charge in three steps of constant current (0.05 C to 3.0 V, 0.1 C to 3.6 V, 0.2 C to 4.2 V)
and one of constant voltage (to 0.02 C), six hours' rest, discharge at 0.2 C, half an hour's rest, a
charge at 0.3 C to what a cell goes to ageing with, and rest. Steps and voltages after
greenengguide.com; the rest is that of the result `rest_voltage`; the end of constant voltage and
the last charge are assumed (A).
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import numpy as np

from simulator.formation_cell import (
    AGEING_C,
    END_C,
    FAST_C,
    FRESH,
    FULL_TO_V,
    MIDDLE_C,
    SLOW_C,
    Cells,
    charged_by,
    more,
    rest_v,
)
from simulator.noise import Floats

#: From the first current to the end of the last rest; the steps take an hour and a half less.
PROTOCOL_H = 23.0

_SOAK_H, _REST_H, _PAUSE_H = 0.1, 6.0, 0.5
#: The charge with which a cell goes to ageing: 3.6 V at rest.
_AGEING_CHARGED = 0.34
#: This part of a cell's resistance follows the current at once, the rest within some minutes, as
#: does its temperature; after a charge it takes hours to come to rest (A).
_AT_ONCE, _SETTLING_H, _RESTING_H = 0.4, 0.15, 1.5
#: A bad contact or a falsified result does not fit the cell's charge: where constant current ends
#: the voltage bends over so many hours to where it has to be.
_BEND_H = 0.3
#: Mean of the squares of the current over the whole protocol, and the highest, in C squared.
_MEAN_C2, _MOST_C2 = 0.0208, AGEING_C**2


class Step(enum.IntEnum):
    """The steps, in order."""

    SOAK = 0
    SLOW = 1
    MIDDLE = 2
    FAST = 3
    CONSTANT_VOLTAGE = 4
    REST = 5
    DISCHARGE = 6
    PAUSE = 7
    AGEING_CHARGE = 8
    END = 9


#: Current of each step in C, of constant voltage where it begins; positive is charge.
_RATE = (0.0, SLOW_C, MIDDLE_C, FAST_C, FAST_C, 0.0, -FAST_C, 0.0, AGEING_C, 0.0)


class Trace(NamedTuple):
    """What channels show: volts, amperes and degrees Celsius, each (moments, channels)."""

    voltage: Floats
    current: Floats
    temperature: Floats


def begins(cells: Cells) -> Floats:
    """Return at which hour each step begins, (steps, cells)."""
    fast_ah = cells.charge_ah - cells.cv_ah
    lasts = np.empty((len(Step), len(cells.ohm)))
    lasts[Step.SOAK] = _SOAK_H
    lasts[Step.SLOW] = cells.slow_ah / (SLOW_C * cells.nominal_ah)
    lasts[Step.MIDDLE] = (cells.middle_ah - cells.slow_ah) / (MIDDLE_C * cells.nominal_ah)
    lasts[Step.FAST] = (fast_ah - cells.middle_ah) / (FAST_C * cells.nominal_ah)
    lasts[Step.CONSTANT_VOLTAGE] = _falling_h(cells) * np.log(FAST_C / END_C)
    lasts[Step.REST] = _REST_H
    lasts[Step.DISCHARGE] = cells.discharge_ah / (FAST_C * cells.nominal_ah)
    lasts[Step.PAUSE] = _PAUSE_H
    lasts[Step.AGEING_CHARGE] = _AGEING_CHARGED * cells.discharge_ah / (AGEING_C * cells.nominal_ah)
    return np.concatenate((np.zeros((1, len(cells.ohm))), np.cumsum(lasts[:-1], axis=0)))


def trace(hours: Floats, cells: Cells) -> Trace:
    """Return what *cells* show at *hours* of the protocol, in order; before 0 they soak."""
    begin = begins(cells)
    # Cells of a tray are at one step or two: what all or none have begun needs no comparison.
    all_begun = int(np.searchsorted(begin.max(axis=1), hours[0], side="right")) - 1
    any_begun = int(np.searchsorted(begin.min(axis=1), hours[-1], side="right")) - 1
    first, last = max(all_begun, 0), max(any_begun, 0)
    step = np.full((len(hours), len(cells.ohm)), first, dtype=np.int64)
    for index in range(first + 1, last + 1):
        step += hours[:, None] >= begin[index]
    found: Trace | None = None
    for index in range(first, last + 1):
        lasts_h = begin[index + 1] - begin[index] if index < Step.END else PROTOCOL_H
        # What comes before a step or after it is of another; its formulas need not bear it.
        since_h = np.clip(hours[:, None] - begin[index], 0.0, lasts_h)
        own = _at(Step(index), since_h, cells, begin)
        if found is None:
            found = own
        else:
            mine = step == index
            found = Trace(*(np.where(mine, a, b) for a, b in zip(own, found, strict=True)))
    assert found is not None
    return found


def _at(step: Step, since_h: Floats, cells: Cells, begin: Floats) -> Trace:
    """Return what cells show so long after *step* began."""
    rate = _RATE[step]
    before = _RATE[max(step - 1, 0)] if step is not Step.REST else END_C
    settled = np.exp(-since_h / _SETTLING_H)
    amperes = np.full_like(since_h, rate * cells.nominal_ah)
    if step is Step.CONSTANT_VOLTAGE:
        falling_h = _falling_h(cells)
        amperes *= np.exp(-since_h / falling_h)
        volts = np.full_like(since_h, FULL_TO_V)
        c2 = (amperes / cells.nominal_ah) ** 2
    else:
        c2 = rate**2 + (before**2 - rate**2) * settled
        volts = _volts(step, since_h, cells, begin)
        if step is not Step.REST:
            change = (rate - before) * cells.nominal_ah
            volts -= (1 - _AT_ONCE) * change * cells.ohm * settled
    warmth = (c2 - _MEAN_C2) / (_MOST_C2 - _MEAN_C2)
    return Trace(volts, amperes, cells.mean_cel + cells.rise_cel * warmth)


def _volts(step: Step, since_h: Floats, cells: Cells, begin: Floats) -> Floats:
    """Return the voltage of *step* when the current has flowed for a while."""
    amperes = _RATE[step] * cells.nominal_ah
    if step is Step.REST:
        end_a = END_C * cells.nominal_ah
        high_v = FULL_TO_V - end_a * (_AT_ONCE * cells.ohm + cells.contact_ohm)
        left = np.exp(-_REST_H / _RESTING_H)
        resting = (np.exp(-since_h / _RESTING_H) - left) / (1 - left)
        volts: Floats = cells.rest_v + (high_v - cells.rest_v) * resting
        return volts
    charged = _charged(step, since_h, cells)
    volts = rest_v(charged, cells.rest_v)
    if _RATE[step]:
        volts = volts + amperes * (cells.ohm * more(charged) + cells.contact_ohm)
    if step is Step.FAST:
        lasts_h = begin[Step.CONSTANT_VOLTAGE] - begin[Step.FAST]
        last = _charged(step, lasts_h, cells)
        drop = amperes * (cells.ohm * more(last) + cells.contact_ohm)
        missing = FULL_TO_V - rest_v(last, cells.rest_v) - drop
        near = np.clip(1 - (lasts_h - since_h) / _BEND_H, 0.0, 1.0)
        volts = np.minimum(volts + missing * near, FULL_TO_V)
    return volts


def _charged(step: Step, since_h: Floats, cells: Cells) -> Floats:
    """Return how far cells are charged so long after *step* began."""
    ah = _RATE[step] * cells.nominal_ah * since_h
    if step in {Step.SLOW, Step.MIDDLE, Step.FAST}:
        if step is not Step.SLOW:
            ah = ah + (cells.slow_ah if step is Step.MIDDLE else cells.middle_ah)
        return charged_by(ah, cells.lost_ah, cells.discharge_ah, cells.nominal_ah)
    at = {Step.SOAK: FRESH, Step.DISCHARGE: 1.0, Step.END: _AGEING_CHARGED}.get(step, 0.0)
    return at + ah / cells.discharge_ah


def _falling_h(cells: Cells) -> Floats:
    """Return in which time the current falls to a third, so that *cv_ah* go in until its end."""
    return cells.cv_ah / ((FAST_C - END_C) * cells.nominal_ah)
