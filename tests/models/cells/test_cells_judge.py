"""Verdicts of cells with faults of known kind: whose fault it is, and what becomes of the cell."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from models.cells.cells import Cells
from models.cells.judge import Judge
from models.cells.reference import Reference
from models.cells.screening import learn_recipe
from models.cells.standard import Standard, standards
from models.cells.verdict import Disposition, FaultClass, ReasonKind, Verdict
from plant.model import Plant
from tests.models.cells.made import changed, made_cells, rows

CONDEMNED = {Disposition.HOLD, Disposition.SCRAP}


@pytest.fixture(scope="module")
def standard(pilot: Plant) -> Standard:
    return next(iter(standards(pilot).values()))


@pytest.fixture(scope="module")
def healthy(pilot: Plant) -> Cells:
    return made_cells(pilot, 10_240)


@pytest.fixture(scope="module")
def reference(pilot: Plant, standard: Standard) -> Reference:
    found = learn_recipe(standard, made_cells(pilot, 10_240, seed=9), tied=True)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def judge(pilot: Plant, reference: Reference) -> Judge:
    by_recipe = standards(pilot)
    return Judge(by_recipe, {next(iter(by_recipe)): reference}, tuple(pilot.equipment))


def verdicts(judge: Judge, cells: Cells) -> list[Verdict]:
    return judge.judge(cells, {}, np.ones(len(cells), dtype=bool))


def condemned(found: list[Verdict]) -> list[int]:
    return [row for row, verdict in enumerate(found) if verdict.disposition in CONDEMNED]


def outliers(found: list[Verdict]) -> list[int]:
    return [
        row
        for row, verdict in enumerate(found)
        if any(r.kind is ReasonKind.OUTLIER for r in verdict.reasons)
    ]


def test_of_ten_thousand_healthy_cells_the_comparison_holds_no_more_than_the_budget_allows(
    judge: Judge, healthy: Cells
) -> None:
    assert len(outliers(verdicts(judge, healthy))) <= 4  # 1.0 is to be expected


def test_a_leaking_cell_alone_is_scrapped_or_held_as_a_fault_of_the_product(
    judge: Judge, healthy: Cells
) -> None:
    ocv2 = healthy.value("ageing.ocv2").copy()
    ocv2[[100, 4000]] -= np.array([0.010, 0.0025])  # 1.4 and 0.36 mV/d more
    found = verdicts(judge, changed(healthy, ageing__ocv2=ocv2))
    assert found[100].disposition is Disposition.SCRAP
    assert found[4000].disposition is Disposition.HOLD
    assert found[100].fault_class is found[4000].fault_class is FaultClass.PRODUCT
    assert found[100].grade == found[4000].grade == "reject"


def test_a_cell_that_is_odd_only_in_all_measures_together_is_held(
    judge: Judge, healthy: Cells, reference: Reference
) -> None:
    moved = {}
    for name in ("end_of_line.acir", "end_of_line.dcir", "end_of_line.capacity"):
        moved[name] = healthy.value(name).copy()
        scale = reference.scale[reference.measures.index(name.partition(".")[2])]
        moved[name][500] = np.median(moved[name]) + 3.9 * scale
    cells = Cells(healthy.line, healthy.cell, healthy.recipe, {**healthy.values, **moved},
                  healthy.places, healthy.times_us)  # fmt: skip
    temperature = cells.value("end_of_line.temperature").copy()
    temperature[500] = 25.0
    found = verdicts(judge, changed(cells, end_of_line__temperature=temperature))
    assert [reason.measure for reason in found[500].reasons][:1] == ["together"]


def test_a_warm_ageing_room_condemns_no_cell_and_is_called_a_fault_of_the_measurement(
    judge: Judge, healthy: Cells
) -> None:
    before = condemned(verdicts(judge, healthy))
    warm = np.arange(len(healthy)) > 5000
    found = verdicts(
        judge,
        changed(
            healthy,
            ageing__temperature=healthy.value("ageing.temperature") + 3.0 * warm,
            ageing__ocv2=healthy.value("ageing.ocv2") - 0.0006 * warm,
        ),
    )
    assert condemned(found) == before
    classes = Counter(found[row].fault_class for row in range(5300, len(healthy)))
    assert classes[FaultClass.MEASUREMENT] > 0.99 * classes.total()


def test_a_warm_room_whose_thermometer_is_silent_condemns_no_cell_either(
    judge: Judge, healthy: Cells
) -> None:
    warm = np.arange(len(healthy)) > 5000
    found = verdicts(
        judge, changed(healthy, ageing__ocv2=healthy.value("ageing.ocv2") - 0.0006 * warm)
    )
    assert not [
        row for row in outliers(found) if row > 5300
        and any(r.measure == "k_value" for r in found[row].reasons)
    ]  # fmt: skip


def test_a_formation_pin_with_a_resistance_condemns_no_cell(judge: Judge, healthy: Cells) -> None:
    own = rows(healthy, "formation", machine=3, position=37)
    contact = healthy.value("formation.contact_resistance").copy()
    efficiency = healthy.value("formation.first_cycle_efficiency").copy()
    contact[own] += 15.0
    efficiency[own] += 0.02  # far outside what peers have
    found = verdicts(
        judge,
        changed(
            healthy,
            formation__contact_resistance=contact,
            formation__first_cycle_efficiency=efficiency,
        ),
    )
    for row in own:
        assert found[row].fault_class is FaultClass.MEASUREMENT
        assert found[row].disposition not in CONDEMNED


def test_a_contact_of_a_tester_that_adds_to_each_reading_condemns_no_cell(
    judge: Judge, healthy: Cells
) -> None:
    before = set(condemned(verdicts(judge, healthy)))
    own = rows(healthy, "end_of_line", position=9)
    acir = healthy.value("end_of_line.acir").copy()
    acir[own] += 4.0  # beyond the specification, too
    found = verdicts(judge, changed(healthy, end_of_line__acir=acir))
    assert set(condemned(found)) <= before
    classes = {found[row].fault_class for row in own if row not in before}
    assert classes == {FaultClass.MEASUREMENT}


def test_a_bad_cell_at_a_bad_contact_is_still_found(judge: Judge, healthy: Cells) -> None:
    own = rows(healthy, "end_of_line", position=9)
    acir = healthy.value("end_of_line.acir").copy()
    acir[own] += 1.5
    acir[own[10]] += 1.5
    found = verdicts(judge, changed(healthy, end_of_line__acir=acir))
    assert found[own[10]].disposition is Disposition.HOLD
    assert found[own[10]].fault_class is FaultClass.PRODUCT


def test_a_nozzle_whose_cells_come_to_the_same_contacts_is_not_taken_for_their_fault(
    judge: Judge, healthy: Cells
) -> None:
    own = rows(healthy, "filling", position=3)
    dcir = healthy.value("end_of_line.dcir").copy()
    dcir[own] += 3.0
    found = verdicts(judge, changed(healthy, end_of_line__dcir=dcir))
    classes = Counter(found[row].fault_class for row in own)
    assert classes[FaultClass.PROCESS] > 0.99 * len(own)
    assert "nozzle 3 of l1-filler-01" in found[own[0]].reasons[0].text


def test_a_hot_formation_tower_is_the_process_once_the_tester_sees_it_too(
    judge: Judge, healthy: Cells
) -> None:
    hot = np.isin(np.arange(len(healthy)) // 256, range(10, 20))
    found = verdicts(
        judge,
        changed(
            healthy,
            formation__temperature_mean=healthy.value("formation.temperature_mean") + 8 * hot,
            formation__first_cycle_efficiency=healthy.value("formation.first_cycle_efficiency")
            + 0.003 * hot,
            end_of_line__dcir=healthy.value("end_of_line.dcir") + 0.9 * hot,
        ),
    )
    assert {found[row].fault_class for row in np.flatnonzero(hot)} == {FaultClass.PROCESS}
    lots = {row for row, v in enumerate(found) if any(r.kind is ReasonKind.LOT for r in v.reasons)}
    assert lots == set(np.flatnonzero(hot))


def test_a_tray_whose_formation_alone_was_warm_is_passed_with_a_remark(
    judge: Judge, healthy: Cells
) -> None:
    hot = np.arange(len(healthy)) // 256 == 10
    found = verdicts(
        judge,
        changed(
            healthy,
            formation__temperature_mean=healthy.value("formation.temperature_mean") + 8 * hot,
            formation__first_cycle_efficiency=healthy.value("formation.first_cycle_efficiency")
            + 0.003 * hot,
        ),
    )
    own = [found[row] for row in np.flatnonzero(hot) if row not in outliers(found)]
    assert {verdict.fault_class for verdict in own} == {FaultClass.MEASUREMENT}
    assert not any(reason.kind is ReasonKind.LOT for v in own for reason in v.reasons)


def test_grades_follow_the_rules_and_wait_for_what_they_ask_for(
    judge: Judge, healthy: Cells
) -> None:
    ocv = np.full(len(healthy), 3.6)
    ocv[:4] += [0.010, 0.030, 0.060, np.nan]
    capacity = np.full(len(healthy), 4.8)
    capacity[10] = 4.742  # 1.2 % low
    found = verdicts(
        judge,
        changed(
            healthy, end_of_line__ocv=ocv, end_of_line__capacity=capacity,
            end_of_line__temperature=np.full(len(healthy), 25.0),
        ),
    )  # fmt: skip
    assert [verdict.grade for verdict in found[:4]] == ["B", "C", "reject", None]
    assert found[0].disposition is Disposition.DOWNGRADE
    assert found[2].disposition is Disposition.SCRAP


def test_a_short_dose_is_scrap_before_the_end_of_the_line_is_known(
    judge: Judge, healthy: Cells
) -> None:
    few = healthy.of(np.arange(50))
    blank = {n: np.full(50, np.nan) for n in few.values if not n.startswith("filling.")}
    fill = few.value("filling.fill_mass").copy()
    fill[7] = 6.02
    cells = Cells(few.line, few.cell, few.recipe, {**few.values, **blank,
                  "filling.fill_mass": fill}, few.places, few.times_us)  # fmt: skip
    found = verdicts(judge, cells)
    assert [row for row, v in enumerate(found) if v.disposition is Disposition.SCRAP] == [7]
    assert {verdict.grade for verdict in found} == {None}
