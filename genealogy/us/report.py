"""The report of a year: eligible energy, credit, what is excluded and why, what it rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter

from psycopg.rows import class_row

from genealogy.sql import statement
from genealogy.us.material import Cost, Key, Line, Lot, StripUse, bill, costs_by
from genealogy.us.rules import Rules
from genealogy.us.uses import of_parts, of_strips
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

    product: str
    material: str
    cost_usd: float
    clean_ratio: float | None
    domestic_ratio: float | None


@dataclass(frozen=True, slots=True)
class LotUse:
    """What of a lot is in the cells of one product sold in one month, and what it cost.

    Costs are None of a lot whose cost or unit the ledger does not know. *problem* says why it does
    not count as of no prohibited entity, and *blocked_kwh* what is excluded with it on that ground.
    """

    product: str
    month: date
    lot: str
    material: str
    amount: float
    unit: str
    cost_usd: float | None
    clean_usd: float | None
    domestic_usd: float | None
    problem: str | None
    blocked_kwh: Decimal


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
    lots: tuple[LotUse, ...]
    #: The law wants the records of these sales so long.
    keep_until: date
    #: Figures of law that nobody has compared with their source.
    verify: tuple[str, ...]
    disclaimer: str = DISCLAIMER


def report(connection: Connection, plant: Plant, rules: Rules, year: int) -> Report:
    """Work out *year*; leaves the temporary table `us_cell` with a row per cell.

    Must run in a transaction, which it only reads in. Raise `LedgerError` if the plant file does
    not say enough.
    """
    _collect(connection, plant, rules, year)
    lines = _bill(connection, plant)
    months = tuple(_months(connection, rules, year, lines))
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
        materials=tuple(_materials(lines)),
        lots=tuple(_lots(lines, months)),
        keep_until=date(year + int(rules.records.retention_years.value), 12, 31),
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
        "rated_wh": [Decimal(str(plate.energy_wh)) for plate in rated.values()],
        "standards": [plate.test_standard for plate in rated.values()],
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


def _bill(connection: Connection, plant: Plant) -> list[Line[Key]]:
    strips: defaultdict[str, list[StripUse[Key]]] = defaultdict(list)
    for product, month, strip, metres in connection.execute(statement("us_strips")):
        strips[product].append(StripUse(Key(product, month), strip, metres))
    uses = [
        *(
            use
            for product, of in strips.items()
            for use in of_strips(connection, plant, product, of)
        ),
        *of_parts(connection, plant),
    ]
    return bill(uses, lots_of(connection))


def _months(
    connection: Connection, rules: Rules, year: int, lines: Sequence[Line[Key]]
) -> Iterator[Month]:
    costs = costs_by(lines, lambda line: line.key)
    unknown: defaultdict[Key, set[str]] = defaultdict(set)
    for line in lines:
        if line.cost is None:
            unknown[line.key].add(f"{line.lot or line.material}, {line.problem}")
    rows: Sequence[tuple[str, date, int, Decimal]] = connection.execute(
        statement("us_months")
    ).fetchall()
    for product, month, cells, wh in rows:
        key = Key(product, month)
        cost = costs.get(key, Cost())
        yield Month(
            product, month, cells, wh / 1000, cost.usd, cost.ratio, rules.least_ratio(year),
            cost.domestic_ratio, tuple(sorted(unknown[key])),
        )  # fmt: skip


def _materials(lines: Iterable[Line[Key]]) -> Iterator[Material]:
    costs = costs_by(lines, lambda line: (line.key.product, line.material))
    for (product, name), cost in sorted(costs.items(), key=itemgetter(0)):
        yield Material(product, name, cost.usd, cost.ratio, cost.domestic_ratio)


def _lots(lines: Iterable[Line[Key]], months: Iterable[Month]) -> Iterator[LotUse]:
    """Yield what is used of each lot, first those that most energy is excluded with."""
    blocked = {Key(m.product, m.month): m.kwh for m in months if m.reason}
    uses = []
    for line in lines:
        kwh = blocked.get(line.key, Decimal(0)) if line.problem else Decimal(0)
        usd, clean, domestic = (
            (line.cost.usd, line.cost.clean_usd, line.cost.domestic_usd)
            if line.cost
            else (None, None, None)
        )
        uses.append(
            LotUse(
                *line.key, line.lot, line.material, line.amount, line.unit, usd, clean, domestic,
                line.problem, kwh,
            )
        )  # fmt: skip
    yield from sorted(
        uses, key=lambda u: (-u.blocked_kwh, (u.clean_usd or 0) - (u.cost_usd or 0), u.month, u.lot)
    )
