from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from plant.model import Plant
from simulator.faults import Fault, parse_fault
from simulator.noise import Floats
from simulator.results import Results

Mask = npt.NDArray[np.bool_]

CELLS = 20_000
FIRST = 1_000_000


def all_results(plant: Plant, faults: tuple[Fault, ...] = ()) -> dict[str, Floats]:
    results = Results(plant, "l1", seed=7)
    return {
        f"{place}.{name}": values
        for place in results.places
        for name, values in results.of(place, FIRST, CELLS, faults).items()
    }


def test_the_same_cell_has_the_same_results_in_whatever_range_it_is_asked_for(small: Plant) -> None:
    results = Results(small, "l1", seed=7)
    for place in results.places:
        whole = results.of(place, FIRST, 100)
        for name, values in results.of(place, FIRST + 37, 5).items():
            assert np.array_equal(values, whole[name][37:42])


def test_the_scales_after_filling_show_what_was_filled_in(pilot: Plant) -> None:
    cells = all_results(pilot)
    filled = cells["filling.mass_after"] - cells["filling.mass_before"]
    assert np.abs(filled - cells["filling.fill_mass"]).max() < 0.005


def test_the_first_cycles_efficiency_is_discharge_over_charge(pilot: Plant) -> None:
    cells = all_results(pilot)
    ratio = cells["formation.discharge_capacity"] / cells["formation.charge_capacity"]
    assert np.abs(ratio - cells["formation.first_cycle_efficiency"]).max() < 2e-4


def test_the_k_value_is_the_fall_of_the_voltage_between_the_two_readings(pilot: Plant) -> None:
    cells = all_results(pilot)
    fall_mv = (cells["ageing.ocv1"] - cells["ageing.ocv2"]) * 1000
    per_day = fall_mv / (cells["ageing.ocv_hours"] / 24)
    assert np.abs(per_day - cells["end_of_line.k_value"]).max() < 0.005


def test_a_cells_capacity_at_the_end_of_line_is_that_of_its_formation(pilot: Plant) -> None:
    cells = all_results(pilot)
    first, last = cells["formation.discharge_capacity"], cells["end_of_line.capacity"]
    assert np.corrcoef(first, last)[0, 1] == pytest.approx(0.9, abs=0.02)


def test_five_cells_a_shift_are_pulled_apart(pilot: Plant) -> None:
    results = Results(pilot, "l1", seed=7)
    shift = results.pace.between(1_795_000_000_000, 1_795_000_000_000 + 8 * 3_600_000)
    pull = results.of("welding", int(shift[0]), len(shift))["pull_force"]
    assert np.count_nonzero(~np.isnan(pull)) == 5


def test_a_quantity_is_not_negative_and_a_grade_not_above_the_best(pilot: Plant) -> None:
    cells = all_results(pilot)
    assert cells["sealing.leak_rate"].min() >= 0
    assert cells["sealing.code_grade"].max() == 4.0
    assert cells["end_of_line.k_value"].min() < 0  # a difference of two readings may be


def test_a_cell_fails_by_any_result_outside_its_limits(small: Plant) -> None:
    results = Results(small, "l1", seed=7)
    numbers = np.arange(FIRST, FIRST + 2_000)
    measured = results.of("winding", FIRST, 2_000)
    failed = results.verdicts("winding", numbers, measured)
    length = measured["length_cathode"]
    assert np.array_equal(failed == 1, (length < 789.6) | (length > 790.4))
    assert 0.03 < failed.mean() < 0.06  # the limits of the test plant are at two sigma


def test_cells_take_the_positions_of_a_machine_in_turn_and_then_the_next_machine(
    small: Plant,
) -> None:
    place = Results(small, "l1", seed=7).places["filling"]
    numbers = np.arange(16)
    assert place.position_of(numbers).tolist() == [1, 2, 3, 4] * 4
    assert place.machine_of(numbers).tolist() == [0] * 4 + [1] * 4 + [0] * 4 + [1] * 4


