"""What Grafana does to a query before the database sees it, and a database to show it to."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from plant.model import Plant
from stack.postgres import PrivateCluster
from storage.connect import Connection, connect
from storage.migrate import migrate

GENERATED = Path(__file__).parents[2] / "dashboards" / "generated"

# Grafana's roundInterval: below the first number, in ms, the second is taken.
_ROUNDED = (
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1_500, 1_000),
    (3_500, 2_000), (7_500, 5_000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000),
    (45_000, 30_000), (90_000, 60_000), (210_000, 120_000), (450_000, 300_000),
    (750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000), (2_700_000, 1_800_000),
    (5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000),
    (32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000),
)  # fmt: skip
_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

Variables = dict[str, str | list[str]]


def duration_ms(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()  # type: ignore[union-attr]
    return int(number) * _UNITS_MS[unit]


@dataclass(frozen=True)
class View:
    """The time range on the screen, and how many pixels wide the panel is."""

    start: datetime
    end: datetime
    pixels: int = 900

    def interval_ms(self, panel: dict[str, Any] | None = None) -> int:
        """Return the bucket that Grafana chooses for *panel*."""
        panel = panel or {}
        span = (self.end - self.start) / timedelta(milliseconds=1)
        wanted = span / panel.get("maxDataPoints", self.pixels)
        rounded = next((value for limit, value in _ROUNDED if wanted < limit), 604_800_000)
        return max(rounded, duration_ms(panel.get("interval", "1s")))


def interpolate(text: str, variables: Variables) -> str:
    """Put the variables in, as the browser does with the format `sqlstring`."""

    def value(match: re.Match[str]) -> str:
        chosen = variables[match[1]]
        many = [chosen] if isinstance(chosen, str) else chosen
        return ",".join("'" + one.replace("'", "''") + "'" for one in many)

    text = re.sub(r"\$\{(\w+):sqlstring\}", value, text)
    left = re.search(r"\$\{\w+[^}]*\}|\$(?!__)\w+", text)
    assert left is None, f"a variable without the format sqlstring: {left}"
    return text


def expand(text: str, view: View, panel: dict[str, Any] | None = None) -> str:
    """Replace the macros, in the order and with the pattern of Grafana's server."""
    ms = view.interval_ms(panel)
    shown = next(
        f"{ms // size}{unit}" for unit, size in reversed(_UNITS_MS.items()) if ms % size == 0
    )
    text = text.replace("$__interval_ms", str(ms)).replace("$__interval", shown)
    start, end = (f"'{t:%Y-%m-%dT%H:%M:%SZ}'" for t in (view.start, view.end))

    def macro(match: re.Match[str]) -> str:
        name, arguments = match[1], [a.strip() for a in match[2].split(",")]
        match name:
            case "__timeFilter":
                return f"{arguments[0]} BETWEEN {start} AND {end}"
            case "__timeFrom":
                return start
            case "__timeTo":
                return end
            case "__timeGroup" | "__timeGroupAlias":
                width = duration_ms(arguments[1].strip("'")) / 1000
                alias = ' AS "time"' if name == "__timeGroupAlias" else ""
                return f"time_bucket('{width:.3f}s',{arguments[0]}){alias}"
        raise AssertionError(f"unknown macro {name!r}")

    # Grafana's own pattern: no nested parentheses in the arguments.
    return re.sub(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)", macro, text)


@pytest.fixture
def render() -> Callable[..., str]:
    """A query as it reaches the database: `render(text, view, variables, panel)`."""

    def rendered(
        text: str, view: View, variables: Variables, panel: dict[str, Any] | None = None
    ) -> str:
        return expand(interpolate(text, variables), view, panel)

    return rendered


