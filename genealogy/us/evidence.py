"""The evidence of a report: every cell and lot behind its numbers, in files with digests."""

from __future__ import annotations

import csv
import enum
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import orjson
from psycopg import sql

from genealogy.sql import statement
from genealogy.us.report import LotUse, Report
from genealogy.us.scrap import Scrap
from storage.connect import Connection

#: What is written, and the query of each.
_TABLES = {"cells": "us_evidence_cells", "lots": "us_evidence_lots", "material": "us_evidence_uses"}


class EvidenceError(Exception):
    """The files cannot be written there; the text says why."""


class Format(enum.StrEnum):
    """How the tables of the evidence are written; the value is also their ending."""

    CSV = "csv"
    PARQUET = "parquet"


def write(
    connection: Connection, report: Report, rules: Path, folder: Path, form: Format = Format.CSV
) -> list[Path]:
    """Write the files of *report* to *folder*, which must be new or empty; return them.

    In the transaction in which *report* was worked out, so that both are of one moment. `MANIFEST`
    has the SHA-256 of each other file, one a line, as `sha256sum --check` reads it.
    """
    table, uses = (_csv, _csv_of) if form is Format.CSV else _parquet_writers()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise EvidenceError(f"{folder} is not empty; evidence is written to a new folder")
        files = []
        for name, query in _TABLES.items():
            files.append(folder / f"{name}.{form}")
            table(connection, statement(query), files[-1])
        files.append(folder / f"costs.{form}")
        uses(report.lots, files[-1])
        files.append(folder / "report.json")
        files[-1].write_bytes(as_json(report))
        files.append(folder / "rules.toml")
        files[-1].write_bytes(rules.read_bytes())
        manifest = folder / "MANIFEST"
        manifest.write_text(
            "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files),
            encoding="utf-8",
        )
    except OSError as error:
        raise EvidenceError(f"{folder}: cannot be written ({error.strerror})") from error
    return [*files, manifest]


def as_json(report: Report | Scrap) -> bytes:
    """Return *report* as a JSON document; amounts are texts, so that no digit is lost."""
    return orjson.dumps(asdict(report), default=str, option=orjson.OPT_INDENT_2)


class Opened(NamedTuple):
    """The cells behind a number: how many, their energy, and the first of them in rows."""

    found: int
    kwh: Decimal
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


def cells(connection: Connection, choice: Mapping[str, object], limit: int) -> Opened:
    """Return cells of the report's temporary table.

    *choice* has reason, product, month and cells, None for all.
    """
    cursor = connection.execute(statement("us_chosen_cells"), {**choice, "limit": limit})
    columns = tuple(column.name for column in cursor.description or ())
    rows = cursor.fetchall()
    whole = connection.execute(statement("us_chosen_sum"), choice).fetchone()
    count, kwh = whole or (0, Decimal(0))
    return Opened(count, kwh, columns, rows)


def _csv(connection: Connection, query: sql.SQL, path: Path) -> None:
    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(query)
    with connection.cursor() as cursor, cursor.copy(copy) as rows, path.open("wb") as file:
        for block in rows:
            file.write(block)


def _csv_of(uses: Sequence[LotUse], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(LotUse))
        writer.writerows(astuple(use) for use in uses)


_Writers = tuple[
    Callable[[Connection, sql.SQL, Path], None], Callable[[Sequence[LotUse], Path], None]
]


def _parquet_writers() -> _Writers:
    try:
        from genealogy.us import evidence_parquet  # noqa: PLC0415  # an extra that only this needs
    except ImportError as error:
        raise EvidenceError("Parquet needs pyarrow: pip install 'jellyroll[parquet]'") from error
    return evidence_parquet.write_query, evidence_parquet.write_uses
