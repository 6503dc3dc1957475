"""How much an anomaly matters, from its size and the limits of the plant model."""

from __future__ import annotations

import math

from alerts.alert import Severity
from alerts.anomaly import FAULTY_CELLS, Anomaly, part
from plant.signals import Signal

#: In standard deviations of the baseline. Three is where a single point would be remarkable; six
#: is what a limit stands for where the plant model has none (a process of Cp 2).
_REMARKABLE_SD = 3.0
_FAR_SD = 6.0
#: Where a severity ends, as a part of where it begins.
_CLEAR = 0.8


def severity_of(
    anomaly: Anomaly, signal: Signal | None, before: Severity | None = None
) -> Severity:
    """Return the severity of *anomaly*; *signal* is what the plant model knows of it, if anything.

    High: the mean since the onset is outside the limit it moves towards, or 6 sd from the baseline
    where there is none; cells that have a fault of their own, however few. Medium: 3 sd, or a
    sensor that fails. Low: less, or a size that nobody knows. One that was higher *before* falls
    only when it is a fifth nearer to the baseline than where it rose.
    """
    if part(anomaly.characteristic)[0]:
        return Severity.MEDIUM
    if anomaly.characteristic.startswith(FAULTY_CELLS):
        return Severity.HIGH
    now = _severity(anomaly, signal, 1.0)
    if before is None or before.rank <= now.rank:
        return now
    return min(before, _severity(anomaly, signal, _CLEAR), key=lambda s: s.rank)


def _severity(anomaly: Anomaly, signal: Signal | None, part: float) -> Severity:
    """Return the severity when *part* of each distance from the baseline counts as the whole."""
    if anomaly.direction == "low":
        limit, sign = (signal.low if signal else None), -1.0
    else:
        limit, sign = (signal.high if signal else None), 1.0
    size_sd = size_in_sd(anomaly) * sign
    size, room = (anomaly.value - anomaly.expected) * sign, _FAR_SD * part
    outside = size_sd >= room if limit is None else size > (limit - anomaly.expected) * sign * part
    if outside:
        return Severity.HIGH
    return Severity.MEDIUM if size_sd >= _REMARKABLE_SD * part else Severity.LOW


def size_in_sd(anomaly: Anomaly) -> float:
    """Return the deviation from the baseline in its standard deviations; NaN when unknown."""
    return (anomaly.value - anomaly.expected) / anomaly.sd if anomaly.sd > 0 else math.nan
