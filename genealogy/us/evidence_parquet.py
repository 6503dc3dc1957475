"""Tables of the evidence as Parquet. Importing this needs pyarrow, an extra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from genealogy.us.book_rows import DECIMALS
from genealogy.us.report import LotUse
from storage.connect import Connection

_AT_ONCE = 50_000
_EXACT = pa.decimal128(38, DECIMALS)
_TYPES = {
    "numeric": _EXACT,
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "int2": pa.int64(),
    "int8": pa.int64(),
    "float8": pa.float64(),
    "bool": pa.bool_(),
}


def write_query(connection: Connection, query: sql.SQL, path: Path) -> None:
    """Write what *query* gives to *path*, fifty thousand rows at a time; numerics stay exact."""
    with connection.cursor("evidence") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(query)
        schema = pa.schema(
            [
                (column.name, _TYPES.get(_type_name(connection, column.type_code), pa.string()))
                for column in cursor.description or ()
            ]
        )
        with pq.ParquetWriter(path, schema) as writer:
            while rows := cursor.fetchmany(_AT_ONCE):
                columns = [
                    pa.array([row[at] for row in rows], field.type)
                    for at, field in enumerate(schema)
                ]
                writer.write_table(pa.table(columns, schema=schema))


def write_uses(uses: Sequence[LotUse], path: Path) -> None:
    """Write what of each lot was used and what it cost."""
    text = {"product", "lot", "material", "unit", "problem"}
    types = {"month": pa.date32(), "blocked_kwh": _EXACT, **dict.fromkeys(text, pa.string())}
    schema = pa.schema([(f.name, types.get(f.name, pa.float64())) for f in fields(LotUse)])
    pq.write_table(pa.Table.from_pylist([asdict(use) for use in uses], schema=schema), path)


def _type_name(connection: Connection, oid: int) -> str:
    found = connection.adapters.types.get(oid)
    return found.name if found else ""
