"""How fast the page is with many alerts: a real server on a real database, asked one by one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3
from psycopg import sql

from alerts.web import token
from alerts.web.role import Role
from plant.load import load_plant
from plant.model import Plant
from plant.tables import Kind
from stack.services import Services
from storage.connect import Connection, connect
from storage.migrate import migrate

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Load:
    """How many alerts, how often each page is asked, and the plant that they are of."""

    open: int
    history: int
    rounds: int
    plant: Path


@dataclass(frozen=True, slots=True)
class PageTime:
    """Milliseconds from request to the last byte of the answer."""

    page: str
    bytes: int
    median_ms: float
    worst_ms: float


def measure(running: Services, load: Load) -> list[PageTime]:
    """Return the time of each page, and of some of the API and the metrics."""
    plant = load_plant(load.plant)
    migrate(running.database, plant)
    with connect(running.database, application="jellyroll bench") as connection:
        fill(connection, plant, load)
        bearer, _ = token.add(connection, "bench", Role.VIEWER, 1)
        row = connection.execute("SELECT max(id) FROM alert.alert").fetchone()
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    web = running.start(
        "web", "web", "--plant", str(load.plant), "--database", running.database,
        "--listen", "127.0.0.1:0", "--open",
    )  # fmt: skip
    web.wait_for("the page is at")
    address = web.log.partition("the page is at ")[2].split()[0].rstrip("/")
    newest = row[0] if row else 0
    pages = (
        "/", "/alerts", "/alerts?show=all", "/alerts?show=closed&line=l1",
        "/alerts?show=all&text=no+such+title", f"/alerts?show=all&before={newest // 2}",
        f"/alerts/{newest}", "/performance", "/performance?line=l1", "/performance?days=366",
        "/api/v1/health", "/api/v1/alerts", "/api/v1/performance", "/metrics",
    )  # fmt: skip
    return list(_ask(address, pages, bearer, load.rounds))


def fill(connection: Connection, plant: Plant, load: Load) -> None:
    """Write the alerts of *load*, and a shift of cells, in the caller's transaction."""
    alerts = sql.SQL((_HERE / "page_fill.sql").read_text(encoding="utf-8"))
    connection.execute(alerts.format(history=load.history, open=load.open))
    cells = sql.SQL((_HERE / "page_cells.sql").read_text(encoding="utf-8"))
    for (kind, station), table in plant.tables.items():
        for line in plant.production.lines:
            if kind is Kind.CELL:
                connection.execute(
                    cells.format(
                        table=sql.Identifier(table.schema, table.name), station=station, line=line,
                        cells_per_s=plant.production.cells_per_second,
                    )
                )  # fmt: skip


def _ask(address: str, pages: Sequence[str], bearer: str, rounds: int) -> Iterator[PageTime]:
    headers = {"Authorization": f"Bearer {bearer}"}
    with urllib3.PoolManager() as http:
        for page in pages:
            times = []
            for _ in range(rounds + 1):
                began = time.perf_counter()
                answer = http.request("GET", f"{address}{page}", headers=headers)
                times.append(1000 * (time.perf_counter() - began))
                if answer.status != 200:
                    raise RuntimeError(f"{page} answers {answer.status}: {answer.data[:500]!r}")
            # The first one also reads the tables from the disk and the templates.
            later = times[1:]
            yield PageTime(page, len(answer.data), statistics.median(later), max(later))
