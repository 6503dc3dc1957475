"""The report of a year: eligible energy, credit, what is excluded and why, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from psycopg import sql
from psycopg.rows import class_row

from genealogy.sql import statement
from genealogy.us.material import Bill, Cost, Key, Lot, RollLot, StripUse, Use, bill, coated
from genealogy.us.rules import Rules
from plant.model import Plant
from storage.connect import Connection

DISCLAIMER = "This informs. It is not tax advice."
BELOW_RATIO = "material-assistance ratio below the threshold"
NO_RATIO = "material-assistance ratio not known"
_CENT = Decimal("0.01")


class LedgerError(Exception):
    """The ledger cannot be worked out; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Month:
    """Cells of one product sold in one month that nothing but their material may exclude."""

    product: str
    month: date
    cells: int
    kwh: Decimal
    cost_usd: float
    ratio: float | None
    threshold: Decimal
    domestic_ratio: float | None
    #: Lots whose cost or unit the ledger does not know.
    unknown: tuple[str, ...]

    @property
    def reason(self) -> str | None:
        """Return why its cells are excluded, None if they are eligible."""
        if self.threshold == 0:
            return None
        if self.ratio is None or self.unknown:
            return NO_RATIO
        return None if Decimal(str(self.ratio)) >= self.threshold else BELOW_RATIO


@dataclass(frozen=True, slots=True)
class Excluded:
    """Cells that count for nothing, and why."""

    product: str
    reason: str
    cells: int
    kwh: Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """What is eligible of one product."""

    product: str
    cells: int
    kwh: Decimal
    credit_usd: Decimal


@dataclass(frozen=True, slots=True)
class Material:
    """What one material cost in the cells sold, and the parts that are clean and domestic."""

    material: str
    cost_usd: float
    clean_ratio: float | None
    domestic_ratio: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """One year; money in USD to the cent, energy in kWh as measured, capped as the law says."""

    year: int
    made_at: datetime
    kwh: Decimal
    credit_usd: Decimal
    factor: Decimal
    products: tuple[Product, ...]
    months: tuple[Month, ...]
    excluded: tuple[Excluded, ...]
    materials: tuple[Material, ...]
    #: Figures of law that nobody has compared with their source.
    verify: tuple[str, ...]
    disclaimer: str = DISCLAIMER


def report(connection: Connection, plant: Plant, rules: Rules, year: int) -> Report:
    """Work out *year*; leaves the temporary table `us_cell` with a row per cell.

    Must run in a transaction, which it only reads in. Raise `LedgerError` if the plant file does
    not say enough.
    """
    _collect(connection, plant, rules, year)
    costs = _bill(connection, plant)
    months = tuple(_months(connection, rules, year, costs))
    for month in months:
        if month.reason:
            connection.execute(
                "UPDATE us_cell SET reason = %s"
                " WHERE reason IS NULL AND product = %s AND month = %s",
                (month.reason, month.product, month.month),
            )
    factor = rules.phase_factor(year)
    per_kwh = rules.credit.usd_per_kwh.value * factor
    products = tuple(
        Product(product, cells, wh / 1000, (wh / 1000 * per_kwh).quantize(_CENT, ROUND_HALF_UP))
        for product, cells, wh in connection.execute(statement("us_eligible"))
    )
    excluded = tuple(
        Excluded(product, reason, cells, wh / 1000)
        for product, reason, cells, wh in connection.execute(statement("us_excluded"))
    )
    return Report(
        year=year,
        made_at=datetime.now(UTC),
        kwh=sum((product.kwh for product in products), Decimal(0)),
        credit_usd=sum((product.credit_usd for product in products), Decimal(0)),
        factor=factor,
        products=products,
        months=months,
        excluded=excluded,
        materials=tuple(
            Material(name, cost.usd, cost.ratio, cost.domestic_ratio)
            for name, cost in sorted(costs.by_material.items())
        ),
        verify=tuple(
            f"{named.name} = {named.figure.value} ({named.figure.source})"
            for named in rules.used(year)
            if named.figure.verify
        ),
    )


def _collect(connection: Connection, plant: Plant, rules: Rules, year: int) -> None:
    rated = {name: recipe.rated for name, recipe in plant.recipes.items() if recipe.rated}
    if not rated:
        raise LedgerError(
            "no recipe of the plant file has a rated plate; add `rated` to [recipes.<name>]"
        )
    credit = rules.credit
    parameters = {
        "products": list(rated),
        "volumes": [Decimal(str(plate.volume_l)) for plate in rated.values()],
        "powers": [Decimal(str(plate.discharge_w)) for plate in rated.values()],
        "first_product": next(iter(plant.recipes)),
        "from_time": datetime(year, 1, 1, tzinfo=UTC),
        "to_time": datetime(year + 1, 1, 1, tzinfo=UTC),
        "from_date": date(year, 1, 1),
        "to_date": date(year + 1, 1, 1),
        "max_kwh_per_kw": credit.max_kwh_per_kw.value,
        "min_energy_wh": credit.min_energy_wh.value,
        "min_density_wh_per_l": credit.min_density_wh_per_l.value,
    }
    connection.execute(statement("us_cells"), parameters)
    connection.execute(statement("us_without_material"))


def lots_of(connection: Connection) -> dict[str, Lot]:
    """Return the lots of the ledger, each as last corrected."""
    with connection.cursor(row_factory=class_row(Lot)) as cursor:
        return {lot.lot: lot for lot in cursor.execute(statement("us_lots"))}


def _bill(connection: Connection, plant: Plant) -> Bill:
    return bill([*_coated(connection), *_bought(connection, plant)], lots_of(connection))


def _coated(connection: Connection) -> list[Use]:
    strips = [
        StripUse(Key(product, month), strip, metres)
        for product, month, strip, metres in connection.execute(statement("us_strips"))
    ]
    named = {"strips": sorted({use.strip for use in strips})}
    roll_of: dict[str, str] = dict(
        connection.execute(statement("us_strip_rolls"), named).fetchall()
    )
    rolls = [RollLot(*row) for row in connection.execute(statement("us_rolls"), named)]
    return coated(strips, roll_of, rolls)


def _bought(connection: Connection, plant: Plant) -> Iterator[Use]:
    for product, recipe in plant.recipes.items():
        for slot, part in recipe.parts.items():
            query = statement("us_mounted").format(station=sql.Identifier("cell", part.station))
            rows = connection.execute(query, {"slot": slot, "product": product})
            for month, lot, cells in rows:
                yield Use(Key(product, month), lot or "", cells * part.amount, part.unit)


def _months(connection: Connection, rules: Rules, year: int, costs: Bill) -> Iterator[Month]:
    rows: Sequence[tuple[str, date, int, Decimal]] = connection.execute(
        statement("us_months")
    ).fetchall()
    for product, month, cells, wh in rows:
        key = Key(product, month)
        cost = costs.by_key.get(key, Cost())
        yield Month(
            product, month, cells, wh / 1000, cost.usd, cost.ratio, rules.least_ratio(year),
            cost.domestic_ratio, costs.unknown.get(key, ()),
        )  # fmt: skip
