"""Trays: each channel has the curve of the cell that stands there."""

from __future__ import annotations

import numpy as np
import pytest

from plant.model import Plant
from simulator.faults import parse_fault
from simulator.formation import TrayCurve
from simulator.noise import Floats, Ints
from simulator.operation import Operation
from simulator.pace import BEGINNING_MS, Pace
from simulator.results import Results
from simulator.schedule import Making, parse_schedule
from simulator.variants import Variants

HOUR_MS = 3_600_000
STEP_MS = 30_000
TRAY, CHANNELS, TRAYS = 17, 256, 123


class Stay:
    """A batch in tray 17 of the pilot: its cells, and when their results come."""

    def __init__(self, results: Results, now_ms: int) -> None:
        self.results = results
        delay_ms = results.places["formation"].delay_ms
        batch = results.pace.first_from(now_ms, delay_ms) // CHANNELS
        batch += (TRAY - 1 - batch) % TRAYS
        self.first = batch * CHANNELS
        numbers = np.array([self.first, self.first + CHANNELS - 1])
        self.end_ms, self.out_ms = results.pace.times_ms(numbers, delay_ms).tolist()

    @property
    def times_ms(self) -> Ints:
        """From just before the protocol to just before the first results."""
        return np.arange(self.end_ms - 23 * HOUR_MS, self.end_ms, STEP_MS)


@pytest.fixture(scope="module")
def results(pilot: Plant) -> Results:
    return Results(pilot, "l1", 1)


@pytest.fixture
def stay(results: Results, now_ms: int) -> Stay:
    return Stay(results, now_ms)


def curve_of(results: Results) -> TrayCurve:
    curve = TrayCurve.of(results, "formation")
    assert curve is not None
    return curve


def quiet(times_ms: Ints) -> Floats:
    return np.zeros((len(times_ms), 3 * CHANNELS))


def ampere_hours(values: dict[str, Floats], sign: int, stop: int | None = None) -> Floats:
    current = values["current"][:stop]
    total: Floats = np.where(current * sign > 0, current, 0.0).sum(axis=0) * STEP_MS / HOUR_MS
    return total


def rest(values: dict[str, Floats]) -> int:
    """Return a sample at which all channels rest between charge and discharge."""
    return int(np.flatnonzero((values["current"] < 0).any(axis=1))[0]) - 1


def test_each_channel_takes_and_gives_what_the_results_of_its_cell_say(
    results: Results, stay: Stay
) -> None:
    values = curve_of(results).values(stay.times_ms, TRAY, quiet(stay.times_ms))
    formed = results.of("formation", stay.first, CHANNELS)
    middle = rest(values)
    assert not values["current"][middle].any()
    # A step begins and ends between two samples, so it is long by 30 s of its current at most.
    charge = ampere_hours(values, 1, middle)
    assert charge == pytest.approx(formed["charge_capacity"], abs=0.96 * 30 / 3600)
    given = -ampere_hours(values, -1)
    assert given == pytest.approx(formed["discharge_capacity"], abs=0.96 * 30 / 3600)
    # So the cells differ as they should, by much more than that.
    assert np.corrcoef(charge, formed["charge_capacity"])[0, 1] > 0.95
    assert np.corrcoef(given, formed["discharge_capacity"])[0, 1] > 0.95
    assert values["voltage"][middle] == pytest.approx(formed["rest_voltage"], abs=5e-4)
    assert values["temperature"].mean(axis=0) == pytest.approx(formed["temperature_mean"], abs=0.1)


def test_the_energies_are_those_of_the_results_on_average(results: Results, stay: Stay) -> None:
    values = curve_of(results).values(stay.times_ms, TRAY, quiet(stay.times_ms))
    formed = results.of("formation", stay.first, CHANNELS)
    power = values["voltage"] * values["current"] * STEP_MS / HOUR_MS
    charge = power[: rest(values)].sum(axis=0)
    discharge = -np.minimum(power, 0).sum(axis=0)
    assert charge.mean() == pytest.approx(formed["charge_energy"].mean(), rel=0.01)
    assert discharge.mean() == pytest.approx(formed["discharge_energy"].mean(), rel=0.005)


def test_the_next_batch_stands_there_when_the_last_result_has_come(
    results: Results, stay: Stay
) -> None:
    curve = curve_of(results)
    times = np.array([stay.out_ms - 1, stay.out_ms, stay.out_ms + 1])
    voltage = curve.values(times, TRAY, quiet(times))["voltage"]
    assert voltage[:2] == pytest.approx(3.6, abs=0.02)
    assert voltage[2] == pytest.approx(2.56, abs=0.05)


def test_how_time_is_cut_and_what_was_asked_before_change_nothing(
    results: Results, now_ms: int
) -> None:
    times = np.arange(now_ms, now_ms + 30 * HOUR_MS, 1_800_000)
    normals = np.random.default_rng(1).standard_normal((len(times), 3 * CHANNELS))
    curve = curve_of(results)
    whole = curve.values(times, TRAY, normals)
    for start in reversed(range(0, len(times), 7)):
        piece = slice(start, start + 7)
        values = curve.values(times[piece], TRAY, normals[piece])
        for name, expected in whole.items():
            assert np.array_equal(values[name], expected[piece])


