from __future__ import annotations

import pytest

from plant.model import Plant
from simulator.faults import Fault, FaultError, parse_fault


def test_a_fault_is_read_with_its_size_from_the_catalogue(pilot: Plant) -> None:
    assert parse_fault("F12:nozzle=3", pilot) == Fault(
        "F12", "filling", "fill_mass", "l1-filler-01", 3, -0.06
    )


def test_a_fault_may_come_later_and_at_another_machine(small: Plant) -> None:
    fault = parse_fault("F12:equipment=l2-filler-02,nozzle=4@+1h30m", small)
    assert (fault.equipment, fault.position, fault.after_ms) == ("l2-filler-02", 4, 5_400_000)
    assert fault.on_ms is None
    assert fault.started(1_000_000).on_ms == 6_400_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F99:nozzle=3", "'F99' is not known; there is F12"),
        ("F12", "F12 takes nozzle=<number>"),
        ("F12:lane=3", "F12 takes nozzle=<number>"),
        ("F12:nozzle", "'nozzle' must look like nozzle=3"),
        ("F12:nozzle=0", "there is no nozzle '0'; station 'filling' has 1 to 8"),
        ("F12:nozzle=9", "there is no nozzle '9'; station 'filling' has 1 to 8"),
        ("F12:nozzle=three", "there is no nozzle 'three'"),
        ("F12:nozzle=3,equipment=l1-winder-01", "is no machine of station 'filling'"),
        ("F12:nozzle=3@10m", "must look like F12:nozzle=3 or F12:nozzle=3@"),
        ("F12:nozzle=3@+soon", "'soon' is no duration; write 3d"),
        ("", "must look like F12:nozzle=3"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_there_is(
    pilot: Plant, text: str, expected: str
) -> None:
    with pytest.raises(FaultError, match=expected):
        parse_fault(text, pilot)


def test_a_fault_needs_a_plant_that_has_its_result(small: Plant) -> None:
    document = small.model_dump()
    del document["stations"]["filling"]
    with pytest.raises(FaultError, match="no result 'fill_mass' at station 'filling'"):
        parse_fault("F12:nozzle=3", Plant.model_validate(document))
