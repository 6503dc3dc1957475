"""The figures of docs/cells.md, from folders that `jellyroll simulate --out --truth` wrote.

    python -m tests.models.cells.figures CLEAN FAULTY...

CLEAN is what the reference is learnt from; the truth of FAULTY is beside it: FAULTY.parquet. Runs
of 14 days: `--history 14d --history-period 1d`, a fault from `@-14d` on.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from models.cells.cells import Cells
from models.cells.judge import Judge
from models.cells.screening import learn_recipe
from models.cells.standard import standards
from models.cells.verdict import Disposition
from plant.load import PILOT, load_plant
from plant.model import Plant
from tests.models.cells.parquet import read_cells

_HELD = {Disposition.HOLD, Disposition.SCRAP}


def finished(folder: Path, plant: Plant) -> Cells:
    cells = read_cells(folder, plant)
    return cells.of(np.isfinite(cells.value("end_of_line.capacity")))


def main(clean: Path, faulty: list[Path]) -> None:
    plant = load_plant(PILOT)
    by_recipe = standards(plant)
    recipe, standard = next(iter(by_recipe.items()))
    reference = learn_recipe(standard, finished(clean, plant), tied=True)
    assert reference is not None
    judge = Judge(by_recipe, {recipe: reference}, tuple(plant.equipment))
    for folder in [clean, *faulty]:
        truth = folder.with_suffix(".parquet")
        named = pq.read_table(truth)["cell"].to_pylist() if truth.exists() else []
        touched = {cell for cell in named if cell}
        cells = finished(folder, plant)
        verdicts = judge.judge(cells, {}, np.ones(len(cells), dtype=bool))
        bad = [verdict for verdict in verdicts if verdict.cell in touched]
        good = [verdict for verdict in verdicts if verdict.cell not in touched]
        held = sum(verdict.disposition is Disposition.HOLD for verdict in good)
        print(
            folder.name, len(verdicts), "cells,", len(bad), "touched,",
            sum(verdict.disposition in _HELD for verdict in bad), "held or scrapped,",
            dict(Counter(verdict.fault_class.value for verdict in bad)),
            f"good held {1e6 * held / max(1, len(good)):.0f} ppm",
        )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
