"""Metres: what the web was when it passed, read back for the cells that were wound of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from models.cells.cells import Cells
from models.cells.forecast import Forecaster
from models.cells.forecast_fit import fit
from models.cells.metres import Gauge, about, contradicted, own, witness, witnesses
from models.cells.metres_read import MetresReader
from models.cells.standard import Standard, standards
from models.cells.verdict import ReasonKind
from plant.frames import Frame, block
from plant.model import Plant
from plant.tables import GENEALOGY_TABLE, MOUNT_TABLE, Kind, Table
from plant.times import to_us
from storage.connect import connect
from tests.models.cells.made import made_cells
from tests.models.cells.test_cells_forecast import tied, unformed
from tests.models.conftest import write_batch

HOUR_US = 3_600_000_000
ROLL, STRIP, LANE, CELL_M = "l1-c-roll-000001", "l1-c-roll-000001-3", 3, 0.79
CELLS = 300
COATED_US = to_us(datetime(2026, 11, 1, 3, tzinfo=UTC))
CALENDERED_US, SLIT_US = COATED_US + 12 * HOUR_US, COATED_US + 20 * HOUR_US
DRIED_US, WOUND_US = COATED_US + 40 * HOUR_US, COATED_US + 48 * HOUR_US


def rows(table: Table, columns: Mapping[str, Any]) -> Frame:
    values = [np.asarray(v) if k == "time" else v for k, v in columns.items()]
    return block(table, tuple(columns), tuple(values))


def history(plant: Plant) -> list[Frame]:
    """A strip's way: its loading rises with the metres, its thickness falls."""
    seconds = np.arange(600)
    loading = np.full((600, 8), 20.0)
    loading[:, LANE - 1] = 24.0 + seconds / 1000
    cell_at = WOUND_US + np.arange(CELLS) * 2_740_000
    names = [f"M{n:05}" for n in range(CELLS)]
    from_m = np.arange(CELLS) * CELL_M
    dried = DRIED_US - np.arange(8) * HOUR_US
    return [
        rows(GENEALOGY_TABLE, {
            "time": [COATED_US, SLIT_US], "equipment": ["l1-coater-c-01", "l1-slitter-c-01"],
            "child": [ROLL, STRIP], "parent": ["slurry", ROLL],
            "from_m": np.array([np.nan, 0.0]), "to_m": np.array([np.nan, 3000.0]),
        }),
        rows(GENEALOGY_TABLE, {
            "time": cell_at, "equipment": ["l1-winder-01"] * CELLS, "child": names,
            "parent": [STRIP] * CELLS, "from_m": from_m, "to_m": from_m + CELL_M,
        }),
        rows(MOUNT_TABLE, {
            "time": [CALENDERED_US, DRIED_US - 7 * HOUR_US, DRIED_US],
            "equipment": ["l1-calender-c-01", "l1-dryer-c-01", "l1-dryer-c-01"],
            "slot": ["unwinder", "place 1", "place 1"], "thing": [ROLL, STRIP, STRIP],
            "action": ["mount", "mount", "unmount"],
        }),
        rows(plant.tables[Kind.TELEMETRY, "coating"], {
            "time": COATED_US + seconds * 1_000_000, "equipment": ["l1-coater-c-01"] * 600,
            "loading_a": loading, "loading_b": loading + 1.0,
        }),
        rows(plant.tables[Kind.TELEMETRY, "calendering"], {
            "time": CALENDERED_US + seconds * 1_000_000, "equipment": ["l1-calender-c-01"] * 600,
            "thickness": 76.0 - seconds / 1000,
        }),
        rows(plant.tables[Kind.TELEMETRY, "vacuum_drying"], {
            "time": dried, "equipment": ["l1-dryer-c-01"] * 8, "pressure": np.arange(8) / 10,
        }),
        rows(plant.tables[Kind.CELL, "filling"], {
            "time": cell_at, "cell": names, "equipment": ["l1-filler-01"] * CELLS,
            "mass_before": 63.0 + np.arange(CELLS) / 1000,
        }),
    ]  # fmt: skip


def test_a_cell_has_what_its_metres_had_when_they_passed_each_machine(
    migrated_database: str, pilot: Plant
) -> None:
    quality = pilot.cell_quality
    assert quality is not None
    with connect(migrated_database, application="test") as connection:
        for frame in history(pilot):
            write_batch(connection, frame)
        asked = np.array([100, 204])
        cells = Cells(
            "l1", np.array(["M00100", "M00204", "unheard"], dtype=object),
            np.array(["vehicle"] * 3, dtype=object), {}, {},
            {"winding": np.append(WOUND_US + asked * 2_740_000, 0)},
        )  # fmt: skip
        found = MetresReader(pilot, connection, quality).added(cells)
    middle = (asked + 0.5) * CELL_M
    # Once a second is once a metre: the first cell has a reading of its own, the second has none.
    expected = [24.579, np.nan, np.nan]
    assert found.value(own("loading_c")) == pytest.approx(expected, nan_ok=True)
    seconds, from_m = np.arange(600), np.arange(CELLS) * CELL_M
    around = [24.5 + seconds[np.abs(seconds - m) < 100].mean() / 1000 for m in middle]
    assert found.value(about("loading_c"))[:2] == pytest.approx(around, abs=1e-6)
    assert found.value(about("thickness_c"))[:2] == pytest.approx(
        [100.5 - value for value in around], abs=1e-6
    )
    # Of a batch the last three hours, which the first four readings are in.
    assert found.value(about("vacuum_c"))[:2] == pytest.approx([0.15, 0.15])
    wound = [np.flatnonzero(np.abs(from_m - m) < 100) for m in middle]
    heard, count = found.value(witness("loading_c")), found.value(witnesses("loading_c"))
    assert count[:2].tolist() == [len(cells) for cells in wound]
    assert heard[:2] == pytest.approx([63.0 + cells.mean() / 1000 for cells in wound])
    for name in quality.metres:
        assert np.isnan(found.value(own(name))[2])
        if name.endswith("_a"):
            assert np.isnan(found.value(about(name))).all()


