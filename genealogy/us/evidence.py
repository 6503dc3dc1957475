"""The evidence of a report: every cell and lot behind its numbers, in files with digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
from psycopg import sql

from genealogy.sql import statement
from genealogy.us.report import Report
from genealogy.us.scrap import Scrap
from storage.connect import Connection

#: What is written, and the query of each.
_TABLES = {"cells": "us_evidence_cells", "lots": "us_evidence_lots", "material": "us_evidence_uses"}


class EvidenceError(Exception):
    """The files cannot be written there; the text says why."""


def write(connection: Connection, report: Report, rules: Path, folder: Path) -> list[Path]:
    """Write the files of *report* to *folder*, which must be new or empty; return them.

    In the transaction in which *report* was worked out, so that both are of one moment. `MANIFEST`
    has the SHA-256 of each other file, one a line, as `sha256sum --check` reads it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise EvidenceError(f"{folder} is not empty; evidence is written to a new folder")
        files = [_table(connection, folder / f"{name}.csv", _TABLES[name]) for name in _TABLES]
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


def _table(connection: Connection, path: Path, query: str) -> Path:
    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(statement(query))
    with connection.cursor() as cursor, cursor.copy(copy) as rows, path.open("wb") as file:
        for block in rows:
            file.write(block)
    return path


def cells(
    connection: Connection, choice: Mapping[str, object], limit: int
) -> Sequence[tuple[object, ...]]:
    """Return cells of the report's temporary table: *choice* has reason, product and month."""
    return connection.execute(statement("us_chosen_cells"), {**choice, "limit": limit}).fetchall()
