"""What the board of US production shows: two statements of a year, lots and their certificates."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.connect import Connection

_LOT = (
    "product, month, lot, material, amount, unit, cost_usd, clean_usd, domestic_usd, problem,"
    " blocked_kwh"
)
_SCRAP = (
    "product, station, result, material, unit, amount, recycled, kg, recycled_kg, cost_usd,"
    " recycled_usd"
)


def fill_us(connection: Connection, now: datetime) -> None:
    """Insert a statement of three hours ago and one of an hour ago, and three lots."""
    for lot, material, days in (("nca-1", "nca", 40), ("drum-1", "electrolyte", -10)):
        connection.execute(
            "INSERT INTO ledger.lot (who, file_sha256, lot, material, supplier, country,"
            "   is_prohibited, certificate, certificate_until, amount, unit, usd_per_unit,"
            "   received_on)"
            " VALUES ('kim', '', %s, %s, 'Good Cathode', 'US', false, 'C-1', %s, 10, 'kg', 20, %s)",
            (lot, material, (now + timedelta(days=days)).date(), now.date()),
        )
    for hours, credit in ((3, 100), (1, 120)):
        _statement(connection, now - timedelta(hours=hours), credit)


def _statement(connection: Connection, at: datetime, credit: int) -> None:
    row = connection.execute(
        "INSERT INTO ledger.statement (recorded_at, who, year, rules_sha256, unverified, factor,"
        "   kwh, credit_usd, keep_until)"
        " VALUES (%s, 'kim', 2026, '', 2, 1, 3, %s, '2033-12-31') RETURNING id",
        (at, credit),
    ).fetchone()
    assert row is not None
    for table, columns, values in (
        ("product", "product, cells, kwh, credit_usd", ("vehicle", 170, 3, credit)),
        ("excluded", "product, reason, cells, kwh", ("vehicle", "in stock", 9, 0.2)),
        (
            "month",
            "product, month, cells, kwh, cost_usd, ratio, threshold, domestic_ratio, reason",
            ("vehicle", "2026-03-01", 170, 3, 250, 0.7, 0.6, 0.4, None),
        ),
        (
            "lot",
            _LOT,
            ("vehicle", "2026-03-01", "nca-1", "nca", 4, "kg", 80, 0, 80, "no certificate", 1.5),
        ),
        (
            "failed",
            "product, station, result, cells, recycled, cost_usd",
            ("vehicle", "filling", "fill_mass", 7, 3, 14),
        ),
        (
            "scrap",
            _SCRAP,
            ("vehicle", "filling", "fill_mass", "nca", "kg", 0.2, 0.1, 0.2, 0.1, 4, 2),
        ),
    ):  # fmt: skip
        connection.execute(
            f"INSERT INTO ledger.statement_{table} (statement, {columns})"
            f" VALUES ({', '.join(['%s'] * (1 + len(values)))})",
            (*row, *values),
        )
