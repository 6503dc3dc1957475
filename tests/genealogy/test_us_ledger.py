"""The US ledger end to end: files in, a year's report out, every number opened and proven."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from genealogy.us.book_rows import Book
from genealogy.us.books import Taken, take
from storage.connect import Connection, connect

LOTS = """lot,material,supplier,country,is_prohibited,certificate,certificate_until,\
amount,unit,usd_per_unit,received_on
nca-1,nca,Good Cathode,US,false,C-77,2033-01-01,10000,kg,20,2030-12-01
graphite-1,graphite,Far Anode,CN,true,,,10000,kg,5,2030-12-01
"""
PILOT = Path(__file__).parents[2] / "plant" / "pilot.toml"
CALIBRATIONS = """equipment,position,certificate,valid_from,valid_until
l1-tester-01,,K-2031,2030-01-01,2032-01-01
"""


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    with connect(migrated_database, application="test") as connection:
        yield connection


@pytest.fixture(autouse=True)
def plain_plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pilot plant, whose vehicle cell takes no bought parts or foils."""
    path = make_plain(tmp_path)
    monkeypatch.setenv("JELLYROLL_PLANT", str(path))
    return path


def make_plain(folder: Path) -> Path:
    path = folder / "plain.toml"
    text = f'base = "{PILOT}"\n[recipes]\nvehicle.parts = "none"\nvehicle.foils = "none"\n'
    path.write_text(text, encoding="utf-8")
    return path


def make_cells(connection: Connection, count: int) -> None:
    """Cells 1 to *count* of 17.4 Wh, tested in 2031, of one cathode and one anode strip."""
    connection.execute("""
        INSERT INTO material.genealogy
            (time, equipment, child, parent, from_m, to_m, amount_kg) VALUES
          ('2031-01-01Z', 'l1-mixer-c-01', 'c-slurry', 'nca-1', NULL, NULL, 1000),
          ('2031-01-01Z', 'l1-mixer-a-01', 'a-slurry', 'graphite-1', NULL, NULL, 1000),
          ('2031-01-02Z', 'l1-coater-c-01', 'c-roll', 'c-slurry', NULL, NULL, 800),
          ('2031-01-02Z', 'l1-coater-a-01', 'a-roll', 'a-slurry', NULL, NULL, 400),
          ('2031-01-03Z', 'l1-slitter-c-01', 'c-strip', 'c-roll', 0, 800000, NULL),
          ('2031-01-03Z', 'l1-slitter-a-01', 'a-strip', 'a-roll', 0, 800000, NULL)
    """)
    for strip in ("c-strip", "a-strip"):
        connection.execute(
            """
            INSERT INTO material.genealogy (time, equipment, child, parent, from_m, to_m)
            SELECT '2031-01-04Z', 'l1-winder-01', 'cell-' || n, %s, n * 0.8, (n + 1) * 0.8
              FROM generate_series(1, %s) n
            """,
            (strip, count),
        )
    connection.execute(
        """
        INSERT INTO cell.end_of_line (time, cell, equipment, position, verdict, energy)
        SELECT timestamptz '2031-02-01Z' + n * interval '1 s', 'cell-' || n, 'l1-tester-01',
               n %% 16 + 1, 'pass', 17.4
          FROM generate_series(1, %s) n
        """,
        (count,),
    )
    connection.commit()


def take_text(connection: Connection, book: Book, text: str, folder: Path) -> Taken:
    path = folder / f"{book}.csv"
    path.write_text(text, encoding="utf-8")
    taken = take(connection, book, path, "tester")
    connection.commit()
    return taken


def sell(connection: Connection, first: int, last: int, **changes: Any) -> None:
    values = {
        "what": "sold", "on_date": date(2031, 3, 5), "customer": "Grid Co",
        "customer_class": "unrelated", "first": first, "last": last, **changes,
    }  # fmt: skip
    connection.execute(
        """
        INSERT INTO ledger.disposition
            (who, file_sha256, cell, what, on_date, customer, customer_class)
        SELECT 'tester', '', 'cell-' || n, %(what)s, %(on_date)s, %(customer)s, %(customer_class)s
          FROM generate_series(%(first)s::int, %(last)s) n
        """,
        values,
    )
    connection.commit()


