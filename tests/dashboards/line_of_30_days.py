"""A database that the simulator filled with 30 days of lines, and how long each board takes on it.

    python -m tests.dashboards.line_of_30_days [--lines 8] [--live 24h] [--curves 4h]

One line is simulated; further lines are copies of it under other names.

Samples of machines are ten minutes apart, as in a history, and in the last hours (`--live`) as
fast as machines sample; trays have curves in the last of these (`--curves`). What services would
have written (ledger, quality of cells, anomalies, alerts, models, statements) is made up: every
cell of the end of the line has a grade, and ingest has committed each two seconds.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv, parquet

from plant.load import load_plant
from stack.home import create_database
from stack.packages import install
from stack.postgres import PrivateCluster
from storage.connect import connect
from storage.migrate import migrate
from storage.views import columns_of

_PILOT = Path("plant/pilot.toml")
#: What trays say, curves alone.
_CURVES = "telemetry.formation"
_PASSWORD = "see all, touch nothing"  # of a cluster that is gone afterwards


def main() -> int:
    """Simulate, load and time; return the exit code of `jellyroll dashboards time`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--scale", type=float, default=1.0, help="of each line's cells a second")
    parser.add_argument("--live", default="1h", help="samples as fast as machines give them")
    parser.add_argument("--curves", default="15m", help="and trays with curves for so long")
    parser.add_argument("--folder", type=Path, help="keep all in it; use what is there already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jellyroll-") as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        plant = _plant(folder, options.lines)
        is_new = not (folder / "filled").exists()
        if not (folder / "rows").exists():
            _simulate(folder / "rows", options)
        cluster = PrivateCluster(install(), folder / "cluster")
        cluster.start()
        try:
            if is_new:
                create_database(cluster, "line")
            dsn = cluster.dsn("line")
            migrate(dsn, load_plant(plant), passwords={"grafana_reader": _PASSWORD})
            if is_new:
                load(dsn, folder / "rows")
                copy_lines(dsn)
                fill(dsn, options.days)
                (folder / "filled").touch()
            _jellyroll("rollup", "--once", "--plant", str(plant), "--database", dsn)
            with connect(dsn, application="test", autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
            reader = psycopg.conninfo.make_conninfo(dsn, user="grafana_reader", password=_PASSWORD)
            done = _jellyroll("dashboards", "time", "--database", reader, "--until", _end(dsn))
        finally:
            cluster.stop("immediate")
    return done.returncode


def _plant(folder: Path, lines: int) -> Path:
    """Return a plant file of so many pilot lines."""
    names = [f"l{number}" for number in range(1, lines + 1)]
    plant = folder / "lines.toml"
    base = _PILOT.resolve()
    plant.write_text(f'base = "{base}"\n[production]\nlines = {names}\n', encoding="utf-8")
    return plant


def _simulate(rows: Path, options: argparse.Namespace) -> None:
    """Simulate a line, and its trays once more with curves: the same seed makes the same cells."""
    line = (
        "simulate", "--plant", str(_PILOT), "--scale", str(options.scale),
        "--recipes", "vehicle:5d,storage:2d", "--speed", "1000",
    )  # fmt: skip
    _jellyroll(
        *line, "--out", str(rows), "--history", f"{options.days}d", "--history-period", "10m",
        "--no-curves", "--duration", options.live,
    ).check_returncode()  # fmt: skip
    with tempfile.TemporaryDirectory(dir=rows.parent) as name:
        curves = Path(name) / "rows"
        _jellyroll(*line, "--out", str(curves), "--duration", options.curves).check_returncode()
        shutil.rmtree(rows / _CURVES, ignore_errors=True)
        (curves / _CURVES).rename(rows / _CURVES)


def load(dsn: str, rows: Path) -> None:
    """Copy the Parquet of a run into the database."""
    with connect(dsn, application="test") as connection, connection.cursor() as cursor:
        for folder in sorted(rows.iterdir()):
            schema, _, table = folder.name.partition(".")
            for file in sorted(folder.glob("*.parquet")):
                content = parquet.read_table(file)
                copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
                    sql.Identifier(schema, table),
                    sql.SQL(", ").join(map(sql.Identifier, content.column_names)),
                )
                if any(pa.types.is_nested(column.type) for column in content.schema):
                    with cursor.copy(copy) as stream:
                        for row in _rows(content.to_pydict()):
                            stream.write_row(row)
                else:
                    text = pa.BufferOutputStream()
                    csv.write_csv(content, text, csv.WriteOptions(include_header=False))
                    with cursor.copy(copy + sql.SQL(" (FORMAT csv)")) as stream:
                        stream.write(text.getvalue().to_pybytes())
            connection.commit()


def copy_lines(dsn: str) -> None:
    """Repeat all of line `l1` as every other line of the plant."""
    names = {"equipment": "replace(equipment, 'l1-', {line} || '-')"}
    names |= {
        column: f"regexp_replace({column}, '^l1-|^', {{line}} || '-')"
        for column in ("cell", "child", "parent", "thing")
    }
    with connect(dsn, application="test", autocommit=True) as connection:
        tables = connection.execute(
            "SELECT hypertable_schema, hypertable_name FROM timescaledb_information.hypertables"
            " WHERE hypertable_schema IN ('telemetry', 'machine', 'material')"
            " OR (hypertable_schema = 'cell' AND hypertable_name ~ '^[a-z_]+$')"
        ).fetchall()
        for schema, table in tables:
            columns = columns_of(connection, schema, table)
            if "batch" not in columns:
                continue
            values = sql.SQL(", ").join(
                sql.SQL(names[column]).format(line=sql.SQL("l.name"))
                if column in names
                else sql.Identifier(column)
                for column in columns
            )
            connection.execute(
                sql.SQL(
                    "INSERT INTO {0} ({1}) SELECT {2} FROM {0} CROSS JOIN plant.line AS l"
                    " WHERE l.name <> 'l1' AND equipment LIKE 'l1-%'"
                ).format(
                    sql.Identifier(schema, table),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    values,
                )
            )


def fill(dsn: str, days: int) -> None:
    """Make up what services would have written meanwhile: ledger, quality, anomalies, alerts."""
    text = Path(__file__).with_name("line_of_30_days.sql").read_text(encoding="utf-8")
    with connect(dsn, application="test", autocommit=True) as connection:
        connection.execute(text.replace("{days}", str(days)))


def _end(dsn: str) -> str:
    """Return the time of the last cell, UTC."""
    with connect(dsn, application="test") as connection:
        last = connection.execute("SELECT max(time) FROM cell.filling").fetchone()
    end = last[0] if last and last[0] else datetime.now(UTC)
    return f"{end.astimezone(UTC) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"


def _rows(columns: dict[str, list[object]]) -> Iterator[tuple[object, ...]]:
    return zip(*columns.values(), strict=True)


def _jellyroll(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    program = Path(sys.executable).with_name("jellyroll")
    return subprocess.run([program, *arguments], check=False)


if __name__ == "__main__":
    sys.exit(main())
