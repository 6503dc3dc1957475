"""Scrap: which station and cause, how much material of which value, and what went to recycling."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from genealogy.sql import statement
from genealogy.us.material import Cost, Lot, RollLot, StripUse, Use, bill, coated
from genealogy.us.report import lots_of
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection


class Cause(NamedTuple):
    """Where cells failed, by which result: the first that was outside its limits."""

    station: str
    result: str


class _Failed(NamedTuple):
    cell: str
    cause: Cause
    product: str
    is_recycled: bool


@dataclass(frozen=True, slots=True)
class ScrapByCause:
    """Cells that failed for one cause, what their material cost, how many were recycled."""

    station: str
    result: str
    cells: int
    recycled: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class ScrapByMaterial:
    """A material in failed cells, in *unit*, its value, and how much of it went to recycling.

    The cost of lots that the ledger does not know is not in *cost_usd*.
    """

    material: str
    unit: str
    amount: float
    recycled: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Scrap:
    """What failed in a piece of time."""

    since: datetime
    until: datetime
    causes: tuple[ScrapByCause, ...]
    materials: tuple[ScrapByMaterial, ...]


def scrap(connection: Connection, plant: Plant, since: datetime, until: datetime) -> Scrap:
    """Return what failed from *since* to before *until*; a cell counts where it failed first."""
    failed = list(_failed(connection, plant, since, until))
    lots = lots_of(connection)
    uses = list(_uses(connection, plant, failed))
    costs = bill(uses, lots)
    by_cause: defaultdict[Cause, list[_Failed]] = defaultdict(list)
    for cell in failed:
        by_cause[cell.cause].append(cell)
    cause_usd: defaultdict[Cause, float] = defaultdict(float)
    for key, cost in costs.by_key.items():
        cause_usd[Cause(str(key[0]), str(key[1]))] += cost.usd
    return Scrap(
        since,
        until,
        tuple(
            ScrapByCause(
                *cause, len(cells), sum(cell.is_recycled for cell in cells), cause_usd[cause]
            )
            for cause, cells in sorted(by_cause.items(), key=lambda item: -len(item[1]))
        ),
        tuple(_by_material(uses, lots, costs.by_material)),
    )


def _failed(
    connection: Connection, plant: Plant, since: datetime, until: datetime
) -> Iterator[_Failed]:
    """Yield each cell that failed, at its first failure."""
    seen: set[str] = set()
    rows: list[tuple[str, str, str, str]] = []
    plants = {name: plant.for_recipe(name) for name in plant.recipes}
    for (kind, station), table in plant.tables.items():
        if kind is not Kind.CELL:
            continue
        names = list(plant.stations[station].results)
        query = statement("us_failed").format(
            results=sql.SQL(", ").join(map(sql.Identifier, names)),
            table=sql.Identifier(table.schema, table.name),
        )
        for cell, machine, _, recipe, *values in connection.execute(
            query, {"since": since, "until": until}
        ):
            if cell not in seen:
                seen.add(cell)
                own = plants.get(recipe, plant)
                product = recipe or next(iter(plant.recipes), "")
                rows.append((cell, station, _cause(own, machine, names, values), product))
    recycled = {
        cell for (cell,) in connection.execute(statement("us_recycled"), {"cells": sorted(seen)})
    }
    for cell, station, result, product in rows:
        yield _Failed(cell, Cause(station, result), product, cell in recycled)


def _cause(plant: Plant, machine: str, names: Sequence[str], values: Sequence[float | None]) -> str:
    for name, value in zip(names, values, strict=True):
        signal = plant.signal(machine, name)
        if value is None:
            continue
        if (signal.low is not None and value < signal.low) or (
            signal.high is not None and value > signal.high
        ):
            return name
    return "said by the machine"


def _uses(connection: Connection, plant: Plant, failed: Sequence[_Failed]) -> Iterator[Use]:
    """Yield the material of the cells, grouped by cause and whether they were recycled."""
    group = {cell.cell: (*cell.cause, cell.is_recycled) for cell in failed}
    cells = {"cells": sorted(group)}
    strips = [
        StripUse(group[cell], strip, metres)
        for cell, strip, metres in connection.execute(statement("us_scrap_strips"), cells)
    ]
    named = {"strips": sorted({use.strip for use in strips})}
    slit = connection.execute(statement("us_strip_rolls"), named)
    roll_of: dict[str, str] = dict(slit.fetchall())
    rolls = [RollLot(*row) for row in connection.execute(statement("us_rolls"), named)]
    yield from coated(strips, roll_of, rolls)
    of_product: defaultdict[str, list[str]] = defaultdict(list)
    for cell in failed:
        of_product[cell.product].append(cell.cell)
    for product, theirs in of_product.items():
        recipe = plant.recipes.get(product)
        for slot, part in (recipe.parts if recipe else {}).items():
            query = statement("us_scrap_parts").format(station=sql.Identifier("cell", part.station))
            for cell, lot in connection.execute(query, {"slot": slot, "cells": theirs}):
                yield Use(group[cell], lot or "", part.amount, part.unit)


def _by_material(
    uses: Sequence[Use], lots: Mapping[str, Lot], costs: Mapping[str, Cost]
) -> Iterator[ScrapByMaterial]:
    amounts: defaultdict[tuple[str, str], float] = defaultdict(float)
    recycled: defaultdict[tuple[str, str], float] = defaultdict(float)
    for use in uses:
        lot = lots.get(use.lot)
        key = (lot.material if lot else "of lots that the ledger does not know", use.unit)
        amounts[key] += use.amount
        if use.key[2]:
            recycled[key] += use.amount
    for material, unit in sorted(amounts):
        key = (material, unit)
        usd = costs[material].usd if material in costs else 0.0
        yield ScrapByMaterial(material, unit, amounts[key], recycled[key], usd)