def ledger(database: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jellyroll", "ledger", *words, "--database", database]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def report_of(database: str, year: int, *words: str) -> dict[str, Any]:
    done = ledger(database, "--year", str(year), "--json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fill(connection: Connection, folder: Path, cells: int) -> None:
    make_cells(connection, cells)
    take_text(connection, Book.LOTS, LOTS, folder)
    take_text(connection, Book.CALIBRATIONS, CALIBRATIONS, folder)


@pytest.mark.parametrize("cells", [10_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_a_million_cells_of_17_wh_sold_in_2031_earn_304500_dollars(
    connection: Connection, migrated_database: str, tmp_path: Path, cells: int
) -> None:
    fill(connection, tmp_path, cells)
    # Cathode 88.9 % of the cost, 20 x 800 of 20 x 800 + 5 x 400: above the 85 % of 2031.
    sell(connection, 1, cells)
    report = report_of(migrated_database, 2031)
    assert Decimal(report["credit_usd"]) == Decimal("304500.00") * cells / 1_000_000
    assert Decimal(report["kwh"]) == Decimal("0.0174") * cells
    (month,) = report["months"]
    assert month["ratio"] == pytest.approx(16_000 / 18_000)
    # Each cell has 0.8 of the 800,000 m of a strip of 800 kg and of one of 400 kg.
    assert month["cost_usd"] == pytest.approx(cells * (0.0008 * 20 + 0.0004 * 5))
    assert report["excluded"] == []
    assert report["disclaimer"] == "This informs. It is not tax advice."
    assert any("7701(a)(52)" in text for text in report["verify"])


def test_every_cell_that_counts_for_nothing_has_its_reason(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    fill(connection, tmp_path, 100)
    sell(connection, 1, 60)
    sell(connection, 1, 4, customer_class="related")
    sell(connection, 5, 7, what="returned")
    sell(connection, 8, 9, what="scrapped")
    sell(connection, 10, 10, on_date=date(2032, 1, 1))
    for change in (
        "energy = 12.0 WHERE cell = 'cell-11'",
        "energy = NULL WHERE cell = 'cell-12'",
        "verdict = 'fail' WHERE cell = 'cell-13'",
        "equipment = 'l1-tester-02' WHERE cell = 'cell-14'",
        "energy = 9000 WHERE cell = 'cell-15'",
    ):
        connection.execute(f"UPDATE cell.end_of_line SET {change}")
    connection.execute("DELETE FROM material.genealogy WHERE child = 'cell-16'")
    connection.commit()
    report = report_of(migrated_database, 2031)
    assert {(e["reason"], e["cells"]) for e in report["excluded"]} == {
        ("in stock", 40),
        ("sold to a related person", 4),
        ("returned", 3),
        ("scrapped", 2),
        ("energy not above the least", 1),
        ("no measured energy", 1),
        ("failed the end-of-line test", 1),
        ("channel without a valid calibration", 1),
        ("material not recorded", 1),
    }
    # 45 are left of 60, and one of them is capped at 100 kWh a kW of 52 W.
    assert Decimal(report["kwh"]) == Decimal("0.0174") * 44 + Decimal("5.2")
    opened = ledger(migrated_database, "cells", "--year", "2031", "--reason", "returned")
    assert opened.stdout.count("\tGrid Co\t") == 3


def test_material_below_the_threshold_excludes_the_month_and_says_so(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    fill(connection, tmp_path, 20)
    sell(connection, 1, 10)
    sell(connection, 11, 20, on_date=date(2031, 4, 2))
    before = report_of(migrated_database, 2031)
    assert [month["ratio"] > 0.85 for month in before["months"]] == [True, True]

    # A correction: the cathode's certificate had expired.
    corrected = LOTS.replace("C-77,2033-01-01", "C-77,2029-12-31")
    assert take_text(connection, Book.LOTS, corrected, tmp_path) == Taken(1, 1)
    report = report_of(migrated_database, 2031)
    assert Decimal(report["credit_usd"]) == 0
    assert {e["reason"] for e in report["excluded"]} == {
        "material-assistance ratio below the threshold"
    }
    rows = connection.execute(
        "SELECT certificate_until FROM ledger.lot WHERE lot = 'nca-1' ORDER BY id"
    )
    assert [row[0] for row in rows] == [date(2033, 1, 1), date(2029, 12, 31)]


def test_the_evidence_proves_the_report_and_itself(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    fill(connection, tmp_path, 50)
    sell(connection, 1, 30)
    pack = tmp_path / "evidence"
    report = report_of(migrated_database, 2031, "--evidence", str(pack))
    for line in (pack / "MANIFEST").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((pack / name).read_bytes()).hexdigest() == digest
    with (pack / "cells.csv").open(encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    eligible = [Decimal(c["counted_wh"]) for c in cells if c["reason"] == "eligible"]
    assert len(cells) == 50
    exact = sum(eligible, Decimal(0)) / 1000 * 35 / 2
    assert exact.quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(report["credit_usd"])
    again = ledger(migrated_database, "--year", "2031", "--evidence", str(pack))
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def test_a_part_is_priced_by_the_lot_that_was_mounted_when_the_cell_was_there(
    connection: Connection, migrated_database: str, tmp_path: Path, plain_plant: Path
) -> None:
    plant = tmp_path / "plant.toml"
    plant.write_text(
        f'base = "{plain_plant}"\n[recipes.vehicle.parts]\n'
        'electrolyte = { station = "filling", amount = 6.4, unit = "g", source = "D" }\n',
        encoding="utf-8",
    )
    fill(connection, tmp_path, 20)
    sell(connection, 1, 20)
    more = LOTS + "drum-1,electrolyte,Here,US,false,C-9,,200000,g,0.01,2031-01-01\n"
    take_text(connection, Book.LOTS, more, tmp_path)
    connection.execute("""
        INSERT INTO cell.filling (time, cell, equipment)
        SELECT timestamptz '2031-01-05Z' + n * interval '1 min', 'cell-' || n, 'l1-filler-01'
          FROM generate_series(1, 20) n
    """)
    mount(connection, datetime.fromisoformat("2031-01-04T00:00:00+00:00"), "drum-1")
    costs = report_of(migrated_database, 2031, "--plant", str(plant))
    by_name = {m["material"]: m["cost_usd"] for m in costs["materials"]}
    assert by_name["electrolyte"] == pytest.approx(20 * 6.4 * 0.01)
    assert costs["months"][0]["unknown"] == []

    mount(connection, datetime.fromisoformat("2031-01-05T00:10:30+00:00"), "drum-2")
    report = report_of(migrated_database, 2031, "--plant", str(plant))
    assert report["months"][0]["unknown"] == ["drum-2, not in the ledger"]
    assert {e["reason"] for e in report["excluded"]} == {"material-assistance ratio not known"}


def test_scrap_is_told_by_station_cause_and_material_and_what_was_recycled(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    fill(connection, tmp_path, 40)
    connection.execute("""
        INSERT INTO cell.winding (time, cell, equipment, verdict, diameter, insulation) VALUES
          ('2031-01-05Z', 'cell-1', 'l1-winder-01', 'fail', 21.0, 300),
          ('2031-01-05Z', 'cell-2', 'l1-winder-01', 'fail', 20.2, 5),
          ('2031-01-05Z', 'cell-3', 'l1-winder-01', 'pass', 20.2, 300)
    """)
    connection.execute(
        "UPDATE cell.end_of_line SET verdict = 'fail' WHERE cell IN ('cell-1', 'cell-4')"
    )
    connection.execute("UPDATE cell.end_of_line SET capacity = 4.5 WHERE cell = 'cell-4'")
    sell(connection, 2, 2, what="recycled", customer=None, customer_class=None)
    done = ledger(
        migrated_database, "scrap", "--from", "2031-01-01", "--to", "2031-03-01", "--json"
    )
    found = json.loads(done.stdout)
    assert {(c["station"], c["result"], c["cells"], c["recycled"]) for c in found["causes"]} == {
        ("winding", "diameter", 1, 0),
        ("winding", "insulation", 1, 1),
        ("end_of_line", "capacity", 1, 0),
    }
    # Each cell has 0.8 g of cathode at 20 dollars a kilogram, and 0.4 g of anode at 5.
    assert [c["cost_usd"] for c in found["causes"]] == pytest.approx([0.018] * 3)
    told = {(m["result"], m["material"]): m for m in found["materials"]}
    assert len(told) == 6
    for result, recycled in (("diameter", 0), ("insulation", 1), ("capacity", 0)):
        cathode, anode = told[result, "nca"], told[result, "graphite"]
        assert (cathode["kg"], anode["kg"]) == pytest.approx((0.0008, 0.0004))
        assert cathode["recycled_kg"] == pytest.approx(0.0008 * recycled)
        assert (cathode["cost_usd"], cathode["recycled_usd"]) == pytest.approx(
            (0.016, 0.016 * recycled)
        )
    shown = ledger(migrated_database, "scrap", "--from", "2031-01-01", "--to", "2031-03-01")
    assert "3 cells failed" in shown.stdout


def mount(connection: Connection, time: datetime, drum: str) -> None:
    """Write the mount as ingest does, with its ledger line."""
    row = connection.execute("SELECT nextval('ingest.batch_id_seq')").fetchone()
    assert row is not None
    connection.execute(
        "INSERT INTO ingest.batch (id, worker, received_at, messages)"
        " VALUES (%s, 'test', now(), 1)",
        row,
    )
    connection.execute(
        "INSERT INTO ingest.batch_span VALUES (%s, 'material.mount', 1, %s, %s)", (*row, time, time)
    )
    connection.execute(
        "INSERT INTO material.mount (time, equipment, slot, thing, batch)"
        " VALUES (%s, 'l1-filler-01', 'electrolyte', %s, %s)",
        (time, drum, *row),
    )
    connection.commit()
