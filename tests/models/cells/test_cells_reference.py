"""What is usual: limits for each side, from good cells alone; loads, medians and levels."""

from __future__ import annotations

import numpy as np

from models.cells.cells import POSITIONS, Cells
from models.cells.peers import LOAD_GAP_US, centred, group_medians, loads
from models.cells.reference import running_level
from models.cells.screening import learn_recipe
from models.cells.standard import standards
from plant.model import Plant
from tests.models.cells.made import changed, made_cells


def test_each_side_has_the_limit_of_its_own_tail(pilot: Plant) -> None:
    standard = next(iter(standards(pilot).values()))
    cells = made_cells(pilot, 40_000)
    luck = np.random.default_rng(1).normal(size=len(cells))
    leaking = cells.value("ageing.ocv2") - 0.0002 * np.exp(0.5 * luck)
    found = learn_recipe(standard, changed(cells, ageing__ocv2=leaking), tied=False)
    assert found is not None
    k_value, capacity = (found.measures.index(name) for name in ("k_value", "capacity"))
    assert found.high[k_value] > 1.5 * -found.low[k_value]
    assert 4.2 < -found.low[capacity] < 5.0
    assert 4.2 < found.high[capacity] < 5.0


def test_nothing_is_learnt_from_cells_outside_the_limits_of_the_plant_file(pilot: Plant) -> None:
    standard = next(iter(standards(pilot).values()))
    cells = made_cells(pilot, 20_000)
    bad = np.arange(len(cells)) % 12 == 3  # a nozzle that doses too little, for as long as it is
    dosed = changed(
        cells,
        filling__fill_mass=np.where(bad, 6.0, cells.value("filling.fill_mass")),
        end_of_line__dcir=cells.value("end_of_line.dcir") + 1.4 * bad,
    )
    usual, mixed = (learn_recipe(standard, c, tied=False) for c in (cells, dosed))
    assert usual is not None
    assert mixed is not None
    np.testing.assert_allclose(mixed.high, usual.high, rtol=0.15)
    np.testing.assert_allclose(mixed.scale, usual.scale, rtol=0.03)


def test_medians_leave_out_what_is_not_known_and_what_has_no_group() -> None:
    values = np.array([1.0, 3.0, np.nan, 10.0, 5.0, 7.0, 99.0])
    median, count = group_medians(values, np.array([0, 0, 0, 2, 2, 2, -1]))
    np.testing.assert_array_equal(median, [2.0, np.nan, 7.0])
    np.testing.assert_array_equal(count, [2, 0, 3])


def test_a_tray_place_has_a_new_load_after_hours_and_loads_are_numbered_by_time() -> None:
    machine = np.array([7, 8, 7, 8, 7]) * POSITIONS + 1
    time_us = np.array([LOAD_GAP_US * 3, 0, 5, 10, LOAD_GAP_US * 3 + 1])
    cells = Cells("l1", np.arange(5).astype(object), np.full(5, "", dtype=object), {},
                  {"formation": machine}, {"formation": time_us})  # fmt: skip
    assert loads(cells, "formation").tolist() == [2, 0, 1, 0, 2]


def test_a_cell_of_a_nearly_empty_tray_is_compared_with_all_of_its_recipe() -> None:
    values = np.concatenate([np.full(30, 5.0), [1.0, 2.0], [8.0]])
    load = np.concatenate([np.zeros(30), [1, 1], [-1]]).astype(np.int64)
    away, middle = centred(values, load, np.zeros(33, dtype=np.int64))
    assert middle.tolist() == [5.0] * 33
    assert away[-1] == 3.0


def test_the_level_about_a_load_leaves_itself_and_odd_loads_out() -> None:
    medians = np.array([1.0, 1.0, 9.0, 9.0, 1.0, np.nan])
    assert running_level(medians)[2] == 1.0
    odd = np.array([False, False, True, True, False, False])
    assert running_level(medians, odd)[0] == 1.0
    assert running_level(medians, odd)[3] == 1.0
