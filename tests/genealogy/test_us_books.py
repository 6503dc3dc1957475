"""The books of the ledger: files in, corrections, and what is wrong with a file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from genealogy.us.book_rows import Book, BookError
from genealogy.us.books import Taken, take
from storage.connect import Connection, connect
from tests.genealogy.test_us_ledger import CALIBRATIONS, LOTS, take_text

SALES = """cell,what,on_date,customer,customer_class,invoice
cell-1,sold,2031-03-05,Grid Co,unrelated,
cell-2,stock,2031-03-05,,,
cell-1,returned,2031-03-09,,,
cell-1,returned,2031-03-09,,,
cell-2,stock,2031-03-05,,,
cell-1,sold,2031-03-05,Grid Co,unrelated,
"""


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    with connect(migrated_database, application="test") as connection:
        yield connection


def test_the_books_only_grow(connection: Connection, tmp_path: Path) -> None:
    assert take_text(connection, Book.LOTS, LOTS, tmp_path) == Taken(2, 0)
    assert take_text(connection, Book.LOTS, LOTS, tmp_path) == Taken(0, 2)
    for change in ("UPDATE ledger.lot SET usd_per_unit = 1", "DELETE FROM ledger.lot"):
        with pytest.raises(psycopg.errors.RaiseException, match="lot is a ledger"):
            connection.execute(change)
        connection.rollback()


def test_a_file_with_errors_is_told_all_of_them_and_adds_nothing(
    connection: Connection, tmp_path: Path
) -> None:
    text = LOTS.replace("US", "usa", 1).replace("10000,kg,5", "-1,kg,free")
    with pytest.raises(BookError) as caught:
        take_text(connection, Book.LOTS, text, tmp_path)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("lots.csv: 3 errors")
    assert [line.split(":")[0] + line.split(":")[1] for line in lines[1:]] == [
        "  line 2 country", "  line 3 amount", "  line 3 usd_per_unit",
    ]  # fmt: skip
    row = connection.execute("SELECT count(*) FROM ledger.lot").fetchone()
    assert row == (0,)
    with pytest.raises(BookError, match=r"no column lot; unknown 'los'; the columns are lot, "):
        take_text(connection, Book.LOTS, LOTS.replace("lot,", "los,", 1), tmp_path)


def test_rows_of_one_file_follow_on_each_other_and_on_the_book(
    connection: Connection, tmp_path: Path
) -> None:
    assert take_text(connection, Book.DISPOSITIONS, SALES, tmp_path) == Taken(4, 2)
    # The first row is a correction of the last; all that follows is as before.
    assert take_text(connection, Book.DISPOSITIONS, SALES, tmp_path) == Taken(2, 4)
    rows = connection.execute("SELECT cell, what FROM ledger.disposition ORDER BY id").fetchall()
    first = [("cell-1", "sold"), ("cell-2", "stock"), ("cell-1", "returned"), ("cell-1", "sold")]
    assert rows == [*first, ("cell-1", "returned"), ("cell-1", "sold")]


def test_an_empty_position_is_a_place_of_its_own(connection: Connection, tmp_path: Path) -> None:
    assert take_text(connection, Book.CALIBRATIONS, CALIBRATIONS, tmp_path) == Taken(1, 0)
    other = CALIBRATIONS.replace("l1-tester-01,,", "l1-tester-01,3,")
    assert take_text(connection, Book.CALIBRATIONS, other, tmp_path) == Taken(1, 0)
    assert take_text(connection, Book.CALIBRATIONS, CALIBRATIONS, tmp_path) == Taken(0, 1)
    # An amount that is written otherwise is the same amount.
    assert take_text(connection, Book.LOTS, LOTS, tmp_path) == Taken(2, 0)
    same = LOTS.replace("kg,20,", "kg,20.00,")
    assert take_text(connection, Book.LOTS, same, tmp_path) == Taken(0, 2)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            SALES.encode().replace(b"Grid", b"Gr\xefd"),
            "not UTF-8 after line [0-9]; save it as UTF-8",
        ),
        (SALES.encode().replace(b"Grid Co", b'"Grid" Co'), "line 2: .*CSV with commas"),
        (b"", "no column cell; no column what; no column on_date; the columns are cell, what"),
        (SALES.encode() + b"cell-9,lost,,,,\n" * 99, "198 errors\n  line 8: what: "),
    ],
)
def test_what_is_no_book_is_told_with_the_place(
    connection: Connection, tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    with pytest.raises(BookError, match=f"sales.csv: {told}") as caught:
        take(connection, Book.DISPOSITIONS, path, "tester")
    assert len(str(caught.value).splitlines()) < 60
    connection.rollback()
    assert take_text(connection, Book.DISPOSITIONS, SALES, tmp_path) == Taken(4, 2)


def test_a_file_that_cannot_be_taken_leaves_the_command_with_an_error(
    migrated_database: str, tmp_path: Path
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(SALES.replace("cell-2,stock", "cell-2,lost"), encoding="utf-8")
    command = [sys.executable, "-m", "jellyroll", "ledger", "import", "dispositions", str(path)]
    ended = subprocess.run(
        [*command, "--database", migrated_database], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "sales.csv: 2 errors" in ended.stderr
    assert "Traceback" not in ended.stderr
    with connect(migrated_database, application="test") as connection:
        assert connection.execute("SELECT count(*) FROM ledger.disposition").fetchone() == (0,)
