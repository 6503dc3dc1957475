"""Statements: what a year's report came to, kept in the ledger, where dashboards read it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import sql

from genealogy.sql import statement
from genealogy.us.report import Report
from genealogy.us.scrap import Scrap
from storage.connect import Connection


def year_of(year: int) -> tuple[datetime, datetime]:
    """Return the begin of *year* and of the next, UTC: whose scrap its statement has."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def record(connection: Connection, report: Report, scrap: Scrap, rules: Path, who: str) -> int:
    """Write *report* and *scrap* as a new statement in the name of *who*; return its number.

    *rules* is the file that the report rests on. The caller commits.
    """
    row = connection.execute(
        statement("us_insert_statement"),
        {
            "who": who, "year": report.year, "unverified": len(report.verify),
            "rules_sha256": hashlib.sha256(rules.read_bytes()).digest(),
            "factor": report.factor, "kwh": report.kwh, "credit_usd": report.credit_usd,
            "keep_until": report.keep_until,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    number = int(row[0])
    parts: Mapping[str, Sequence[Any]] = {
        "product": report.products,
        "excluded": report.excluded,
        "month": report.months,
        "lot": report.lots,
        "failed": scrap.causes,
        "scrap": scrap.materials,
    }
    for name, rows in parts.items():
        _add(connection, f"statement_{name}", number, rows)
    return number


def _add(connection: Connection, table: str, number: int, rows: Sequence[Any]) -> None:
    """Insert *rows*, dataclasses whose fields and properties are the columns of *table*."""
    if not rows:
        return
    names = [field.name for field in fields(rows[0]) if field.name != "unknown"]
    names += ["reason"] * (table == "statement_month")
    insert = sql.SQL("INSERT INTO {} (statement, {}) VALUES (%s, {})").format(
        sql.Identifier("ledger", table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join([sql.SQL("%s")] * len(names)),
    )
    with connection.cursor() as cursor:
        cursor.executemany(insert, [(number, *(getattr(row, n) for n in names)) for row in rows])