def test_results_that_a_plant_does_not_have_are_not_tied(small: Plant) -> None:
    document = small.model_dump()
    del document["stations"]["filling"]["results"]["fill_mass"]
    del document["stations"]["formation"]["results"]["charge_capacity"]
    plant = Plant.model_validate(document)
    cells = all_results(plant)
    assert cells["filling.mass_after"].std() == pytest.approx(0.12, rel=0.05)
    assert cells["formation.first_cycle_efficiency"].mean() == pytest.approx(0.88, abs=2e-4)
    assert cells["end_of_line.dcir"].std() == pytest.approx(0.3, rel=0.05)


# F12: nozzle 3 of the pilot's filler doses 6 % short.


@pytest.fixture(scope="module")
def on_ms(pilot: Plant) -> int:
    """The moment at which the first quarter of the cells has been filled."""
    results = Results(pilot, "l1", seed=7)
    return results.pace.time_ms(FIRST + CELLS // 4, results.places["filling"].delay_ms)


@pytest.fixture(scope="module")
def healthy(pilot: Plant) -> dict[str, Floats]:
    return all_results(pilot)


@pytest.fixture(scope="module")
def faulty(pilot: Plant, on_ms: int) -> dict[str, Floats]:
    return all_results(pilot, (parse_fault("F12:nozzle=3", pilot).started(on_ms),))


@pytest.fixture(scope="module")
def hit() -> Mask:
    numbers = np.arange(FIRST, FIRST + CELLS)
    short: Mask = (numbers % 8 == 2) & (numbers >= FIRST + CELLS // 4)
    return short


def test_only_cells_of_nozzle_3_since_the_moment_are_touched(
    healthy: dict[str, Floats],
    faulty: dict[str, Floats],
    hit: Mask,
) -> None:
    for full, values in faulty.items():
        same = np.array_equal(values[~hit], healthy[full][~hit], equal_nan=True)
        assert same, full
    dose = faulty["filling.fill_mass"]
    assert (dose[hit] < 6.2).all()
    assert (dose[~hit] > 6.25).all()


@pytest.mark.parametrize(
    ("full", "least", "most"),
    [
        ("filling.fill_mass", -0.061, -0.059),
        ("filling.mass_after", -0.39 / 70, -0.38 / 70),
        ("formation.discharge_capacity", -0.010, -0.005),
        ("end_of_line.capacity", -0.010, -0.005),
        ("end_of_line.dcir", 0.03, 0.06),
        ("end_of_line.acir", 0.019, 0.021),
    ],
)
def test_the_mean_effect_is_as_large_as_stated(
    healthy: dict[str, Floats],
    faulty: dict[str, Floats],
    hit: Mask,
    full: str,
    least: float,
    most: float,
) -> None:
    change = faulty[full][hit].mean() / healthy[full][hit].mean() - 1
    assert least < change < most


def test_the_first_cycle_loses_half_a_point_of_efficiency(
    healthy: dict[str, Floats],
    faulty: dict[str, Floats],
    hit: Mask,
) -> None:
    full = "formation.first_cycle_efficiency"
    points = 100 * (faulty[full][hit] - healthy[full][hit])
    assert points.mean() == pytest.approx(-0.5, abs=0.02)


def test_each_cell_suffers_within_the_stated_range(
    healthy: dict[str, Floats],
    faulty: dict[str, Floats],
    hit: Mask,
) -> None:
    for full, nominal, least, most in (
        ("end_of_line.capacity", 4.8, -0.0102, -0.0049),
        ("end_of_line.dcir", 30.0, 0.0295, 0.0610),
    ):
        change = (faulty[full][hit] - healthy[full][hit]) / nominal
        assert least < change.min() < change.max() < most


def test_what_does_not_hang_on_the_dose_stays(
    healthy: dict[str, Floats], faulty: dict[str, Floats]
) -> None:
    for full in ("winding.diameter", "sealing.crimp_height", "ageing.ocv1", "ageing.ocv2"):
        assert np.array_equal(healthy[full], faulty[full])
