from __future__ import annotations

import importlib
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import jellyroll
from plant.model import Plant
from simulator.faults import parse_fault
from simulator.line import Line
from simulator.message import Window
from simulator.parquet import parquet
from simulator.truth import TruthRow, truth, write_database, write_parquet
from stack.broker import PrivateBroker
from storage.connect import connect

SMALL = Path(__file__).with_name("small.toml")
HOUR_MS = 3_600_000


def rows_of(plant: Plant, now_ms: int, *texts: str, hours: int = 1) -> list[TruthRow]:
    lines = [Line(plant, name, 1) for name in plant.production.lines]
    faults = [parse_fault(text, plant).started(now_ms - HOUR_MS) for text in texts]
    return list(truth(lines, faults, now_ms - HOUR_MS, now_ms + (hours - 1) * HOUR_MS))


def test_it_says_what_where_when_and_which_cells(small: Plant, now_ms: int) -> None:
    rows = rows_of(small, now_ms, "F12:nozzle=3,size=0.5@+10m..+20m")
    # Two fillers of four nozzles at a cell a second: one cell in eight for ten minutes.
    assert len(rows) == 75
    assert len({row.cell for row in rows}) == 75
    first = rows[0]
    assert (first.fault, first.nature, first.line, first.station) == (
        "F12",
        "cell",
        "l1",
        "filling",
    )
    assert (first.equipment, first.position, first.size) == ("l1-filler-01", 3, 0.5)
    assert (first.severity, first.kind, first.signal) == (0.5, "", None)
    assert first.effect == "the dose: 0.38 g of 6.40 g -6 %; filling.fill_mass -6 %"
    assert first.touched_at is not None
    assert first.off_at is not None
    for row in rows:
        assert row.touched_at is not None
        assert first.on_at <= row.touched_at < first.off_at
    assert (first.on_at.timestamp(), first.off_at.timestamp()) == (
        now_ms / 1000 - 3_000,
        now_ms / 1000 - 2_400,
    )


def test_cells_that_are_wound_days_later_are_in_it(pilot: Plant, now_ms: int) -> None:
    rows = rows_of(pilot, now_ms, "F02", hours=24)
    assert 3_000 < len(rows) < 60_000
    assert {row.equipment for row in rows} == {"l1-coater-a-01"}
    # Ids have the day of winding: two to three days after the coating.
    first_day = datetime.fromisoformat("2026-11-18").timetuple().tm_yday
    days = {int(str(row.cell)[4:7]) for row in rows}
    assert days
    assert min(days) >= first_day + 2


def test_the_truth_of_two_hours_is_that_of_each_of_them(small: Plant, now_ms: int) -> None:
    line = Line(small, "l1", 1)
    faults = [
        parse_fault(text, small).started(now_ms - HOUR_MS)
        for text in ("F12:nozzle=1", "F15:tower=1", "F06", "F01:lane=2")
    ]
    whole = set(truth([line], faults, now_ms - HOUR_MS, now_ms + HOUR_MS))
    halves = {
        row._replace(run=next(iter(whole)).run)
        for at in (now_ms - HOUR_MS, now_ms)
        for row in truth([line], faults, at, at + HOUR_MS)
    }
    assert {row for row in halves if row.cell} == {row for row in whole if row.cell}


def test_a_fault_without_cells_is_told_too(small: Plant, now_ms: int) -> None:
    rows = rows_of(small, now_ms, "F19:kind=skew,equipment=l2-filler-01", "F18")
    assert [(row.fault, row.kind, row.nature, row.line, row.cell) for row in rows] == [
        ("F18", "", "measurement", "l1", None),
        ("F19", "skew", "message", "l2", None),
    ]


def test_a_fault_that_has_not_come_is_not_true(small: Plant, now_ms: int) -> None:
    assert rows_of(small, now_ms, "F12:nozzle=1@+2h") == []


def test_parquet_gives_back_what_was_written(small: Plant, now_ms: int, tmp_path: Path) -> None:
    rows = rows_of(small, now_ms, "F12:nozzle=3", "F18", "F19:kind=nan,equipment=l1-filler-01")
    path = tmp_path / "truth.parquet"
    assert write_parquet(rows, path) == len(rows) > 400
    table = parquet().read_table(path)
    assert table.column_names == list(TruthRow._fields)
    assert [TruthRow(*row.values()) for row in table.to_pylist()] == rows


def test_the_database_has_it_in_its_own_schema(
    migrated_database: str, small: Plant, now_ms: int
) -> None:
    rows = rows_of(small, now_ms, "F12:nozzle=3", "F18")
    assert write_database(rows, migrated_database) == len(rows)
    with connect(migrated_database, application="test") as connection:
        found = connection.execute(
            "SELECT * FROM sim.truth ORDER BY fault, touched_at NULLS LAST"
        ).fetchall()
        assert [TruthRow(*row) for row in found] == rows
        writer = connection.execute(
            "SELECT has_table_privilege('jellyroll_writer', 'sim.truth', 'INSERT'),"
            " has_table_privilege('grafana_reader', 'sim.truth', 'SELECT')"
        ).fetchone()
        assert writer == (True, False)


def simulate(monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["jellyroll", "simulate", "--plant", str(SMALL), *options])
    jellyroll.main()


def test_a_run_writes_the_truth_of_what_it_published(
    broker: PrivateBroker,
    small: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    migrated_database: str,
) -> None:
    broker.start()
    path = tmp_path / "truth.parquet"
    run = ["--broker", broker.url, "--json", "--history", "2h", "--until-live"]
    run += ["--no-stops", "--no-scrap"]
    target = ["--truth", str(path), "--truth-database", migrated_database]
    with pytest.raises(SystemExit) as ended:
        simulate(monkeypatch, *run, *target, "--fault", "F12:nozzle=3@-1h", "--fault", "F06")
    assert ended.value.code == 0
    rows = parquet().read_table(path).to_pylist()
    # F06 comes with live, which this run never is.
    assert {row["fault"] for row in rows} == {"F12"}
    assert len(rows) == pytest.approx(450, abs=2)
    with connect(migrated_database, application="test") as connection:
        assert connection.execute("SELECT count(*) FROM sim.truth").fetchone() == (len(rows),)
    # The line itself says the same of these cells.
    line = Line(small, "l1", 1)
    on_ms = round(rows[0]["on_at"].timestamp() * 1000)
    fault = parse_fault("F12:nozzle=3", small).started(on_ms)
    window = Window(on_ms, on_ms + 60_000, faults=(fault,))
    short = [m.payload for m in line.messages(window) if m.topic.endswith("l1-filler-01/cell")]
    assert all(row["cell"].encode() in b"".join(short) for row in rows[:5])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--truth", "/nowhere/truth.parquet"], "there is no folder /nowhere; make it first"),
        (["--truth-database", "postgresql://127.0.0.1:1/x"], "the database: "),
    ],
)
def test_what_keeps_it_from_being_written_is_told_before_the_run(
    options: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        simulate(monkeypatch, *options)
    assert expected in capsys.readouterr().err


def test_a_database_without_the_table_is_told_before_the_run(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        simulate(monkeypatch, "--truth-database", fresh_database)
    assert "no table sim.truth; run `jellyroll migrate`" in capsys.readouterr().err


def test_without_pyarrow_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.import_module

    def absent(name: str, package: str | None = None) -> Any:
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(SystemExit):
        simulate(monkeypatch, "--truth", "truth.parquet")
    assert "pip install 'jellyroll[parquet]'" in capsys.readouterr().err
