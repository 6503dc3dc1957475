"""What material is in the cells at hand: of the web by their metres, of parts by their stations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg import sql

from genealogy.sql import statement
from genealogy.us.material import K, Key, RollFoil, RollLot, StripUse, Use, of_web
from plant.model import Plant
from storage.connect import Connection


def of_strips(
    connection: Connection, plant: Plant, product: str, strips: Sequence[StripUse[K]]
) -> list[Use[K]]:
    """Return the coated lots and the foils in *strips* of *product*, in kg."""
    named = {"strips": sorted({use.strip for use in strips})}
    roll_of: dict[str, str] = dict(
        connection.execute(statement("us_strip_rolls"), named).fetchall()
    )
    coatings = [RollLot(*row) for row in connection.execute(statement("us_rolls"), named)]
    rolls = sorted(set(roll_of.values()))
    recipe = plant.recipes.get(product)
    foils = [
        RollFoil(roll, lot or "", foil.kg_per_m)
        for slot, foil in (recipe.foils if recipe else {}).items()
        for roll, lot in connection.execute(
            statement("us_foils"), {"rolls": rolls, "slot": slot, "group": foil.equipment}
        )
    ]
    return of_web(strips, roll_of, coatings, foils)


def of_parts(connection: Connection, plant: Plant) -> Iterator[Use[Key]]:
    """Yield the bought parts in the cells of the temporary table `us_cell`, by month of sale."""
    for product, recipe in plant.recipes.items():
        for slot, part in recipe.parts.items():
            query = statement("us_mounted").format(station=sql.Identifier("cell", part.station))
            rows = connection.execute(query, {"slot": slot, "product": product})
            for month, lot, cells in rows:
                mass = None if part.kg is None else cells * part.kg
                yield Use(Key(product, month), lot or "", cells * part.amount, part.unit, mass)
