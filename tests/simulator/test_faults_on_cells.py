"""Each fault on the pilot line: which cells, how much, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from simulator.faults import parse_fault
from simulator.noise import Floats, Ints
from tests.simulator.suffering import (
    ANODE,
    BEGINNING_MS,
    FIRST,
    HOUR_MS,
    LANE_3,
    STRIP,
    TRAY_20,
    WET,
    Made,
    Mask,
    Sizes,
    all_results,
    at,
    coat_ms,
    everyone,
    healthy,
    later,
    pilot_line,
    suffer,
    wound_ms,
)


@dataclass(frozen=True)
class Case:
    """A fault, from when, on which cells, who should have it, and how much."""

    fault: str
    live_ms: float
    cells: tuple[int, int]
    reached: Callable[[Ints], Mask]
    sizes: Sizes


def of_lane_3(numbers: Ints) -> Mask:
    mask: Mask = Made.of_cells(numbers).lane == 3
    return mask


def rolled_late(hours_before: float, since_m: float) -> Callable[[Ints], Mask]:
    def reached(numbers: Ints) -> Mask:
        since = coat_ms(hours_before) + since_m * 1000
        mask: Mask = Made.of_cells(numbers).rolled_ms(hours_before) >= since
        return mask

    return reached


def anode_late(numbers: Ints) -> Mask:
    mask: Mask = Made.of_cells(numbers, ANODE).rolled_ms(48) >= ANODE_MS + 1_500_000
    return mask


def dried_ms(numbers: Ints) -> Floats:
    """The end of the batch: one each 11 h, the first after the strip was slit for half an hour."""
    ready = wound_ms(Made.of_cells(numbers).strip * 3_797) - 27.5 * HOUR_MS - BEGINNING_MS
    return np.asarray((-(-ready // (11 * HOUR_MS)) + 1) * 11 * HOUR_MS + BEGINNING_MS)


def dried_late(numbers: Ints) -> Mask:
    mask: Mask = dried_ms(numbers) >= LAST_BATCH_MS
    return mask


def of_nozzle_2(numbers: Ints) -> Mask:
    mask: Mask = later(numbers) & (numbers % 8 == 1)
    return mask


def of_tower_1(numbers: Ints) -> Mask:
    mask: Mask = numbers // 256 % 123 < 24
    return mask


#: The first cell of a roll of anode, and when that was coated.
ANODE_FIRST = (FIRST // 28_400 + 1) * 28_400
ANODE_MS = at(-48 * 3_600, ANODE_FIRST)
BATCHES = (FIRST, 20_000)
LAST_BATCH_MS = float(dried_ms(np.array([FIRST + 19_000]))[0])

CASES = [
    Case(
        "F01:lane=3",
        coat_ms(51),
        LANE_3,
        of_lane_3,
        [
            ("formation.discharge_capacity%", -0.0202, -0.0198),
            ("end_of_line.capacity%", -0.0202, -0.0198),
            ("end_of_line.energy%", -0.0202, -0.0185),
            ("end_of_line.mass", -0.507, -0.505),
            ("filling.mass_after", -0.507, -0.505),
            ("formation.first_cycle_efficiency", -1e-5, 1e-5),
            ("end_of_line.acir%", 0.0, 0.0),
        ],
    ),
    Case(
        "F01:lane=3,kind=high",
        coat_ms(51),
        LANE_3,
        of_lane_3,
        [("end_of_line.capacity%", 0.0198, 0.0202), ("end_of_line.mass", 0.505, 0.507)],
    ),
    Case(
        "F02",
        ANODE_MS + 1_500_000,
        (ANODE_FIRST - 1_000, 9_000),
        anode_late,
        [
            ("end_of_line.capacity%", 0.0, 0.0),
            ("end_of_line.dcir_low%", 0.0099, 0.0101),
            ("end_of_line.mass", -0.436, -0.434),
            ("end_of_line.k_value", 0.05 * 0.15, 0.05 * 0.20),
        ],
    ),
    Case(
        "F04",
        coat_ms(36) + 25 * 60_000,
        STRIP,
        rolled_late(36, 1_500),
        [("winding.diameter", 0.0199, 0.0201), ("end_of_line.acir%", 0.0099, 0.0101)],
    ),
    Case(
        "F04:kind=tight",
        coat_ms(36) + 25 * 60_000,
        STRIP,
        rolled_late(36, 1_500),
        [
            ("winding.diameter", -0.0201, -0.0199),
            ("end_of_line.dcir%", 0.039, 0.041),
            ("formation.first_cycle_efficiency", -0.0032, -0.0028),
            ("end_of_line.capacity%", 0.0, 0.0),
        ],
    ),
    Case(
        "F07",
        at(0),
        STRIP,
        later,
        [
            ("winding.alignment", 0.399, 0.401),
            ("winding.overhang_top", -0.401, -0.399),
            ("winding.overhang_bottom", 0.399, 0.401),
            ("end_of_line.capacity%", -0.0032, -0.0028),
            ("end_of_line.k_value", -0.003, 0.003),
        ],
    ),
    Case(
        "F08",
        at(0),
        STRIP,
        later,
        [
            ("winding.tension_cathode_sd", 0.031, 0.032),
            ("welding.insertion_force", 7.99, 8.01),
            ("end_of_line.acir%", 0.0099, 0.0101),
            ("winding.diameter", -0.003, 0.003),
        ],
    ),
    Case("F11", LAST_BATCH_MS - HOUR_MS, BATCHES, dried_late, WET),
    Case(
        "F12:nozzle=2",
        at(300),
        STRIP,
        of_nozzle_2,
        [
            ("filling.fill_mass%", -0.0602, -0.0598),
            ("filling.mass_after", -0.386, -0.382),
            ("end_of_line.capacity%", -0.0100, -0.0050),
            ("end_of_line.dcir%", 0.03, 0.06),
            ("end_of_line.acir%", 0.019, 0.021),
            ("formation.first_cycle_efficiency", -0.0053, -0.0047),
        ],
    ),
    Case(
        "F13:nozzle=2",
        at(300),
        STRIP,
        of_nozzle_2,
        [
            ("filling.fill_mass%", 0.0498, 0.0502),
            ("end_of_line.mass", 0.30, 0.33),
            ("end_of_line.capacity%", 0.0, 0.0),
            ("end_of_line.dcir%", 0.0, 0.0),
        ],
    ),
    Case(
        "F15:tower=1",
        at(0, TRAY_20) - 48 * HOUR_MS,
        (TRAY_20, 2_560),
        of_tower_1,
        [
            ("formation.temperature_mean", 7.99, 8.01),
            ("formation.first_cycle_efficiency", 0.0027, 0.0033),
            ("formation.discharge_capacity%", 0.0029, 0.0031),
            ("end_of_line.dcir%", 0.0299, 0.0301),
            ("end_of_line.capacity%", 0.0, 0.0),
        ],
    ),
    Case(
        "F16:tray=20,pin=37",
        at(0, TRAY_20),
        (TRAY_20 - 256, 768),
        lambda n: (n // 256 % 123 == 19) & (n % 256 == 36),
        [
            ("formation.charge_capacity%", -0.0051, -0.0049),
            ("formation.contact_resistance", 14.9, 15.1),
            ("formation.first_cycle_efficiency", 0.004, 0.005),
            ("formation.cv_capacity", 0.049, 0.051),
            ("formation.discharge_capacity%", 0.0, 0.0),
            ("end_of_line.capacity%", 0.0, 0.0),
        ],
    ),
    Case(
        "F17",
        at(173_100),
        STRIP,
        later,
        [
            ("end_of_line.k_value", 0.085, 0.087),
            ("ageing.ocv2", -0.00061, -0.00059),
            ("ageing.temperature", 2.99, 3.01),
            ("ageing.ocv1", 0.0, 0.0),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_a_fault_reaches_its_cells_as_much_as_stated_and_nobody_else(case: Case) -> None:
    outcome = suffer(*case.cells, (case.fault, case.live_ms))
    reached = case.reached(outcome.numbers)
    assert 0 < np.count_nonzero(reached) < len(reached)
    # Every reached cell differs, every other is the same to the last bit, and the truth knows it.
    assert np.array_equal(outcome.changed, reached)
    assert np.array_equal(outcome.severity != 0, reached)
    for full, least, most in case.sizes:
        name = full.rstrip("%")
        nominal = pilot_line()[0].stations[name.split(".")[0]].results[name.split(".")[1]].nominal
        usual = nominal if full.endswith("%") else 1.0
        mean = outcome.moved(name, reached).mean() / usual
        assert least - 1e-12 <= mean <= most + 1e-12, full


def test_a_ramp_grows_with_the_metres_and_holds_its_times() -> None:
    # From 10 min to 30 min of the roll's 50 min under the coater: metres 600 to 1,800.
    outcome = suffer(*LANE_3, ("F01:lane=3@+10m..+30m", coat_ms()))
    made = Made.of_cells(outcome.numbers)
    expected = np.where(
        of_lane_3(outcome.numbers) & (made.metre >= 600) & (made.metre < 1_800),
        (np.floor(made.metre * 1000) - 600_000) / (2 * HOUR_MS),
        0.0,
    )
    assert np.allclose(outcome.severity, expected, atol=1e-9)
    moved = outcome.moved("end_of_line.capacity", everyone(outcome.numbers)) / 4.8
    assert np.allclose(moved, -0.02 * expected, atol=2e-4)
    assert not outcome.changed[expected == 0].any()


def test_two_faults_on_a_cell_add_up() -> None:
    loading, dose = ("F01:lane=3", coat_ms(51)), ("F12:nozzle=2", 0.0)
    one, other = suffer(*LANE_3, loading), suffer(*LANE_3, dose)
    both = suffer(*LANE_3, loading, dose)
    for full in ("end_of_line.capacity", "end_of_line.dcir", "filling.mass_after"):
        everywhere = everyone(both.numbers)
        added = one.moved(full, everywhere) + other.moved(full, everywhere)
        assert np.allclose(both.moved(full, everywhere), added, atol=0.005), full
    assert np.array_equal(both.changed, one.changed | other.changed)
    assert (one.changed & other.changed).any()
    # The efficiency is still the ratio of the two capacities.
    ratio = both.faulty["formation.discharge_capacity"] / both.faulty["formation.charge_capacity"]
    assert np.abs(ratio - both.faulty["formation.first_cycle_efficiency"]).max() < 2e-4


def test_half_the_size_is_half_the_effect() -> None:
    whole = suffer(*STRIP, ("F07", at(0)))
    half = suffer(*STRIP, ("F07:size=0.5", at(0)))
    for full in ("winding.alignment", "end_of_line.k_value"):
        mask = later(whole.numbers)
        assert np.allclose(half.moved(full, mask), whole.moved(full, mask) / 2, atol=0.002)


def test_healthy_lines_of_the_same_seed_do_not_know_of_faults_elsewhere() -> None:
    plant, _, results = pilot_line()
    fault = parse_fault("F07", plant)
    quiet = all_results(FIRST, 500, (fault,))  # it has no moment yet
    for full, values in healthy(FIRST, 500).items():
        assert np.array_equal(values, quiet[full], equal_nan=True)
    pieces = [
        results.of("end_of_line", at, 100, (fault.started(0),))["k_value"]
        for at in range(FIRST, FIRST + 500, 100)
    ]
    whole = all_results(FIRST, 500, (fault.started(0),))["end_of_line.k_value"]
    assert np.array_equal(np.concatenate(pieces), whole)
