"""Cells made to measure: healthy by the plant file's figures, in the order of a line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.cells.cells import POSITIONS, Cells, Floats, Ints
from models.cells.review import results_read
from models.cells.standard import standards
from models.cells.training import forecast_features
from plant.frames import Frame, block
from plant.model import Plant
from plant.tables import Kind

START_US = 1_795_000_000_000_000


def made_cells(plant: Plant, count: int, seed: int = 1) -> Cells:
    """Return *count* finished cells of line l1, wound one after another."""
    standard = next(iter(standards(plant).values()))
    rng = np.random.default_rng(seed)
    number = np.arange(count, dtype=np.int64)
    wanted = {*results_read(standard.quality), *forecast_features(standard)}
    values: dict[str, Floats] = {}
    places: dict[str, Ints] = {}
    times: dict[str, Ints] = {}
    for station in standard.with_results:
        machines = [n for n, m in enumerate(plant.equipment.values()) if m.station == station]
        positions = plant.stations[station].positions
        each = positions.count if positions else 1
        machine = np.array(machines)[number // each % len(machines)]
        position = number % each + 1 if positions else np.zeros(count, dtype=np.int64)
        places[station] = machine.astype(np.int64) * POSITIONS + position
        delay_us = round(plant.stations[station].delay_s * 1e6)
        wound_us = (number / plant.production.cells_per_second * 1e6).astype(np.int64)
        times[station] = START_US + delay_us + wound_us
        for name in sorted(wanted):
            if name.startswith(f"{station}."):
                signal = standard.signal(name)
                values[name] = signal.nominal + signal.sd * rng.normal(size=count)
    values["end_of_line.k_value"] = rng.normal(0.05, 0.03, count)
    days = values["ageing.ocv_hours"] / 24
    values["ageing.ocv2"] = values["ageing.ocv1"] - values["end_of_line.k_value"] / 1000 * days
    for reading, temperature in (("ocv1", "temperature1"), ("ocv2", "temperature")):
        values[f"ageing.{reading}"] -= 0.0002 * (values[f"ageing.{temperature}"] - 25)
    warmer = values["end_of_line.temperature"] - 25
    values["end_of_line.acir"] -= 0.11 * warmer
    values["end_of_line.dcir"] -= 0.36 * warmer
    cell = np.array([f"C{n:07}" for n in number], dtype=object)
    recipe = np.full(count, next(iter(plant.recipes), ""), dtype=object)
    return Cells("l1", cell, recipe, values, places, times)


def changed(cells: Cells, **results: Floats) -> Cells:
    """Return *cells* with other values of *results*, named `station__result`."""
    values = {name.replace("__", "."): value for name, value in results.items()}
    return replace(cells, values={**cells.values, **values})


def rows(cells: Cells, station: str, machine: int | None = None, position: int = 0) -> Ints:
    """Return the cells that were at *position* of the *machine*-th machine of *station*."""
    place = cells.place(station)
    own = place % POSITIONS == position if position else np.ones(len(cells), dtype=bool)
    if machine is not None:
        own &= place // POSITIONS == np.unique(place // POSITIONS)[machine]
    return np.flatnonzero(own)


def frame(plant: Plant, cells: Cells, station: str) -> Frame:
    """Return the rows that *station* writes of *cells*."""
    machines = list(plant.equipment)
    place = cells.place(station)
    names = [full for full in cells.values if full.startswith(f"{station}.")]
    columns = ("time", "cell", "equipment", "position", *(n.partition(".")[2] for n in names))
    return block(
        plant.tables[Kind.CELL, station],
        columns,
        (
            cells.times_us[station],
            cells.cell.tolist(),
            [machines[machine] for machine in place // POSITIONS],
            (place % POSITIONS).astype(np.float64),
            *(cells.value(name) for name in names),
        ),
    )
