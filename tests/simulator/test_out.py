"""Runs into Parquet without a broker, of plants of other sizes, in other forms of messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from jellyroll import app
from plant.model import Plant
from plant.tables import Column, ColumnType, telemetry_table
from simulator.line import Line
from simulator.message import Message, Window
from simulator.out import OutError, TableFolder
from simulator.samples import SampleLine, samples
from simulator.scale import scaled

SMALL = Path(__file__).with_name("small.toml")
HOUR_MS = 3_600_000
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
Read = Callable[[Iterable[Message]], Rows]


def simulate(*options: str) -> dict[str, Any]:
    done = CliRunner().invoke(
        app, ["simulate", "--plant", str(SMALL), "--json", *options], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    total: dict[str, Any] = orjson.loads(done.stdout.splitlines()[-1])
    return total


def test_parquet_has_the_rows_that_ingest_would_have(
    tmp_path: Path, small: Plant, read: Read, now_ms: int
) -> None:
    line = Line(small, "l1", 1)
    midnight_ms = now_ms // (24 * HOUR_MS) * 24 * HOUR_MS
    window = Window(midnight_ms - 120_000, midnight_ms + 120_000, 60_000, is_first=True)
    with TableFolder(tmp_path / "out", small) as folder:
        for message in line.messages(window):
            folder.add(message)
    expected = read(line.messages(window))
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == sorted(expected)
    for name, rows in expected.items():
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for file in sorted((tmp_path / "out" / name).iterdir()):
            table = pq.read_table(file)
            times = table["time"].cast("int64").to_pylist()
            assert times == sorted(times)
            days = {str(np.datetime64(t, "us").astype("datetime64[D]")) for t in times}
            assert days == {file.stem}
            for row, time_us in zip(table.to_pylist(), times, strict=True):
                key_names = next(t.key for t in small.tables.values() if str(t) == name)
                row["time"] = time_us
                found[tuple(row[k] for k in key_names)] = row
        assert found.keys() == rows.keys()
        for key, row in rows.items():
            for column, value in row.items():
                same(found[key][column], value)
            assert all(v is None for n, v in found[key].items() if n not in row)


def same(found: Any, expected: Any) -> None:
    """Fail unless a cell of Parquet is what the decoder says, null being NaN."""
    if isinstance(expected, np.ndarray):
        assert [np.nan if v is None else v for v in found] == pytest.approx(
            expected.tolist(), abs=0, nan_ok=True
        )
    elif isinstance(expected, float) and np.isnan(expected):
        assert found is None
    else:
        assert found == expected


def test_a_history_and_then_live_go_into_files_at_full_speed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    total = simulate(
        "--out", str(out), "--history", "2h", "--duration", "20s", "--fault", "F12:nozzle=3"
    )
    assert total["phase"] == "done"
    assert len(total["faults"]) == 1
    written = Counter[str]()
    for file in out.rglob("*"):
        if file.is_file():
            assert file.suffix == ".parquet"
            written[file.parent.name] += pq.read_metadata(file).num_rows
    assert written == total["tables"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, small: Plant) -> None:
    (tmp_path / "notes").touch()
    with pytest.raises(OutError, match="is not empty: choose a new folder"):
        TableFolder(tmp_path, small)


def test_out_needs_to_know_how_much(tmp_path: Path) -> None:
    options = ["simulate", "--plant", str(SMALL), "--out", str(tmp_path / "x")]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 2
    assert "needs --history or --duration" in " ".join(done.output.replace("│", " ").split())


def test_samples_are_the_rows_of_the_blocks_each_in_its_own_message(
    small: Plant, read: Read, now_ms: int
) -> None:
    for window in (
        Window(now_ms - 300_000, now_ms, 60_000, is_first=True),
        Window(now_ms - 2_000, now_ms),
    ):
        blocks = list(Line(small, "l1", 1).messages(window))
        rows = list(SampleLine(small, "l1", 1).messages(window))
        assert len(rows) == sum(message.rows for message in blocks)
        assert {message.rows for message in rows} == {1}
        assert sum(m.values for m in rows) == sum(m.values for m in blocks)
        assert repr(read(rows)) == repr(_in_order(read(blocks), read(rows)))


def _in_order(rows: Rows, order: Rows) -> Rows:
    """Return *rows* in the order of *order*; fail where one has a row that the other lacks."""
    assert {t: set(r) for t, r in rows.items()} == {t: set(r) for t, r in order.items()}
    return {table: {key: rows[table][key] for key in order[table]} for table in order}


def test_a_sample_stays_as_it_is(small: Plant, now_ms: int) -> None:
    table = next(iter(small.tables.values()))
    message = Message("t", b'{"ts": 1, "v": 2}', table, 1, 1)
    assert list(samples(message)) == [message]


def test_the_second_copy_of_a_message_brings_no_row_as_samples_either() -> None:
    table = telemetry_table("filling", (Column("v", ColumnType.FLOAT),))
    block = Message("t", b'{"ts": [1, 2, 3], "v": [1, null, 2]}', table, 3, 2)
    first, second = list(samples(block)), list(samples(block._replace(rows=0, values=0)))
    assert [(m.rows, m.values) for m in first] == [(1, 1), (1, 0), (1, 1)]
    assert [m.payload for m in second] == [m.payload for m in first]
    assert {(m.rows, m.values) for m in second} == {(0, 0)}


def test_out_tells_of_rows_and_of_no_broker(tmp_path: Path) -> None:
    options = ["simulate", "--plant", str(SMALL), "--out", str(tmp_path / "x"), "--history", "10m"]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 0
    told = " ".join(done.output.split())
    assert re.search(r"[\d,]+ rows, [\d,]+ values$", told)
    assert "acknowledged" not in told
    assert "acknowledged" not in simulate("--out", str(tmp_path / "y"), "--history", "10m")


def test_a_smaller_plant_keeps_the_first_machines_under_their_names(pilot: Plant) -> None:
    before = dict(pilot.equipment)
    tenth = scaled(pilot, 0.1)
    assert tenth.production.cells_per_second == pytest.approx(0.0365)
    trays = [name for name in tenth.equipment if "-tray-" in name]
    assert trays == [f"l1-tray-{n:03d}" for n in range(1, 14)]
    assert [m.name for m in tenth.equipment_at("l1", "filling")] == ["l1-filler-01"]
    assert all(pilot.equipment[name] == machine for name, machine in tenth.equipment.items())
    assert pilot.equipment == before


def test_a_faster_plant_has_its_machines_and_more_cells(small: Plant, now_ms: int) -> None:
    window = Window(now_ms - 60_000, now_ms)
    double = scaled(small, 2)
    assert double.equipment == small.equipment
    for plant, cells in ((small, 60), (double, 120), (scaled(small, 0.5), 30)):
        messages = Line(plant, "l1", 1).messages(window)
        assert sum(m.rows for m in messages if str(m.table) == "cell.filling") == cells
    assert scaled(small, 1) is small


def test_a_smaller_plant_is_simulated_by_the_command(tmp_path: Path) -> None:
    full = simulate("--out", str(tmp_path / "full"), "--history", "1h")
    half = simulate("--out", str(tmp_path / "half"), "--history", "1h", "--scale", "0.5",
                    "--form", "samples")  # fmt: skip
    assert half["tables"]["cell.filling"] == pytest.approx(
        full["tables"]["cell.filling"] / 2, rel=0.02
    )
    assert half["messages"] == half["rows"]
