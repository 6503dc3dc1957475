"""Forecasts: intervals hold what they say, strange cells are held, the file is read safely."""

from __future__ import annotations

import dataclasses
import hashlib
import io

import numpy as np
import orjson
import pytest

from models.cells.cells import NOWHERE, Cells
from models.cells.forecast import Forecaster
from models.cells.forecast_fit import check, fit
from models.cells.model import CellModel, dump, load
from models.cells.screening import learn_recipe
from models.cells.standard import CellsError, Standard, standards
from plant.model import Plant
from tests.models.cells.made import changed, made_cells


@pytest.fixture(scope="module")
def standard(pilot: Plant) -> Standard:
    return next(iter(standards(pilot).values()))


def tied(cells: Cells) -> Cells:
    """Cells whose capacity hangs on the mass before filling, their DCIR on the dose."""
    mass = (cells.value("filling.mass_before") - 63.6) / 0.12
    dose = (cells.value("filling.fill_mass") - 6.4) / 0.025
    capacity = cells.value("end_of_line.capacity")
    return changed(
        cells,
        end_of_line__capacity=4.8 + 0.010 * mass + 0.5 * (capacity - 4.8),
        end_of_line__dcir=cells.value("end_of_line.dcir") - 0.4 * dose,
    )


@pytest.fixture(scope="module")
def past(pilot: Plant) -> Cells:
    return tied(made_cells(pilot, 4000, seed=4))


@pytest.fixture(scope="module")
def forecaster(standard: Standard, past: Cells) -> Forecaster:
    return fit(standard, past)


def unformed(cells: Cells) -> Cells:
    """The same cells before they came to formation."""
    later = ("formation.", "ageing.", "end_of_line.")
    return Cells(
        cells.line, cells.cell, cells.recipe,
        {n: np.full(len(cells), np.nan) if n.startswith(later) else v
         for n, v in cells.values.items()},
        {s: np.full(len(cells), NOWHERE) if f"{s}." in later else p
         for s, p in cells.places.items()},
        cells.times_us,
    )  # fmt: skip


def test_intervals_hold_nine_of_ten_later_cells_and_are_narrower_for_what_is_known(
    standard: Standard, past: Cells
) -> None:
    quality = standard.quality
    assert quality.forecast is not None
    few = quality.forecast.model_copy(update={"targets": ("capacity", "k_value")})
    quality = quality.model_copy(update={"forecast": few})
    checks = list(check(dataclasses.replace(standard, quality=quality), past))
    for found in checks:
        assert 0.83 < found.coverage < 0.96, found
    assert 0.88 < np.mean([found.coverage for found in checks]) < 0.92
    errors = [f.error / f.error_of_median for f in checks if f.target == "capacity"]
    assert max(errors) < 0.7
    nothing_known = [f.error / f.error_of_median for f in checks if f.target == "k_value"]
    assert min(nothing_known) > 0.9


def test_of_good_cells_before_formation_no_more_are_held_than_the_budget_allows(
    pilot: Plant, standard: Standard, forecaster: Forecaster
) -> None:
    later = unformed(tied(made_cells(pilot, 4000, seed=5)))
    assert len(forecaster.reasons(standard, later)) <= 3  # 0.4 is to be expected


def test_a_short_dose_is_held_before_formation_though_no_cell_was_ever_like_it(
    pilot: Plant, standard: Standard, forecaster: Forecaster
) -> None:
    cells = unformed(tied(made_cells(pilot, 300, seed=6)))
    fill = cells.value("filling.fill_mass").copy()
    fill[20] *= 0.94
    held = forecaster.reasons(standard, changed(cells, filling__fill_mass=fill))
    assert set(held) == {cells.cell[20]}
    assert {reason.measure for reason in held[cells.cell[20]]} == {"filling.fill_mass", "dcir"}


def test_who_has_come_to_the_end_of_the_line_is_not_asked_any_more(
    pilot: Plant, standard: Standard, forecaster: Forecaster
) -> None:
    cells = tied(made_cells(pilot, 300, seed=6))
    fill = np.full(300, 5.0)
    assert not forecaster.reasons(standard, changed(cells, filling__fill_mass=fill))


def test_too_few_cells_are_refused_with_how_many_are_needed(
    pilot: Plant, standard: Standard
) -> None:
    with pytest.raises(CellsError, match="300 cells have come to the end of the line, 2000"):
        fit(standard, made_cells(pilot, 300))


@pytest.fixture(scope="module")
def model(standard: Standard, past: Cells, forecaster: Forecaster) -> CellModel:
    reference = learn_recipe(standard, past, tied=True)
    assert reference is not None
    return CellModel({"vehicle": reference}, {"vehicle": forecaster})


def test_a_model_read_back_says_the_same_to_the_last_bit(model: CellModel, past: Cells) -> None:
    again = load(*dump(model))
    for one, other in zip(
        model.forecasters["vehicle"].stages, again.forecasters["vehicle"].stages, strict=True
    ):
        assert one.features == other.features
        rows = one.rows(past)
        np.testing.assert_array_equal(rows, other.rows(past))
        for target, known in one.targets.items():
            np.testing.assert_array_equal(known.predict(rows), other.targets[target].predict(rows))
            assert known.limit == other.targets[target].limit
    assert model.forecasters["vehicle"].stages[0].targets["k_value"].limit == np.inf
    kept, found = model.references["vehicle"], again.references["vehicle"]
    assert found.measures == kept.measures
    assert found.distance_limit == kept.distance_limit
    np.testing.assert_array_equal(found.precision, kept.precision)


def test_a_model_of_before_each_side_had_its_limit_has_the_one_on_both(model: CellModel) -> None:
    with np.load(io.BytesIO(dump(model)[0])) as file:
        arrays = {name: file[name] for name in file.files}
    limit = arrays.pop("vehicle/reference/high")
    del arrays["vehicle/reference/low"]
    document = orjson.loads(arrays["document"].tobytes()) | {"format": 2}
    arrays["document"] = np.frombuffer(orjson.dumps(document), dtype=np.uint8)
    old = io.BytesIO()
    np.savez(old, **arrays, **{"vehicle/reference/limit": limit})
    content = old.getvalue()
    found = load(content, hashlib.sha256(content).hexdigest()).references["vehicle"]
    np.testing.assert_array_equal(found.high, limit)
    np.testing.assert_array_equal(found.low, -limit)


def test_a_model_of_a_later_version_is_refused_with_what_to_do(model: CellModel) -> None:
    with np.load(io.BytesIO(dump(model)[0])) as file:
        arrays = {name: file[name] for name in file.files}
    document = orjson.loads(arrays["document"].tobytes()) | {"format": 4}
    arrays["document"] = np.frombuffer(orjson.dumps(document), dtype=np.uint8)
    later = io.BytesIO()
    np.savez(later, **arrays)
    content = later.getvalue()
    with pytest.raises(CellsError, match="has format 4, this version of Jellyroll reads 2 and 3"):
        load(content, hashlib.sha256(content).hexdigest())


def test_what_was_changed_is_no_model_or_would_run_is_refused(model: CellModel) -> None:
    content, digest = dump(model)
    with pytest.raises(CellsError, match="changed since"):
        load(content[:-1] + b"x", digest)
    for foreign in (b"nothing of ours", pickled()):
        with pytest.raises(CellsError, match="no model of cells"):
            load(foreign, hashlib.sha256(foreign).hexdigest())


def pickled() -> bytes:
    file = io.BytesIO()
    np.savez(file, document=np.array([{"format": 1}], dtype=object))
    return file.getvalue()
