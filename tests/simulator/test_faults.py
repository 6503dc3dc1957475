from __future__ import annotations

import pytest

from plant.model import Plant
from simulator.faults import FaultError, parse_fault
from simulator.faults_kind import load_kinds
from simulator.physics import LATENTS
from simulator.results import Results

HOUR_MS = 3_600_000


def test_the_catalogue_has_all_twenty() -> None:
    kinds = load_kinds()
    assert list(kinds) == [f"F{number:02}" for number in range(1, 21)]
    assert {kind.id for variants in kinds.values() for kind in variants.values()} == set(kinds)


def test_every_signal_and_result_of_the_catalogue_is_one_of_the_plant(
    pilot: Plant, small: Plant
) -> None:
    known = {
        f"{place}.{name}"
        for plant in (pilot, small)
        for place, station in plant.stations.items()
        for name in (*station.signals, *station.results)
    }
    named = {
        effect.on
        for variants in load_kinds().values()
        for kind in variants.values()
        for effect in kind.effects
    }
    unseen = {*LATENTS, *Results(pilot, "l1", 1).inheritance.figures}
    assert named <= known | unseen


def test_a_fault_is_read_with_its_place(pilot: Plant) -> None:
    fault = parse_fault("F12:nozzle=3", pilot)
    assert (fault.id, fault.equipment, fault.position) == ("F12", "l1-filler-01", 3)
    assert (fault.after_ms, fault.until_ms, fault.size) == (0, None, 1.0)


def test_a_fault_may_come_later_and_at_another_machine(small: Plant) -> None:
    fault = parse_fault("F12:equipment=l2-filler-02,nozzle=4@+1h30m", small)
    assert (fault.equipment, fault.position, fault.after_ms) == ("l2-filler-02", 4, 5_400_000)
    assert fault.on_ms is None
    assert fault.started(1_000_000).on_ms == 6_400_000
    assert fault.started(1_000_000).off_ms is None


@pytest.mark.parametrize(
    ("times", "on_h", "off_h"),
    [
        ("@+2h", 2, None),
        ("@+1h..+2h30m", 1, 2.5),
        ("@..+2h", 0, 2),
        ("@-3d", -72, None),
        ("@-3d..-1d", -72, -24),
    ],
)
def test_a_fault_comes_and_goes_at_its_times(
    pilot: Plant, times: str, on_h: float, off_h: float | None
) -> None:
    for text in (f"F01{times}:lane=3", f"F01:lane=3{times}"):
        fault = parse_fault(text, pilot).started(100 * HOUR_MS)
        assert fault.position == 3
        assert fault.on_ms == (100 + on_h) * HOUR_MS
        assert fault.off_ms == (None if off_h is None else (100 + off_h) * HOUR_MS)


def test_a_fault_that_passes_by_itself_lasts_as_long_as_the_catalogue_says(pilot: Plant) -> None:
    assert parse_fault("F10", pilot).started(0).off_ms == 40 * 60_000
    assert parse_fault("F10@+1h..+3h", pilot).started(0).off_ms == 3 * HOUR_MS


def test_a_machine_may_be_given_by_its_number(pilot: Plant, reference: Plant) -> None:
    assert parse_fault("F07:winder=17", reference).equipment == "l1-winder-17"
    assert parse_fault("F16:tray=2,pin=37", pilot).equipment == "l1-tray-002"
    tower = parse_fault("F15:tower=6", pilot)
    assert [m.name for m in tower.machines] == ["l1-tray-121", "l1-tray-122", "l1-tray-123"]
    assert parse_fault("F04:kind=tight,size=0.5", pilot).size == 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F99:nozzle=3", "'F99' is not known; there is F01, F02, .*, F20"),
        ("F12", "F12 takes nozzle=<number> .*; nozzle is needed"),
        ("F12:lane=3", "F12 takes nozzle=<number>"),
        ("F12:nozzle", "'nozzle' must look like nozzle=3"),
        ("F12:nozzle=0", "there is no nozzle '0'; station 'filling' has 1 to 8"),
        ("F12:nozzle=9", "there is no nozzle '9'; station 'filling' has 1 to 8"),
        ("F12:nozzle=three", "there is no nozzle 'three'"),
        ("F12:nozzle=3,equipment=l1-winder-01", "is no machine of F12 at station 'filling'"),
        ("F12:nozzle=3,size=0", "size '0' must be a factor above 0"),
        ("F12:nozzle=3@10m", "must look like F12:nozzle=3, "),
        ("F12:nozzle=3@+soon", "'soon' is no duration; write 3d"),
        ("F12:nozzle=3@", "must look like F12:nozzle=3, "),
        ("F12:nozzle=3@+1h@+2h", "must look like F12:nozzle=3, "),
        ("F12:nozzle=3@+2h..+1h", "goes off before it comes on"),
        ("", "must look like F12:nozzle=3"),
        ("F12:nozzle=3,kind=x", "has only one: leave kind away"),
        ("F04:kind=x", "F04 has no kind 'x'; there is loose, tight, runout"),
        ("F07:winder=2", "there is no winder '2'; line 'l1' has 1 to 1"),
        ("F15:tower=2,equipment=l1-tray-001", "'l1-tray-001' is not tower 2"),
        ("F19", "F19 needs equipment=<name>, any machine from l1-mixer-c-01"),
        ("F19:kind=reset,equipment=l1-filler-01", "l1-filler-01 has no counter"),
        ("F19:kind=stuck,equipment=l1-filler-01,signal=x", "no signal 'x'; there is vacuum, "),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_there_is(
    pilot: Plant, text: str, expected: str
) -> None:
    with pytest.raises(FaultError, match=expected):
        parse_fault(text, pilot)


def test_a_fault_needs_a_plant_that_shows_it(small: Plant) -> None:
    document = small.model_dump()
    del document["stations"]["filling"]["results"]["fill_mass"]
    with pytest.raises(FaultError, match="no signal or result 'fill_mass' at station 'filling'"):
        parse_fault("F12:nozzle=3", Plant.model_validate(document))
    with pytest.raises(FaultError, match="has no station 'welding'"):
        parse_fault("F09", small)