GAUGE = Gauge("loading_c", usual=24.66, limit=0.03, witness=63.6, spread=0.12, wander=0.01)


@pytest.mark.parametrize(
    ("reading", "heard", "count", "expected"),
    [
        (24.66, 63.6, 200, [False, False]),  # nothing is off
        (24.91, 63.6, 200, [True, True]),  # the gauge alone
        (24.91, 63.856, 200, [False, False]),  # gauge and cells: it is so
        (24.17, 63.1, 200, [False, False]),
        (24.91, 63.35, 200, [True, True]),  # the cells went the other way
        (24.91, 63.6, 3, [False, True]),  # who could tell has not been weighed yet
        (24.70, 63.6, 20, [False, True]),  # too little for so few to tell
    ],
)
def test_a_gauge_is_off_if_the_cells_of_its_metres_are_as_ever(
    reading: float, heard: float, count: int, expected: list[bool]
) -> None:
    found = contradicted(GAUGE, 1.026, *(np.array([x]) for x in (reading, heard, float(count))))
    assert [bool(mask[0]) for mask in found] == expected


@pytest.fixture(scope="module")
def standard(pilot: Plant) -> Standard:
    found = next(iter(standards(pilot).values()))
    assert found.quality.forecast is not None
    capacity = found.quality.forecast.model_copy(update={"targets": ("capacity",)})
    quality = found.quality.model_copy(update={"forecast": capacity})
    return replace(found, quality=quality)


def webbed(cells: Cells, *, gauge: float = 0.0, coating: float = 0.0) -> Cells:
    """Cells with a loading of their metres, by which their capacity and mass go.

    The *gauge* reads more than there is, the *coating* is thicker than usual, in mg/cm2.
    """
    rng = np.random.default_rng(len(cells))
    true = coating + 0.06 * rng.normal(size=len(cells))
    read = true + gauge + 0.07 * rng.normal(size=len(cells))
    mass = cells.value("filling.mass_before") + 1.026 * coating
    level = coating + 0.005 * rng.normal(size=len(cells))
    return replace(
        cells,
        values={
            **cells.values,
            "end_of_line.capacity": cells.value("end_of_line.capacity") + 0.19 * true,
            "filling.mass_before": mass,
            own("loading_c"): 24.66 + read,
            about("loading_c"): 24.66 + gauge + level,
            witness("loading_c"): 63.6 + 1.026 * level + 0.01 * rng.normal(size=len(cells)),
            witnesses("loading_c"): np.full(len(cells), 200.0),
            about("vacuum_c"): 0.5 + np.arange(len(cells)) // 1000 / 100,
        },
    )


@pytest.fixture(scope="module")
def forecaster(standard: Standard, pilot: Plant) -> Forecaster:
    return fit(standard, webbed(tied(made_cells(pilot, 4000, seed=14))))


def test_a_coating_that_is_too_light_is_held_and_a_gauge_that_is_off_holds_nobody(
    standard: Standard, pilot: Plant, forecaster: Forecaster
) -> None:
    cells = unformed(tied(made_cells(pilot, 300, seed=16)))
    assert not forecaster.reasons(standard, webbed(cells))
    light = forecaster.reasons(standard, webbed(cells, coating=-0.25))
    assert len(light) == len(cells)
    assert {r.kind for reasons in light.values() for r in reasons} == {ReasonKind.FORECAST}
    drifted = forecaster.reasons(standard, webbed(cells, gauge=0.25))
    assert len(drifted) == len(cells)
    (reason,) = {r._replace(value=0.0, text="") for reasons in drifted.values() for r in reasons}
    assert (reason.kind, reason.measure) == (ReasonKind.MEASUREMENT, about("loading_c"))
    assert reason.expected == pytest.approx(24.66, abs=0.001)


def test_of_a_few_batches_only_what_is_beyond_the_limits_of_the_plant_file_is_unheard_of(
    standard: Standard, pilot: Plant, forecaster: Forecaster
) -> None:
    cells = webbed(unformed(tied(made_cells(pilot, 300, seed=16))))
    batch = np.arange(len(cells)) // 100
    pressure = np.choose(batch, [0.5, 0.9, 8.0])
    cells = replace(cells, values={**cells.values, about("vacuum_c"): pressure})
    held = forecaster.reasons(standard, cells)
    assert set(held) == set(cells.cell[batch == 2])
    assert {r.measure for reasons in held.values() for r in reasons} == {about("vacuum_c")}


def test_metres_make_a_forecast_better_than_results_alone(
    standard: Standard, pilot: Plant, forecaster: Forecaster
) -> None:
    later = webbed(tied(made_cells(pilot, 2000, seed=17)))
    past = webbed(tied(made_cells(pilot, 4000, seed=14)))
    results = {name: v for name, v in past.values.items() if not name.startswith("metres.")}
    bare = fit(standard, replace(past, values=results))
    actual = later.value("end_of_line.capacity")

    def error(model: Forecaster) -> float:
        (stage, _) = model.stages
        found = stage.targets["capacity"].predict(stage.rows(later))
        return float(np.abs(found.value - actual).mean())

    assert error(forecaster) < 0.9 * error(bare)
