"""The US ledger against a recomputation, cell by cell, from a simulated line's Parquet."""

from __future__ import annotations

import bisect
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from psycopg import sql

from genealogy import mounts
from genealogy.us.book_rows import Book
from genealogy.us.books import take
from genealogy.us.report import Report, report
from genealogy.us.rules import load_rules
from plant.load import load_plant
from plant.model import Plant
from storage.connect import Connection, connect
from storage.ledger import Entry, Span, draw_id, write_entry
from storage.migrate import migrate

if TYPE_CHECKING:
    from tests.fixtures_stack import NewDatabase

PILOT = Path(__file__).parents[2] / "plant" / "pilot.toml"
#: Formed and tested within two hours, so that a few hours have all that a cell goes through.
QUICK = f"""base = "{PILOT}"
[stations]
formation.delay_s   = 3600
ageing.delay_s      = 5400
end_of_line.delay_s = 7200
"""
TABLES = (
    "cell.end_of_line", "cell.winding", "cell.welding", "cell.filling", "cell.sealing",
    "material.genealogy", "material.mount",
)  # fmt: skip
YEAR = 2030
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def plant_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plant") / "quick.toml"
    path.write_text(QUICK, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plant(plant_file: Path) -> Plant:
    return load_plant(plant_file)


@pytest.fixture(scope="module")
def parquet(plant_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """The rows of five hours of the line, by table."""
    folder = tmp_path_factory.mktemp("us") / "line"
    command = [
        sys.executable, "-m", "jellyroll", "simulate", "--plant", str(plant_file), "--out",
        str(folder), "--history", "5h", "--history-period", "1h", "--no-stops", "--no-scrap",
        "--no-curves",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return {
        name: [
            row
            for file in sorted((folder / name).glob("*"))
            for row in pq.read_table(file).to_pylist()
        ]
        for name in TABLES
    }


@pytest.fixture(scope="module")
def connection(
    new_database: NewDatabase, plant: Plant, parquet: dict[str, Rows]
) -> Iterator[Connection]:
    made: AbstractContextManager[str] = new_database("template0")
    with made as dsn:
        migrate(dsn, plant)
        with connect(dsn, application="test") as connection:
            spans = []
            batch = draw_id(connection)
            for name, rows in parquet.items():
                columns = [c for c in rows[0] if c != "batch"]
                copy = sql.SQL("COPY {} ({}, batch) FROM STDIN").format(
                    sql.Identifier(*name.split(".")),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                )
                with connection.cursor() as cursor, cursor.copy(copy) as lines:
                    for row in rows:
                        lines.write_row([*(row[column] for column in columns), batch])
                times = [row["time"] for row in rows]
                spans.append(Span(name, len(rows), min(times), max(times)))
            write_entry(
                connection,
                Entry(batch, "test", datetime.now(UTC), 1, 0, 0, 0, 0, tuple(spans)),
            )
            connection.commit()
            yield connection


def lots_of(parquet: dict[str, Rows]) -> dict[str, dict[str, Any]]:
    """A price and an origin for each lot, by its name."""
    coated = {row["parent"] for row in parquet["material.genealogy"] if "-lot-" in row["parent"]}
    bought = {row["thing"] for row in parquet["material.mount"] if "-roll-" not in row["thing"]}
    assert any("copper_foil" in lot for lot in bought)
    units = {"electrolyte": "g", "separator": "m", "can": "piece", "cap": "piece"}
    prices = {
        "nca": "21.5", "graphite": "6.25", "electrolyte": "0.008", "separator": "0.35",
        "copper_foil": "14.2", "aluminium_foil": "4.75",
    }  # fmt: skip
    lots = {}
    for lot in sorted(coated | bought):
        material = lot.split("-")[3] if "-lot-" in lot else lot.split("-")[1]
        lots[lot] = {
            "lot": lot, "material": material, "supplier": "S", "country": "US",
            "is_prohibited": "true" if material == "carbon" else "false",
            "certificate": f"C-{lot}", "certificate_until": "", "amount": "1000",
            "unit": units.get(material, "kg"), "usd_per_unit": prices.get(material, "0.11"),
            "received_on": "2026-01-01",
        }  # fmt: skip
    return lots


def sold_cells(parquet: dict[str, Rows]) -> dict[str, tuple[date, str]]:
    """Half of the tested cells, in two months, some to a related person."""
    chance = random.Random(5)
    told = {row["child"] for row in parquet["material.genealogy"]}
    cells = sorted(told & {row["cell"] for row in parquet["cell.end_of_line"]})
    return {
        cell: (
            date(YEAR, chance.choice((3, 4)), 5),
            "related" if chance.random() < 0.1 else "unrelated",
        )
        for cell in cells
        if chance.random() < 0.5
    }


@pytest.fixture(scope="module")
def found(
    connection: Connection,
    plant: Plant,
    parquet: dict[str, Rows],
    tmp_path_factory: pytest.TempPathFactory,
) -> Report:
    """What the ledger says."""
    folder = tmp_path_factory.mktemp("books")
    lots = list(lots_of(parquet).values())
    write_csv(folder / "lots.csv", lots)
    write_csv(
        folder / "sold.csv",
        [
            {
                "cell": cell,
                "what": "sold",
                "on_date": day,
                "customer": "Grid Co",
                "customer_class": kind,
            }
            for cell, (day, kind) in sold_cells(parquet).items()
        ],
    )
    testers = [m.name for m in plant.equipment_at("l1", "end_of_line")]
    write_csv(
        folder / "calibrations.csv",
        [
            {
                "equipment": name,
                "certificate": "K",
                "valid_from": "2020-01-01",
                "valid_until": "2040-01-01",
            }
            for name in testers
        ],
    )
    take(connection, Book.LOTS, folder / "lots.csv", "test")
    take(connection, Book.DISPOSITIONS, folder / "sold.csv", "test")
    take(connection, Book.CALIBRATIONS, folder / "calibrations.csv", "test")
    mounts.catch_up(connection)
    connection.commit()
    return report(connection, plant, load_rules(), YEAR)


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_credit_and_energy_are_those_of_the_cells_added_up_one_by_one(
    found: Report, parquet: dict[str, Rows]
) -> None:
    sold = sold_cells(parquet)
    wh = Decimal(0)
    for row in parquet["cell.end_of_line"]:
        if sold.get(row["cell"], (None, ""))[1] == "unrelated" and row["verdict"] != "fail":
            wh += Decimal(str(row["energy"])).quantize(Decimal("0.0001"))
    assert len(sold) > 500
    assert found.kwh == wh / 1000
    expected = (wh / 1000 * 35 * Decimal("0.75")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert found.credit_usd == expected


class Prices:
    """What a cell's lots cost, looked up row by row."""

    def __init__(self, parquet: dict[str, Rows]) -> None:
        self.lots = lots_of(parquet)
        self.parents: defaultdict[str, Rows] = defaultdict(list)
        self.children: defaultdict[str, Rows] = defaultdict(list)
        for row in parquet["material.genealogy"]:
            self.parents[row["child"]].append(row)
            self.children[row["parent"]].append(row)
        self.mounted: defaultdict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        for row in sorted(parquet["material.mount"], key=lambda row: row["time"]):
            self.mounted[row["equipment"], row["slot"]].append((row["time"], row["thing"]))
        self.visits = {
            (station, row["cell"]): row
            for station in ("winding", "welding", "filling", "sealing")
            for row in parquet[f"cell.{station}"]
        }

    def price(self, lot: str, amount: float) -> tuple[float, float]:
        """The cost, and what of it is clean."""
        usd = amount * float(self.lots[lot]["usd_per_unit"])
        return usd, 0.0 if self.lots[lot]["is_prohibited"] == "true" else usd

    def coated(self, cell: str) -> Iterator[tuple[float, float]]:
        for use in self.parents[cell]:
            (slit,) = self.parents[use["parent"]]
            all_metres = sum(s["to_m"] - s["from_m"] for s in self.children[slit["parent"]])
            part = (use["to_m"] - use["from_m"]) / all_metres
            for coated in self.parents[slit["parent"]]:
                mixed = self.parents[coated["parent"]]
                whole = sum(lot["amount_kg"] for lot in mixed)
                for lot in mixed:
                    kg = part * coated["amount_kg"] * lot["amount_kg"] / whole
                    yield self.price(lot["parent"], kg)

    def foil(self, cell: str, plant: Plant) -> Iterator[tuple[float, float]]:
        for use in self.parents[cell]:
            (slit,) = self.parents[use["parent"]]
            made = self.parents[slit["parent"]][0]
            for slot, foil in plant.recipes["vehicle"].foils.items():
                if foil.equipment in made["equipment"]:
                    lot = self.lot_on(made["equipment"], slot, made["time"])
                    yield self.price(lot, (use["to_m"] - use["from_m"]) * foil.kg_per_m)

    def lot_on(self, machine: str, slot: str, time: datetime) -> str:
        events = self.mounted[machine, slot]
        return events[bisect.bisect_right(events, (time, "~")) - 1][1]

    def bought(self, cell: str, plant: Plant) -> Iterator[tuple[float, float]]:
        for slot, part in plant.recipes["vehicle"].parts.items():
            visit = self.visits[part.station, cell]
            lot = self.lot_on(visit["equipment"], slot, visit["time"])
            yield self.price(lot, part.amount)


def test_the_cost_of_material_is_that_of_each_cells_own_lots(
    found: Report, parquet: dict[str, Rows], plant: Plant
) -> None:
    prices = Prices(parquet)
    failed = {row["cell"] for row in parquet["cell.end_of_line"] if row["verdict"] == "fail"}
    costs: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for cell, (day, kind) in sold_cells(parquet).items():
        if kind == "unrelated" and cell not in failed:
            costs[day.month] += [
                *prices.coated(cell), *prices.foil(cell, plant), *prices.bought(cell, plant),
            ]  # fmt: skip
    assert [month.month.month for month in found.months] == [3, 4]
    for month in found.months:
        usd, clean = (sum(column) for column in zip(*costs[month.month.month], strict=True))
        assert month.unknown == ()
        assert round(month.cost_usd, 2) == round(usd, 2)
        assert month.ratio == pytest.approx(clean / usd)
