from __future__ import annotations

import numpy as np
import pytest

from plant.model import Plant
from simulator import wear
from simulator.operation import Operation
from simulator.pace import Pace
from simulator.place import Place

NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000


@pytest.fixture(params=["pilot", "reference"])
def plant(request: pytest.FixtureRequest) -> Plant:
    found: Plant = request.getfixturevalue(request.param)
    return found


def place_of(plant: Plant, name: str) -> Place:
    return Place(name, plant.stations[name], plant.equipment_at("l1", name))


@pytest.mark.parametrize(("name", "life"), [("welding", 3_000), ("sealing", 20_000)])
def test_a_tool_counts_the_cells_of_its_machine_and_begins_again(
    plant: Plant, name: str, life: int
) -> None:
    place = place_of(plant, name)
    numbers = np.arange(80_000_000, 80_000_000 + 3 * life * len(place.machines))
    used = wear.used(place, numbers)
    for machine in range(len(place.machines)):
        mine = used[place.machine_of(numbers) == machine]
        assert np.array_equal(np.unique(np.diff(mine)), [1 - life, 1])
        assert (mine.min(), mine.max()) == (0, life - 1)


def test_the_machine_tells_what_its_next_cell_will_meet(plant: Plant) -> None:
    place = place_of(plant, "welding")
    pace = Operation(stops=True).pace(plant, "l1", 1)
    numbers = pace.between(NOW_MS, NOW_MS + HOUR_MS, place.delay_ms)
    machine = len(place.machines) // 2
    mine = numbers[place.machine_of(numbers) == machine]
    at = wear.used_at(place, machine, pace, pace.times_ms(mine, place.delay_ms))
    assert np.array_equal(at, wear.used(place, mine))


def test_a_tool_is_renewed_just_before_its_first_cell(plant: Plant) -> None:
    place = place_of(plant, "welding")
    pace = Pace.of(plant.production.cells_per_second)
    times = wear.renewals_ms(place, 0, pace, NOW_MS, NOW_MS + 24 * HOUR_MS)
    per_day = plant.production.cells_per_second * 86_400 / len(place.machines) / 3_000
    assert len(times) == pytest.approx(per_day, abs=1)
    at = np.array(times, dtype=np.int64)
    assert (wear.used_at(place, 0, pace, at) == 0).all()
    assert (wear.used_at(place, 0, pace, at + 1) == 1).all()


def test_wear_moves_a_result_within_the_sd_of_the_plant_file(pilot: Plant) -> None:
    place = place_of(pilot, "welding")
    numbers = np.arange(80_000_000, 80_000_000 + 30_000)
    moved = np.asarray(wear.moved(place, "tab_resistance", numbers))
    assert np.ptp(moved) == pytest.approx(0.15, abs=0.001)
    assert moved.mean() == pytest.approx(0, abs=0.001)
    whole = moved.var() + wear.kept("welding.tab_resistance") ** 2
    assert whole == pytest.approx(1, abs=1e-4)
    assert wear.moved(place, "groove_depth", numbers) == 0
    assert wear.kept("welding.groove_depth") == 1


def test_a_knife_lasts_its_run_at_the_speed_of_the_web(pilot: Plant) -> None:
    assert wear.turn_ms(pilot.stations["slitting"]) == 25 * HOUR_MS  # 150 km at 100 m/min
    assert wear.turn_ms(pilot.stations["coating"]) == 24 * HOUR_MS