def test_f16_is_in_the_curve_of_its_channel_and_in_no_other(
    pilot: Plant, results: Results, stay: Stay
) -> None:
    fault = parse_fault(f"F16:tray={TRAY},pin=37", pilot).started(stay.end_ms - 30 * HOUR_MS)
    curve, times = curve_of(results), stay.times_ms
    healthy = curve.values(times, TRAY, quiet(times))
    faulty = curve.values(times, TRAY, quiet(times), (fault,))
    for name, values in faulty.items():
        assert np.array_equal(np.delete(values, 36, axis=1), np.delete(healthy[name], 36, axis=1))
    measured = results.of("formation", stay.first, CHANNELS, (fault,))["charge_capacity"][36]
    own = {name: values[:, 36:37] for name, values in faulty.items()}
    assert ampere_hours(own, 1, rest(own))[0] == pytest.approx(measured, abs=0.008)
    # While discharging at 0.96 A, 15 mOhm are 14.4 mV.
    since = [
        np.flatnonzero(v < -0.9)[20:400] for v in (healthy["current"][:, 36], own["current"][:, 0])
    ]
    moved = own["voltage"][since[1], 0] - healthy["voltage"][since[0], 36]
    assert moved == pytest.approx(-0.0144, abs=0.002)
    assert own["voltage"].max() <= 4.2


def test_a_fault_is_not_seen_before_it_comes(pilot: Plant, results: Results, stay: Stay) -> None:
    times = stay.times_ms
    on_ms = int(times[1_000])
    fault = parse_fault(f"F16:tray={TRAY},pin=37", pilot).started(on_ms)
    curve = curve_of(results)
    healthy = curve.values(times, TRAY, quiet(times))["voltage"]
    faulty = curve.values(times, TRAY, quiet(times), (fault,))["voltage"]
    assert np.array_equal(faulty[:1_000], healthy[:1_000])
    assert (faulty[1_000:, 36] != healthy[1_000:, 36]).any()


def test_a_plant_without_the_results_has_no_curve(small: Plant) -> None:
    assert TrayCurve.of(Results(small, "l1", 1), "filling") is None
    formation = small.stations["formation"]
    bare = formation.model_copy(update={"results": {}})
    plant = small.model_copy(update={"stations": {**small.stations, "formation": bare}})
    assert TrayCurve.of(Results(plant, "l1", 1), "formation") is None


def test_cells_of_another_recipe_get_the_currents_of_their_own_capacity(
    pilot: Plant, now_ms: int
) -> None:
    change_h = (now_ms - BEGINNING_MS) // HOUR_MS - 26
    making = Making.of(pilot, parse_schedule(f"vehicle:{change_h}h,storage:24h", pilot, HOUR_MS))
    results = Variants(making, "l1", 1, Pace.of(pilot.production.cells_per_second))
    curve = curve_of(results)
    times = np.array([now_ms + at * HOUR_MS for at in range(24)])
    highest = {
        tray: curve.values(times, tray, quiet(times))["current"].max()
        for tray in range(1, TRAYS + 1)
    }
    assert {round(0.3 * c, 3) for c in (4.8, 4.512)} == {round(a, 3) for a in highest.values()}


def test_a_line_that_stands_leaves_places_empty_and_no_curve_is_hurried(
    pilot: Plant, now_ms: int
) -> None:
    pace = Operation(stops=True).pace(pilot, "l1", 1)
    curve = curve_of(Results(pilot, "l1", 1, pace))
    times = np.arange(now_ms, now_ms + 8 * 24 * HOUR_MS, HOUR_MS // 4)
    stays = {
        curve._stay(tray, time_ms)
        for tray in range(1, TRAYS + 1, 5)
        for time_ms in times[:: 4 * 12].tolist()
    }
    assert {stay.stretch for stay in stays} == {1.0}
    voltage = curve.values(times, TRAY, quiet(times))["voltage"]
    empty = np.isnan(voltage)
    assert (empty.any(axis=1) == empty.all(axis=1)).all()
    assert 0.01 < empty[:, 0].mean() < 0.2


def test_only_the_cells_that_stand_in_trays_are_kept(results: Results, now_ms: int) -> None:
    curve = curve_of(results)
    for hour in range(0, 240, 12):
        times = np.array([now_ms + hour * HOUR_MS])
        for tray in range(1, TRAYS + 1, 10):
            curve.values(times, tray, quiet(times))
    kept = curve._cells._blocks
    # 123 trays of one filling are in four blocks of 32, or five.
    assert 4 <= len(kept) <= 1.5 * TRAYS / 32 + 2
    assert {block.nbytes for block in kept.values()} == {12 * 4 * 32 * CHANNELS}
