"""Each fault on the pilot line: which cells, how much, and nobody else.

The cells that a fault should reach are worked out here from the numbers of the cells by hand: one
winder winds cell n, 3,797 of them (3,550 of the anode) from a strip, eight strips from a roll.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from plant.load import PILOT, load_plant
from plant.model import Plant
from simulator.faults import Fault, parse_fault
from simulator.line import Line
from simulator.noise import Floats, Ints
from simulator.results import Results
from simulator.truth import truth

Mask = npt.NDArray[np.bool_]

HOUR_MS = 3_600_000
BEGINNING_MS = 1_577_836_800_000
CATHODE, ANODE = (3_797, 0.790, 0.0253), (3_550, 0.845, 0.0145)
ROLL = 2_610
#: The first cell of a roll of November 2026.
FIRST = ROLL * 8 * 3_797


def wound_ms(numbers: Ints) -> Ints:
    return BEGINNING_MS + numbers * 200_000 // 73


@dataclass(frozen=True)
class Made:
    """Strip, lane, roll and metre of cells, and when their metres were where, in ms."""

    strip: Ints
    metre: Floats
    of: tuple[int, float, float]

    @classmethod
    def of_cells(cls, numbers: Ints, of: tuple[int, float, float] = CATHODE) -> Made:
        return cls(numbers // of[0], np.asarray((numbers % of[0] + 0.5) * of[1]), of)

    @property
    def lane(self) -> Ints:
        return self.strip % 8 + 1

    def rolled_ms(self, hours_before: float) -> Floats:
        roll_ms = wound_ms(self.strip // 8 * 8 * self.of[0])
        return np.asarray(roll_ms - hours_before * HOUR_MS + np.floor(self.metre * 1000))

    @property
    def slit_ms(self) -> Floats:
        begin = wound_ms(self.strip * self.of[0]) - 24 * HOUR_MS
        return np.asarray(begin + np.floor(self.metre * 600))

    @property
    def slurry(self) -> Ints:
        roll_kg = self.of[2] * 3_000 / self.of[1] * 8
        return np.floor((self.strip // 8 + self.metre / 3_000) * roll_kg / 1000).astype(np.int64)


@dataclass(frozen=True)
class Outcome:
    """Cells with and without faults, and what the truth says of them."""

    numbers: Ints
    healthy: dict[str, Floats]
    faulty: dict[str, Floats]
    severity: Floats

    @property
    def changed(self) -> Mask:
        """Which cells differ in any bit of any result."""
        found = np.zeros(len(self.numbers), dtype=bool)
        for full, values in self.healthy.items():
            other = self.faulty[full]
            found |= (values != other) & ~(np.isnan(values) & np.isnan(other))
        return found

    def moved(self, full: str, mask: Mask) -> Floats:
        return (self.faulty[full] - self.healthy[full])[mask]


@cache
def pilot_line() -> tuple[Plant, Line, Results]:
    plant = load_plant(PILOT)
    return plant, Line(plant, "l1", 7), Results(plant, "l1", 7)


def all_results(first: int, count: int, faults: tuple[Fault, ...]) -> dict[str, Floats]:
    results = pilot_line()[2]
    return {
        f"{place}.{name}": values
        for place in results.places
        for name, values in results.of(place, first, count, faults).items()
    }


@cache
def healthy(first: int, count: int) -> dict[str, Floats]:
    return all_results(first, count, ())


def suffer(first: int, count: int, *faults: tuple[str, float]) -> Outcome:
    """Return the cells with *faults*, each a text and the moment that its times count from."""
    plant, line, _ = pilot_line()
    known = tuple(parse_fault(text, plant).started(round(live_ms)) for text, live_ms in faults)
    numbers = np.arange(first, first + count)
    told = dict.fromkeys(line.ids.of(numbers), 0.0)
    for hit in line.hits.of(known, first, count):
        # The days of the cells alone: the truth of a week is a million cells.
        times = hit.touch.times_ms[hit.touch.severity != 0]
        for row in truth([line], [hit.fault], int(times.min()), int(times.max()) + 1):
            if row.cell in told and row.cell is not None:
                told[row.cell] = row.severity or 0.0
    faulty = all_results(first, count, known)
    return Outcome(numbers, healthy(first, count), faulty, np.array(list(told.values())))


def coat_ms(hours_before: float = 48) -> float:
    """Return when the first metre of the roll was coated, or so long before its first cell."""
    return float(wound_ms(np.array([FIRST]))[0]) - hours_before * HOUR_MS


def at(station_s: float, cell: int = FIRST + 2_000) -> float:
    """Return when *cell* comes to a station so long after winding."""
    return float(wound_ms(np.array([cell]))[0]) + station_s * 1000


def later(numbers: Ints) -> Mask:
    mask: Mask = numbers >= FIRST + 2_000
    return mask


def everyone(numbers: Ints) -> Mask:
    return np.ones(len(numbers), dtype=bool)


#: Effects as (result, change from, to); of the nominal when the result's name ends with a %.
Sizes = list[tuple[str, float, float]]


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


def of_slurry(numbers: Ints) -> Mask:
    mask: Mask = Made.of_cells(numbers).slurry == 2_007
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
    ready = wound_ms(Made.of_cells(numbers).strip * 3_797) - 23.5 * HOUR_MS - BEGINNING_MS
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


#: The first cell of tray place 20; tower 1 ends with place 24.
TRAY_20 = FIRST // (256 * 123) * 256 * 123 + 19 * 256

#: The first cell of a roll of anode, and when that was coated.
ANODE_FIRST = (FIRST // 28_400 + 1) * 28_400
ANODE_MS = at(-48 * 3_600, ANODE_FIRST)
#: The roll after FIRST's takes the last of slurry 2,006 and begins slurry 2,007.
SLURRY = (FIRST + 30_376, 20_000)
MIXED_MS = at(-54 * 3_600, SLURRY[0])
BATCHES = (FIRST, 20_000)
LAST_BATCH_MS = float(dried_ms(np.array([FIRST + 19_000]))[0])

LANE_3 = (FIRST + 7_000, 5_000)
STRIP = (FIRST, 4_000)
WET: Sizes = [
    ("formation.first_cycle_efficiency", -0.0032, -0.0028),
    ("end_of_line.k_value", 0.19, 0.21),
    ("end_of_line.acir%", 0.0099, 0.0101),
    ("formation.discharge_capacity%", 0.0, 0.0),
]
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
            ("end_of_line.mass", -0.501, -0.499),
            ("filling.mass_after", -0.501, -0.499),
            ("formation.first_cycle_efficiency", -1e-5, 1e-5),
            ("end_of_line.acir%", 0.0, 0.0),
        ],
    ),
    Case(
        "F01:lane=3,kind=high",
        coat_ms(51),
        LANE_3,
        of_lane_3,
        [("end_of_line.capacity%", 0.0198, 0.0202), ("end_of_line.mass", 0.499, 0.501)],
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
    Case("F03@+1h..+5h", MIXED_MS - HOUR_MS, SLURRY, of_slurry, []),
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
            ("end_of_line.mass", 0.30, 0.32),
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


def test_f03_spreads_the_capacity_twice_and_leaves_its_mean() -> None:
    outcome = suffer(*SLURRY, ("F03", MIXED_MS))
    hit = of_slurry(outcome.numbers)
    for full in ("formation.discharge_capacity", "end_of_line.capacity"):
        before, after = outcome.healthy[full][hit], outcome.faulty[full][hit]
        assert after.std() / before.std() == pytest.approx(2.0, abs=0.03)
        assert after.mean() == pytest.approx(before.mean(), abs=0.001)


def test_f04_runout_goes_both_ways_round_the_roll() -> None:
    outcome = suffer(*STRIP, ("F04:kind=runout", coat_ms(40)))
    assert np.array_equal(outcome.changed | (np.abs(outcome.severity) < 0.01), outcome.numbers > 0)
    moved = outcome.moved("end_of_line.acir", everyone(outcome.numbers))
    assert (moved.min(), moved.max()) == (pytest.approx(-0.22, abs=0.02), pytest.approx(0.22, 0.1))
    assert abs(moved.mean()) < 0.005
    # Cells of 0.79 m against 2.513 m round the roll: the third neighbour is nearly round.
    assert np.corrcoef(moved[:-3], moved[3:])[0, 1] > 0.8
    assert np.corrcoef(moved[:-1], moved[1:])[0, 1] < 0


def test_f05_shorts_one_cell_in_a_hundred_of_a_worn_knife() -> None:
    begin = FIRST + 2 * 3_797
    outcome = suffer(begin - 500, 5_000, ("F05:knife=3", at(0, begin) - 50 * HOUR_MS))
    made = Made.of_cells(outcome.numbers)
    hit = outcome.severity > 0
    assert set(made.lane[hit]) == {3}
    assert 20 < np.count_nonzero(hit) < 60
    assert np.array_equal(outcome.changed, hit)
    k = outcome.moved("end_of_line.k_value", hit)
    assert 0.17 < k.min() < 1.0 < k.max() < 18.1
    assert 0.6 < np.median(k) < 5  # log-uniform: 1.8
    insulation = outcome.faulty["winding.insulation"] / outcome.healthy["winding.insulation"]
    assert (insulation[hit] < 0.41).all()


def test_f05_begins_with_few_shorts() -> None:
    begin = FIRST + 2 * 3_797
    new = suffer(begin, 3_797, ("F05:knife=3", at(0, begin) - 24 * HOUR_MS))
    assert np.count_nonzero(new.severity) <= 3


def test_f06_hits_isolated_cells_in_bursts() -> None:
    outcome = suffer(FIRST, 20_000, ("F06@+1h", at(0, FIRST)))
    hit = np.flatnonzero(outcome.severity)
    assert np.array_equal(outcome.changed, outcome.severity > 0)
    # A fifth of the time, one cell in fifty: 76 of 18,700 cells.
    assert 45 < len(hit) < 110
    assert hit.min() > 1_314 - 1
    k = outcome.moved("end_of_line.k_value", outcome.severity > 0)
    assert 0.49 < k.min() < k.max() < 20.1
    burst = wound_ms(outcome.numbers[hit]) - at(0, FIRST) - HOUR_MS
    for turn in np.unique(burst // (HOUR_MS // 2)):
        own = burst[burst // (HOUR_MS // 2) == turn]
        assert np.ptp(own) <= 0.2 * HOUR_MS / 2


def test_f09_is_a_saw_tooth_with_the_counter_of_the_tip() -> None:
    outcome = suffer(FIRST, 33_000, ("F09", at(60, FIRST)))
    moved = outcome.moved("welding.tab_resistance", everyone(outcome.numbers))
    times = wound_ms(outcome.numbers) + 60_000
    wear = (times / (24 * HOUR_MS) + 0.381966) % 1.0
    assert np.allclose(moved, 110 * wear, atol=0.2)
    assert np.count_nonzero(np.diff(moved) < -100) == 1  # one dressing a day
    acir = outcome.moved("end_of_line.acir", everyone(outcome.numbers))
    cold = acir > 1
    assert np.allclose(acir[~cold], 0.11 * wear[~cold], atol=0.004)
    assert 0.0015 < cold.mean() < 0.0035  # half a per cent of the worn ones
    assert (acir[cold] > 2.0).all()
    assert (acir[cold] < 10.2).all()
    pull = outcome.faulty["welding.pull_force"][cold]
    assert (pull[~np.isnan(pull)] < 18).all()


def test_f10_wets_cells_between_filling_and_seal_by_the_time_they_stood_open() -> None:
    # 40 minutes by itself, from the filling of cell 2,000.
    outcome = suffer(*STRIP, ("F10", at(300)))
    into, out = (wound_ms(outcome.numbers) + s * 1000 for s in (300, 420))
    on, off = at(300), at(300) + 40 * 60_000
    part = np.clip(np.minimum(out, off) - np.maximum(into, on), 0, None) / 120_000
    assert np.allclose(outcome.severity, part)
    assert not outcome.changed[part == 0].any()
    whole = part == 1
    assert np.count_nonzero(whole) > 800
    for full, least, most in WET:
        name = full.rstrip("%")
        usual = {"end_of_line.acir": 22.0}.get(name, 1.0)
        assert least <= outcome.moved(name, whole).mean() / usual <= most, full
    assert outcome.moved("end_of_line.k_value", whole).min() >= 0.099
    assert outcome.moved("end_of_line.k_value", whole).max() <= 0.301


def test_f13_wets_the_crimp_of_one_cell_in_ten() -> None:
    outcome = suffer(FIRST, 8_000, ("F13:nozzle=2", 0.0))
    leaks = outcome.moved("sealing.leak_rate", outcome.severity > 0)
    assert 0.07 < (leaks > 4e-8).mean() < 0.13


def test_f14_ramps_up_with_the_tool_and_comes_back_with_a_new_one() -> None:
    outcome = suffer(FIRST, 12_000, ("F14@+0..+6h", at(420, FIRST + 1_000)))
    hours = (wound_ms(outcome.numbers) + 420_000 - at(420, FIRST + 1_000)) / HOUR_MS
    worn = np.where((hours >= 0) & (hours < 6), hours / 24, 0.0)
    assert np.allclose(outcome.severity, worn, atol=1e-9)
    moved = outcome.moved("sealing.crimp_height", everyone(outcome.numbers))
    assert np.allclose(moved, 0.08 * worn, atol=5e-4)
    assert not outcome.changed[worn == 0].any()
    last = worn > 0.24
    assert outcome.moved("end_of_line.mass", last).mean() == pytest.approx(-0.009, abs=0.001)
    assert outcome.moved("sealing.leak_rate", last).min() > 1e-7


def test_f15_counts_the_part_of_the_day_that_was_hot() -> None:
    # Off half a day before the first cell comes out: it had half of its formation hot.
    out_ms = at(86_700, TRAY_20)
    outcome = suffer(TRAY_20, 256, ("F15:tower=1@-3d..-12h", out_ms))
    assert outcome.severity[0] == pytest.approx(0.5, abs=0.001)
    moved = outcome.moved("formation.temperature_mean", outcome.numbers == TRAY_20)
    assert moved[0] == pytest.approx(4.0, abs=0.01)


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
