"""Scrap: which station and cause, how much material of which value, and what went to recycling."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from genealogy.sql import statement
from genealogy.us.material import Line, StripUse, Use, bill, costs_by
from genealogy.us.report import lots_of
from genealogy.us.uses import of_strips
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection


class Cause(NamedTuple):
    """Where cells of a product failed, by which result: the first that was outside its limits."""

    product: str
    station: str
    result: str


class _Group(NamedTuple):
    cause: Cause
    is_recycled: bool


@dataclass(frozen=True, slots=True)
class ScrapByCause:
    """Cells that failed for one cause, what their material cost, how many were recycled."""

    product: str
    station: str
    result: str
    cells: int
    recycled: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class ScrapByMaterial:
    """A material in the cells that failed for one cause, and how much of it went to recycling.

    Amounts are in *unit*. *kg* is None where the plant file does not say what a unit weighs. The
    cost of lots that the ledger does not know is not in *cost_usd*.
    """

    product: str
    station: str
    result: str
    material: str
    unit: str
    amount: float
    recycled: float
    kg: float | None
    recycled_kg: float | None
    cost_usd: float
    recycled_usd: float


@dataclass(frozen=True, slots=True)
class Scrap:
    """What failed in a piece of time."""

    since: datetime
    until: datetime
    causes: tuple[ScrapByCause, ...]
    materials: tuple[ScrapByMaterial, ...]


def scrap(connection: Connection, plant: Plant, since: datetime, until: datetime) -> Scrap:
    """Return what failed from *since* to before *until*; a cell counts where it failed first."""
    group_of = _failed(connection, plant, since, until)
    lines = bill(_uses(connection, plant, group_of), lots_of(connection))
    costs = costs_by(lines, lambda line: line.key.cause)
    cells = Counter(group.cause for group in group_of.values())
    recycled = Counter(group.cause for group in group_of.values() if group.is_recycled)
    return Scrap(
        since,
        until,
        tuple(
            ScrapByCause(*cause, count, recycled[cause], costs[cause].usd if cause in costs else 0)
            for cause, count in cells.most_common()
        ),
        tuple(_by_material(lines)),
    )


def _failed(
    connection: Connection, plant: Plant, since: datetime, until: datetime
) -> dict[str, _Group]:
    """Return each cell that failed, with the cause of its first failure."""
    causes: dict[str, Cause] = {}
    plants = {name: plant.for_recipe(name) for name in plant.recipes}
    first = next(iter(plant.recipes), "")
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
            if cell not in causes:
                own = plants.get(recipe, plant)
                result = _cause(own, machine, names, values)
                causes[cell] = Cause(recipe or first, station, result)
    recycled = {
        cell for (cell,) in connection.execute(statement("us_recycled"), {"cells": sorted(causes)})
    }
    return {cell: _Group(cause, cell in recycled) for cell, cause in causes.items()}


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


def _uses(
    connection: Connection, plant: Plant, group_of: Mapping[str, _Group]
) -> Iterator[Use[_Group]]:
    """Yield the material of the cells, by cause and whether they were recycled."""
    of_product: defaultdict[str, list[str]] = defaultdict(list)
    for cell, group in group_of.items():
        of_product[group.cause.product].append(cell)
    for product, cells in of_product.items():
        theirs = {"cells": sorted(cells)}
        strips = [
            StripUse(group_of[cell], strip, metres)
            for cell, strip, metres in connection.execute(statement("us_scrap_strips"), theirs)
        ]
        yield from of_strips(connection, plant, product, strips)
        recipe = plant.recipes.get(product)
        for slot, part in (recipe.parts if recipe else {}).items():
            query = statement("us_scrap_parts").format(station=sql.Identifier("cell", part.station))
            for cell, lot in connection.execute(query, {"slot": slot, **theirs}):
                yield Use(group_of[cell], lot or "", part.amount, part.unit, part.kg)


class _Sum:
    """Sums over the lines of one cause and material."""

    def __init__(self) -> None:
        self.amount = self.recycled = self.cost_usd = self.recycled_usd = 0.0
        self.kg: float | None = 0.0
        self.recycled_kg: float | None = 0.0

    def add(self, line: Line[_Group]) -> None:
        is_recycled = line.key.is_recycled
        usd = line.cost.usd if line.cost else 0.0
        self.amount += line.amount
        self.recycled += line.amount * is_recycled
        self.cost_usd += usd
        self.recycled_usd += usd * is_recycled
        if self.kg is None or self.recycled_kg is None or line.kg is None:
            self.kg = self.recycled_kg = None
        else:
            self.kg += line.kg
            self.recycled_kg += line.kg * is_recycled


def _by_material(lines: Iterable[Line[_Group]]) -> Iterator[ScrapByMaterial]:
    sums: defaultdict[tuple[Cause, str, str], _Sum] = defaultdict(_Sum)
    for line in lines:
        sums[line.key.cause, line.material, line.unit].add(line)
    for (cause, material, unit), s in sorted(sums.items(), key=lambda item: item[0]):
        yield ScrapByMaterial(
            *cause, material, unit, s.amount, s.recycled, s.kg, s.recycled_kg, s.cost_usd,
            s.recycled_usd,
        )  # fmt: skip
