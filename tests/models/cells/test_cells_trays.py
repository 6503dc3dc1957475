"""Trays against the trays about them, where half of these are bad themselves."""

from __future__ import annotations

import numpy as np
import pytest

from models.cells.measures import measured
from models.cells.peers import loads
from models.cells.screening import learn_recipe
from models.cells.standard import standards
from models.cells.trays import tray_shifts
from plant.model import Plant
from tests.models.cells.made import changed, made_cells

#: A tower that was hot: as many loads as a load has neighbours to one side.
HOT = range(40, 64)


@pytest.mark.parametrize("size", [0.5, 1.0, 3.0])
def test_a_tower_of_hot_trays_is_told_from_the_good_ones_beside_it(
    pilot: Plant, size: float
) -> None:
    standard = next(iter(standards(pilot).values()))
    known = learn_recipe(standard, made_cells(pilot, 20_000, seed=21), tied=False)
    assert known is not None
    cells = made_cells(pilot, 104 * 256, seed=22)
    load = loads(cells, standard.quality.tray)
    column = known.measures.index("dcir")
    hot = np.isin(load, HOT)
    dcir = cells.value("end_of_line.dcir") + size * known.scale[column] * hot
    cells = changed(cells, end_of_line__dcir=dcir)
    values = measured(cells, standard.quality)
    nobody = np.zeros(int(load.max()) + 1, dtype=bool)
    _, tray = tray_shifts(values, load, known, nobody)
    away = np.abs(tray) > known.tray_limit
    assert away[hot, column].mean() > 0.9
    assert not away[~hot].any()
