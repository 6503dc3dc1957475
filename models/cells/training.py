"""Training: the cells of a time, what is usual among them, and the forecasts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from models.cells.cells import Cells, joined
from models.cells.forecast import Forecaster
from models.cells.forecast_fit import fit
from models.cells.metres_read import MetresReader
from models.cells.model import CellModel
from models.cells.read import CellReader
from models.cells.reference import Reference
from models.cells.review import results_read
from models.cells.screening import learn_recipe
from models.cells.standard import CellsError, Standard, standards
from plant.model import Plant
from storage.connect import Connection

#: Of a longer time so many cells are taken, in so many pieces: a piece of a line is some trays.
MOST_CELLS, _SLICES = 300_000, 40


def read_finished(
    plant: Plant, connection: Connection, first: dt.datetime, last: dt.datetime
) -> dict[str, Cells]:
    """Return by recipe the cells that left their trays from *first* to *last*, of all lines."""
    by_recipe = standards(plant)
    standard = next(iter(by_recipe.values()))
    reader = CellReader(plant, connection, standard)
    metres = MetresReader(plant, connection, standard.quality)
    wanted = sorted({*results_read(standard.quality), *forecast_features(standard)})
    found: Cells | None = None
    for line in plant.production.lines:
        seen = reader.seen(line, (first, last))
        for span in _slices(plant, *seen) if seen else ():
            cells = reader.trays(line, span, wanted)
            if cells is not None:
                cells = metres.added(cells)
                found = cells if found is None else joined(found, cells)
    if found is None:
        raise CellsError(
            f"no cell left its tray from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"
        )
    return {r: found.of(found.recipe == r) for r in by_recipe if (found.recipe == r).any()}


def _slices(
    plant: Plant, first: dt.datetime, last: dt.datetime
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield the whole time where it has no more than `MOST_CELLS`, else pieces evenly over it."""
    production = plant.production
    cells = production.cells_per_second * len(production.lines) * (last - first).total_seconds()
    if cells <= MOST_CELLS:
        yield first, last
        return
    step = (last - first) / _SLICES
    for number in range(_SLICES):
        begin = first + number * step
        yield begin, begin + step * (MOST_CELLS / cells)


def forecast_features(standard: Standard) -> list[str]:
    """Return the results of all stations up to the tray, `station.result`."""
    stations = (*standard.upstream, standard.quality.tray)
    return [f"{name}.{result}" for name in stations for result in standard.stations[name].results]


def fit_recipes(plant: Plant, finished: Mapping[str, Cells]) -> CellModel:
    """Return what is usual and what will be, of each recipe that has cells enough.

    Raise `CellsError` if none has.
    """
    references: dict[str, Reference] = {}
    forecasters: dict[str, Forecaster] = {}
    problem: CellsError | None = None
    for recipe, standard in standards(plant).items():
        if recipe not in finished:
            continue
        reference = learn_recipe(standard, finished[recipe], tied=True)
        if reference is not None:
            references[recipe] = reference
        try:
            forecasters[recipe] = fit(standard, finished[recipe])
        except CellsError as error:
            problem = error
    if problem and not forecasters:
        raise problem
    return CellModel(references, forecasters)
