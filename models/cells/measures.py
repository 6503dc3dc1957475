"""The measures of a cell: its results brought to 25 Cel, and the K-value of two voltages.

K = (OCV1 - OCV2) / days, each voltage first brought to 25 Cel. It is worked out here from the
readings, so that a K-value that a tester worked out without the temperature is not believed.
"""

from __future__ import annotations

import numpy as np

from models.cells.cells import Cells, Floats
from plant.cell_quality import K_VALUE, CellQuality, Measure, SelfDischarge

REFERENCE_CEL = 25.0
_MV_PER_V = 1000.0
_HOURS_PER_DAY = 24.0


def measured(cells: Cells, quality: CellQuality) -> dict[str, Floats]:
    """Return each measure of each cell at 25 Cel, NaN where it is not known.

    A temperature that is not known is taken for 25 Cel.
    """
    measures = {}
    if quality.self_discharge:
        measures[K_VALUE] = _k_value(cells, quality.self_discharge)
    for name, measure in quality.measures.items():
        measures[name] = _corrected(cells, measure)
    return measures


def _k_value(cells: Cells, what: SelfDischarge) -> Floats:
    per_v = what.mv_per_kelvin / _MV_PER_V
    first = cells.value(what.first) - per_v * _above(cells, what.first_temperature)
    second = cells.value(what.second) - per_v * _above(cells, what.second_temperature)
    hours = cells.value(what.hours)
    days = np.where(hours > 0, hours, np.nan) / _HOURS_PER_DAY
    k: Floats = (first - second) * _MV_PER_V / days
    return k


def _corrected(cells: Cells, measure: Measure) -> Floats:
    value = cells.value(measure.result)
    if measure.temperature is None:
        return value
    return value - measure.per_kelvin * _above(cells, measure.temperature)


def _above(cells: Cells, temperature: str) -> Floats:
    return np.nan_to_num(cells.value(temperature) - REFERENCE_CEL, nan=0.0)
