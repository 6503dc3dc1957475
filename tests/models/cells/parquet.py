"""Cells out of the Parquet files that `jellyroll simulate --out` writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from models.cells.cells import NOWHERE, POSITIONS, Cells, Floats
from models.cells.review import results_read
from models.cells.standard import standards
from models.cells.training import forecast_features
from plant.model import Plant


def read_cells(folder: Path, plant: Plant, line: str = "l1") -> Cells:
    """Return all cells of *line* that left a tray, with all that judging and forecasting reads."""
    standard = next(iter(standards(plant).values()))
    wanted = sorted({*results_read(standard.quality), *forecast_features(standard)})
    machine = {name: number for number, name in enumerate(plant.equipment)}
    base = _table(folder, standard.quality.tray, ["cell"])
    cell = np.array(sorted(set(base["cell"].to_pylist())), dtype=object)
    values: dict[str, Floats] = {}
    places, times = {}, {}
    for station in standard.with_results:
        names = [full.partition(".")[2] for full in wanted if full.startswith(f"{station}.")]
        table = _table(folder, station, ["time", "cell", "equipment", "position", *names])
        row = np.searchsorted(cell.astype(str), table["cell"].to_numpy().astype(str))
        row = np.minimum(row, len(cell) - 1)
        known = cell[row] == table["cell"].to_numpy()
        own = [machine[name] for name in table["equipment"].to_pylist()]
        position = np.nan_to_num(table["position"].to_numpy().astype(np.float64))
        place = np.array(own, dtype=np.int64) * POSITIONS + position.astype(np.int64)
        places[station] = np.full(len(cell), NOWHERE, dtype=np.int64)
        places[station][row[known]] = place[known]
        times[station] = np.zeros(len(cell), dtype=np.int64)
        times[station][row[known]] = table["time"].cast(pa.int64()).to_numpy()[known]
        for name in names:
            column = np.full(len(cell), np.nan)
            column[row[known]] = table[name].to_numpy()[known]
            values[f"{station}.{name}"] = column
    recipe = np.full(len(cell), next(iter(plant.recipes), ""), dtype=object)
    return Cells(line, cell, recipe, values, places, times)


def _table(folder: Path, station: str, columns: Sequence[str]) -> pa.Table:
    return ds.dataset(folder / f"cell.{station}", format="parquet").to_table(list(columns))