@pytest.fixture(scope="session")
def board() -> dict[str, Any]:
    """The committed board."""
    content: dict[str, Any] = json.loads((GENERATED / "jr-line.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session")
def views(now: datetime) -> dict[str, View]:
    """The three zooms that read raw rows, minutes and hours."""
    spans = {
        "15 min": timedelta(minutes=15),
        "24 h": timedelta(hours=24),
        "90 d": timedelta(days=90),
    }
    return {name: View(now - span, now) for name, span in spans.items()}


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def plant_database(cluster: PrivateCluster, pilot: Plant, now: datetime) -> Iterator[str]:
    """The dsn of a migrated database with cells, samples, books, alerts and anomalies in it."""
    name = f"dashboards_{secrets.token_hex(4)}"
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    dsn = cluster.dsn(name)
    migrate(dsn, pilot, passwords={"grafana_reader": "see all, touch nothing"})
    with connect(dsn, application="test") as connection:
        _fill(connection, now)
    yield dsn
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


@pytest.fixture(scope="session")
def reader(plant_database: str) -> Iterator[Connection]:
    """A connection as Grafana has it, with the settings of its role."""
    dsn = make_conninfo(plant_database, user="grafana_reader", password="see all, touch nothing")
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def _fill(connection: Connection, now: datetime) -> None:
    # A cell each 5 s for the last two hours, each 3 minutes for the last two days, each hour for
    # the last 90 days, on eight nozzles of which the third doses low.
    for every_s, count in ((5, 1_440), (180, 960), (3_600, 2_160)):
        connection.execute(
            "INSERT INTO cell.filling (time, cell, equipment, position, verdict, fill_mass)"
            " SELECT %(now)s - make_interval(secs => %(every)s * i),"
            "   'c' || %(every)s || '-' || i, 'l1-filler-01', 1 + i %% 8,"
            "   CASE i %% 50 WHEN 0 THEN 'fail' ELSE 'pass' END,"
            "   6.4 + 0.02 * sin(i) - CASE i %% 8 WHEN 2 THEN 0.38 ELSE 0 END"
            " FROM generate_series(1, %(count)s) AS i",
            {"now": now, "every": every_s, "count": count},
        )
    connection.execute(
        "INSERT INTO cell.welding (time, cell, equipment, weld_current)"
        " SELECT %s - make_interval(secs => 60 * i), 'w' || i, 'l1-welder-01', 900"
        " FROM generate_series(1, 100) AS i",
        (now,),
    )
    connection.execute(
        "INSERT INTO telemetry.filling (time, equipment, vacuum, dose_flow)"
        " SELECT now() - make_interval(secs => i), 'l1-filler-01', 5,"
        "   array_fill(0.05::float8, '{8}')"
        " FROM generate_series(1, 50) AS i"
    )
    connection.execute(
        "INSERT INTO ingest.batch"
        " (id, worker, received_at, committed_at, messages, rows, value_count, dead_letters)"
        " SELECT i, 'w', t, t, 100, 100, 2000, 1 FROM generate_series(1, 500) AS i"
        " CROSS JOIN LATERAL (SELECT %s - make_interval(mins => 10 * i) AS t) AS at",
        (now,),
    )
    connection.execute(
        "INSERT INTO ingest.dead_letter"
        " (batch, received_at, topic, payload, reason, detail, digest)"
        " SELECT id, received_at, 'v1/acme/desoto/x', '{', 'bad json', 'ends early', sha256('x')"
        " FROM ingest.batch WHERE id > 3"
    )
    for state, minutes in (("on", 60), ("off", 30), ("on", 10)):
        connection.execute(
            "INSERT INTO analysis.anomaly (detected_at, state, line, station, equipment, position,"
            " characteristic, direction, since, time, statistic, limit_value, value, expected, sd,"
            " unit, samples, last_points, model)"
            " VALUES (%s, %s, 'l1', 'filling', 'l1-filler-01', 3, 'fill_mass', 'low', %s, %s,"
            " 9, 5, 6.02, 6.4, 0.025, 'g', 12, '[]', 'cusum-1')",
            (now - timedelta(minutes=minutes), state, now - timedelta(minutes=minutes + 5), now),
        )
    connection.execute(
        "INSERT INTO alert.alert (opened_at, state, severity, line, station, equipment, position,"
        " characteristic, direction, title, since, details) VALUES (%s, 'unacknowledged', 'high',"
        " 'l1', 'filling', 'l1-filler-01', 3, 'fill_mass', 'low', 'Nozzle 3 doses low', %s, '{}')",
        (now - timedelta(minutes=9), now - timedelta(minutes=15)),
    )
    connection.execute("ANALYZE")


def queries_of(board: dict[str, Any]) -> Sequence[tuple[str, str, str, dict[str, Any]]]:
    """Return name, format, text and panel of each query of a board."""
    found = [
        (f"{panel['title']} {target['refId']}", target["format"], target["rawSql"], panel)
        for panel in board["panels"]
        for target in panel["targets"]
    ]
    found += [
        (f"variable {v['name']}", "table", v["query"], {})
        for v in board["templating"]["list"]
        if v["type"] == "query"
    ]
    found += [
        (f"annotation {a['name']}", a["target"]["format"], a["target"]["rawSql"], {})
        for a in board["annotations"]["list"]
    ]
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `board_query` once for each query of each committed board."""
    if "board_query" in metafunc.fixturenames:
        boards = [
            json.loads(p.read_text(encoding="utf-8")) for p in sorted(GENERATED.glob("*.json"))
        ]
        queries = [query for content in boards for query in queries_of(content)]
        metafunc.parametrize("board_query", queries, ids=[query[0] for query in queries])
