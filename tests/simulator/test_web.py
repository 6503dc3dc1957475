"""The web: what machines show of it is what the cells inherit."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from plant.model import Equipment, Plant
from simulator.inheritance import Inheritance
from simulator.knots import Knots
from simulator.material import COATED_MS, LANES, SLIT_MS
from simulator.noise import Floats, Ints
from simulator.origin import CALENDERED_MS, Origin
from simulator.pace import Pace
from simulator.results import Results
from simulator.room import RoomSignals, vapour_ratio
from simulator.web import WebSignals
from simulator.web_field import Parts, load_shares

SEED = 5
YEARS_MS = (1_700_000_000_000, 1_795_000_000_000)


def pace_of(plant: Plant) -> Pace:
    return Pace.of(plant.production.cells_per_second)


def signals_of(plant: Plant, machine: str) -> WebSignals | RoomSignals:
    signals = WebSignals.of(plant, plant.equipment[machine], SEED, pace_of(plant))
    assert signals is not None
    return signals


def read(plant: Plant, machine: str, name: str, times_ms: Ints) -> Floats:
    values = signals_of(plant, machine).values(name, times_ms)
    assert values is not None
    return values


def inheritance_of(plant: Plant) -> Inheritance:
    return Results(plant, "l1", SEED).inheritance


def at_random(count: int) -> Ints:
    return np.sort(np.random.default_rng(1).integers(*YEARS_MS, count))


def test_numbers_by_place_are_normal_and_do_not_know_each_other() -> None:
    numbers = Knots(1, "x").at(np.arange(200_000).reshape(2, -1)).ravel()
    assert numbers.mean() == pytest.approx(0, abs=0.01)
    assert numbers.std() == pytest.approx(1, abs=0.01)
    assert (numbers**4).mean() == pytest.approx(3, abs=0.1)
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01
    assert abs(np.corrcoef(numbers, Knots(1, "y").at(np.arange(200_000)))[0, 1]) < 0.01
    assert np.array_equal(Knots(1, "x").at(np.array([7, 3])), numbers[[7, 3]])


def test_a_curve_has_variance_1_everywhere_and_forgets_itself() -> None:
    knots, base = Knots(2), np.arange(50_000) * 100
    start = knots.wave(base, np.zeros(50_000))
    for along in (0.25, 0.5, 0.9):
        assert knots.wave(base, np.full(50_000, along)).std() == pytest.approx(1, abs=0.015)
    assert np.corrcoef(start, knots.wave(base, np.full(50_000, 0.25)))[0, 1] > 0.9
    assert abs(np.corrcoef(start, knots.wave(base, np.full(50_000, 2.0)))[0, 1]) < 0.02


def test_the_parts_of_a_spread_are_the_whole() -> None:
    assert {*load_shares().parts} == {"c", "a"}
    with pytest.raises(ValidationError, match="not to 1"):
        Parts(gauge=0.5, grain=0.4)


def web_machines(plant: Plant) -> list[Equipment]:
    return [
        machine
        for machine in plant.equipment.values()
        if machine.line == "l1"
        and machine.number == 1
        and WebSignals.of(plant, machine, SEED, pace_of(plant))
    ]


@pytest.mark.parametrize("name", ["pilot", "reference"])
def test_every_signal_of_the_web_has_the_mean_and_spread_of_its_plant_file(
    request: pytest.FixtureRequest, name: str
) -> None:
    plant: Plant = request.getfixturevalue(name)
    shown = set()
    for machine in web_machines(plant):
        for signal_name in plant.stations[machine.station].signals:
            times = at_random(2_000 if machine.station == "dry_room" else 8_000)
            values = signals_of(plant, machine.name).values(signal_name, times)
            if values is None:
                continue
            shown.add(f"{machine.station}.{signal_name}")
            signal = plant.signal(machine.name, signal_name)
            slack = max(0.05, 4 / len(times) ** 0.5)
            assert values.shape[1:] == ((8,) if signal.per_position else ())
            assert values.mean() == pytest.approx(signal.nominal, abs=slack * signal.sd)
            assert values.std() == pytest.approx(signal.sd, rel=slack), (machine, signal_name)
    assert shown == {
        "mixing.viscosity",
        "mixing.solids",
        "coating.loading_a",
        "coating.loading_b",
        "coating.dry_thickness",
        "calendering.thickness",
        "calendering.density",
        "calendering.porosity",
        "slitting.strip_width",
        "slitting.burr_height",
        "vacuum_drying.water",
        "dry_room.dew_point",
    }


def test_a_plant_with_other_machines_has_no_web_there(small: Plant) -> None:
    winder = small.equipment["l1-winder-01"]
    assert WebSignals.of(small, winder, SEED, pace_of(small)) is None
    coater = signals_of(small, "l1-coater-c-01")
    assert coater.values("web_speed", at_random(3)) is None
    loading = coater.values("loading", at_random(3))
    assert loading is not None
    assert loading.shape == (3, 4)


def test_a_value_hangs_on_its_moment_alone(pilot: Plant) -> None:
    times = 1_790_000_000_000 + np.arange(0, 600_000, 1_000, dtype=np.int64)
    for machine, name in (("l1-coater-c-01", "loading_a"), ("l1-filling-zone-01", "dew_point")):
        whole = read(pilot, machine, name, times)
        assert np.array_equal(read(pilot, machine, name, times[::60]), whole[::60])
        assert np.array_equal(read(pilot, machine, name, times[300:]), whole[300:])


@pytest.mark.parametrize("name", ["pilot", "reference"])
@pytest.mark.parametrize(
    ("quantity", "station", "signals", "lead_ms", "ms_per_m", "gauge"),
    [
        ("loading", "coating", ("loading_a", "loading_b"), COATED_MS, 1_000, 0.55),
        ("thickness", "calendering", ("thickness",), CALENDERED_MS, 1_000, 0.2),
        ("burr", "slitting", ("burr_height",), SLIT_MS, 600, 0.3),
        ("width", "slitting", ("strip_width",), SLIT_MS, 600, 0.3),
    ],
)
def test_a_cell_inherits_what_the_machine_read_as_its_metres_passed(
    request: pytest.FixtureRequest,
    name: str,
    quantity: str,
    station: str,
    signals: tuple[str, ...],
    lead_ms: int,
    ms_per_m: int,
    gauge: float,
) -> None:
    plant: Plant = request.getfixturevalue(name)
    origin = Origin(plant, "l1", pace_of(plant), "c")
    numbers = 200_000_000 + np.arange(12_000, dtype=np.int64)
    strips = origin.strips(numbers)
    made = strips if station == "slitting" else strips // LANES * LANES
    passed = origin.made_ms(made, lead_ms) + np.round(origin.metres(numbers) * ms_per_m)
    machine = plant.equipment_at("l1", station)[0].name
    wide = not plant.stations[station].signals[signals[0]].per_position
    read_then = np.mean(
        [
            values if wide else values[np.arange(len(numbers)), strips % LANES]
            for values in (read(plant, machine, s, passed.astype(np.int64)) for s in signals)
        ],
        axis=0,
    )
    has = inheritance_of(plant).of(f"cathode.{quantity}", numbers)
    # What is not inherited is the noise of the gauge, and that alone.
    sd = plant.stations[station].signals[signals[0]].sd
    assert (read_then - has).std() == pytest.approx(sd * (gauge / len(signals)) ** 0.5, rel=0.05)
    assert np.corrcoef(read_then, has)[0, 1] > 0.6


def test_neighbours_on_a_strip_are_a_little_alike_and_other_lanes_are_not(pilot: Plant) -> None:
    inheritance = inheritance_of(pilot)
    strip = 20_000 * 3_797
    loading = np.array(
        [
            inheritance.of("cathode.loading", np.arange(at, at + 3_797))
            for at in range(strip, strip + 24 * 3_797, 3_797)
        ]
    )
    deviation = loading - loading.mean()
    near = (deviation[:, 1:] * deviation[:, :-1]).mean() / deviation.var()
    far = (deviation[:, 20:] * deviation[:, :-20]).mean() / deviation.var()
    assert 0.08 < near < 0.35
    assert 0.0 < far < 0.06
    others = [np.corrcoef(loading[0], loading[lane])[0, 1] for lane in range(1, 8)]
    assert np.abs(others).max() < 0.06


def test_burrs_grow_as_the_knives_wear_and_the_cells_have_them(pilot: Plant) -> None:
    origin = Origin(pilot, "l1", pace_of(pilot), "c")
    numbers = 80_000_000 + np.arange(0, 6_000_000, 100, dtype=np.int64)
    burr = inheritance_of(pilot).of("cathode.burr", numbers)
    worn = origin.knives(numbers)
    sharp, blunt = burr[worn < 0.2].mean(), burr[worn > 0.8].mean()
    # A quarter of the variance of 1 um goes from sharp to blunt evenly: 1.73 um.
    assert blunt - sharp == pytest.approx(0.8 * 12**0.5 * 0.5, abs=0.25)


def test_all_cells_of_a_batch_share_its_water_and_what_the_laboratory_finds(pilot: Plant) -> None:
    inheritance = inheritance_of(pilot)
    origin = Origin(pilot, "l1", pace_of(pilot), "c")
    numbers = 80_000_000 + np.arange(300_000, dtype=np.int64)
    batches = origin.batches(numbers)
    water = inheritance.of("cathode.water", numbers)
    means = np.array([water[batches == batch].mean() for batch in np.unique(batches)])
    assert 30 * 0.03 < means.std() < 30 * 0.12
    assert water.std() == pytest.approx(30 * (1 - 0.73) ** 0.5, rel=0.05)


def test_air_with_a_dew_point_of_minus_33_holds_13_times_the_water() -> None:
    # 27.6 and 2.09 Pa over ice.
    assert vapour_ratio(np.array(-33.0), -55.0) == pytest.approx(27.6 / 2.09, rel=0.01)


def test_the_dew_point_forgets_in_twenty_minutes(pilot: Plant) -> None:
    times = 1_790_000_000_000 + np.arange(0, 40 * 86_400_000, 600_000, dtype=np.int64)
    values = read(pilot, "l1-filling-zone-01", "dew_point", times)
    steps = [np.corrcoef(values[:-lag], values[lag:])[0, 1] for lag in (1, 2, 12)]
    assert steps[0] == pytest.approx(0.9 * np.exp(-0.5), abs=0.1)
    assert steps[1] == pytest.approx(0.9 * np.exp(-1.0), abs=0.1)
    assert abs(steps[2]) < 0.08


def test_what_the_web_shows_hangs_together(pilot: Plant) -> None:
    times = at_random(8_000)
    loading, dry = (read(pilot, "l1-coater-c-01", n, times) for n in ("loading_a", "dry_thickness"))
    # 0.57 of what is really there; the gauges leave 0.45 and 0.5 of the variance.
    expected = 0.57 * (0.45 * 0.5) ** 0.5
    assert np.corrcoef(loading.ravel(), dry.ravel())[0, 1] == pytest.approx(expected, abs=0.03)
    thickness, density, porosity = (
        read(pilot, "l1-calender-c-01", n, times) for n in ("thickness", "density", "porosity")
    )
    assert np.corrcoef(thickness, porosity)[0, 1] > 0.97
    assert np.corrcoef(density, porosity)[0, 1] < -0.999
    assert density / (1 - porosity) == pytest.approx(np.full(len(times), 3.262 / 0.665))
