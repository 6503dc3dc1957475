"""Every number of the ledger opened: to its lots and cells, as files, and as statements kept."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from genealogy.us.book_rows import Book
from storage.connect import Connection, connect
from tests.genealogy.test_us_ledger import (
    LOTS,
    fill,
    ledger,
    make_plain,
    report_of,
    sell,
    take_text,
)


@pytest.fixture
def connection(
    migrated_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """Fifty cells, thirty of them sold: the cathode is clean and domestic, the anode neither."""
    monkeypatch.setenv("JELLYROLL_PLANT", str(make_plain(tmp_path)))
    with connect(migrated_database, application="test") as connection:
        fill(connection, tmp_path, 50)
        sell(connection, 1, 30)
        yield connection


def lots_of(database: str, *words: str) -> list[dict[str, Any]]:
    done = ledger(database, "lots", "--year", "2031", "--json", *words)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_costs_of_a_month_are_those_of_its_lots(
    connection: Connection, migrated_database: str
) -> None:
    assert connection.info.dbname in migrated_database
    report = report_of(migrated_database, 2031)
    lots = lots_of(migrated_database)
    (month,) = report["months"]
    assert sum(lot["cost_usd"] for lot in lots) == pytest.approx(month["cost_usd"])
    clean = sum(lot["clean_usd"] for lot in lots)
    assert clean / month["cost_usd"] == pytest.approx(month["ratio"])
    domestic = sum(lot["domestic_usd"] for lot in lots)
    assert domestic / month["cost_usd"] == pytest.approx(month["domestic_ratio"])
    (anode,) = lots_of(migrated_database, "--material", "graphite")
    assert (anode["lot"], anode["problem"]) == ("graphite-1", "of a prohibited foreign entity")
    assert lots_of(migrated_database, "--month", "2031-04") == []


def test_a_lot_that_brings_its_month_down_is_named_first_with_the_energy_it_excludes(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    take_text(connection, Book.LOTS, LOTS.replace("false,C-77", ",C-77"), tmp_path)
    first = lots_of(migrated_database)[0]
    assert (first["lot"], first["problem"]) == ("nca-1", "without a certificate")
    assert Decimal(first["blocked_kwh"]) == Decimal("0.0174") * 30
    shown = ledger(migrated_database, "--year", "2031")
    assert "nca-1" in shown.stdout
    assert "Keep the records of these sales until 2038-12-31." in shown.stdout


def test_the_sold_energy_that_rests_on_a_lot_is_found(
    connection: Connection, migrated_database: str
) -> None:
    connection.execute("DELETE FROM material.genealogy WHERE child = 'cell-7' AND from_m > 0")
    connection.commit()
    words = ("cells", "--year", "2031", "--reason", "eligible")
    found = ledger(migrated_database, *words, "--lot", "nca-1", "--json")
    cells = {cell["cell"]: cell for cell in json.loads(found.stdout)}
    assert len(cells) == 29
    assert cells["cell-8"]["rated_wh"] == "17.4"
    assert cells["cell-8"]["test_standard"].startswith("C/3")
    assert cells["cell-8"]["customer_class"] == "unrelated"
    shown = ledger(migrated_database, *words, "--lot", "nca-1", "--limit", "5")
    assert shown.stderr == "29 cells, 0.505 kWh\n"
    assert len(shown.stdout.splitlines()) == 6


def test_the_evidence_is_the_same_as_csv_and_as_parquet(
    connection: Connection, migrated_database: str, tmp_path: Path
) -> None:
    connection.execute(
        "INSERT INTO analysis.cell_quality (cell, time, line, grade, disposition, fault_class,"
        " reasons, scores) VALUES ('cell-1', now(), 'l1', 'B', 'downgrade', 'none', '[]', '{}')"
    )
    connection.commit()
    packs = {form: tmp_path / form for form in ("csv", "parquet")}
    for form, pack in packs.items():
        report_of(migrated_database, 2031, "--evidence", str(pack), "--format", form)
        for line in (pack / "MANIFEST").read_text().splitlines():
            digest, name = line.split()
            assert hashlib.sha256((pack / name).read_bytes()).hexdigest() == digest
    for name, count in (("cells", 50), ("lots", 2), ("material", 100), ("costs", 2)):
        with (packs["csv"] / f"{name}.csv").open(encoding="utf-8") as file:
            texts = list(csv.DictReader(file))
        rows = pq.read_table(packs["parquet"] / f"{name}.parquet").to_pylist()
        assert len(rows) == len(texts) == count
        assert list(rows[0]) == list(texts[0])
    cells = pq.read_table(packs["parquet"] / "cells.parquet").to_pylist()
    first = next(cell for cell in cells if cell["cell"] == "cell-1")
    assert (first["grade"], first["disposition"]) == ("B", "sold")
    assert sum(c["counted_wh"] for c in cells if c["reason"] == "eligible") == Decimal("17.4") * 30


def test_a_statement_keeps_what_the_report_said_and_only_grows(
    connection: Connection, migrated_database: str
) -> None:
    for who in ("A. Clerk", "B. Clerk"):
        report = report_of(migrated_database, 2031, "--record", "--who", who)
    rows = connection.execute("SELECT who, year, credit_usd FROM ledger.statement ORDER BY id")
    credit = Decimal(report["credit_usd"])
    assert rows.fetchall() == [("A. Clerk", 2031, credit), ("B. Clerk", 2031, credit)]
    latest = connection.execute(
        "SELECT product, cells, credit_usd FROM dash.us_product WHERE is_latest"
    ).fetchall()
    assert latest == [("vehicle", 30, float(credit))]
    with pytest.raises(psycopg.errors.RaiseException, match="statement_lot is a ledger"):
        connection.execute("DELETE FROM ledger.statement_lot")
