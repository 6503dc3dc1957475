from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plant.model import Plant
from plant.payload import PayloadDecoder
from plant.times import to_us
from simulator.captured import Captured
from simulator.table import TableError, TableFile
from simulator.table_mapping import MappingError, load_mapping

MAPPING = """
[time]
column = "when"
zone = "America/Chicago"

[[messages]]
equipment = "l1-filler-01"
[messages.values]
vacuum = "vac_mbar"
dose_flow = ["f1", "f2", "f3", "f4"]

[[messages]]
equipment = { column = "machine" }
kind = "cell"
[messages.values]
cell = "serial"
position = "nozzle"
fill_mass = { column = "mass_kg", factor = 1000 }
verdict = { fixed = "pass" }
"""
TABLE = """when,vac_mbar,f1,f2,f3,f4,machine,serial,nozzle,mass_kg,other
2026-11-22 02:30:00,5.5,1,2,,4,l2-filler-02,K1,3,0.00641,x
2026-11-22 02:30:00.250,,,,,,l1-filler-01,K2,4,6.5e-3,x
2026-11-22 02:31:00,5.25,1,2,3,4,l1-filler-01,,,,x
"""
NOW_US = to_us(datetime.fromisoformat("2026-11-22T08:32:00Z"))


def table(folder: Path, plant: Plant, mapping: str = MAPPING, text: str = TABLE) -> TableFile:
    (folder / "map.toml").write_text(mapping)
    (folder / "table.csv").write_text(text)
    return TableFile(folder / "table.csv", load_mapping(folder / "map.toml", plant), plant)


def shown(messages: list[Captured]) -> list[tuple[str, Any]]:
    return [("/".join(m.topic.split("/")[5:]), orjson.loads(m.payload)) for m in messages]


EXPECTED = [
    ("l1-filler-01/telemetry",
     {"ts": 1795336200000, "vacuum": 5.5, "dose_flow": [1.0, 2.0, None, 4.0]}),
    ("l2-filler-02/cell",
     {"ts": 1795336200000, "cell": "K1", "position": 3, "fill_mass": 6.41, "verdict": "pass"}),
    ("l1-filler-01/cell",
     {"ts": 1795336200250, "cell": "K2", "position": 4, "fill_mass": 6.5, "verdict": "pass"}),
    ("l1-filler-01/telemetry",
     {"ts": 1795336260000, "vacuum": 5.25, "dose_flow": [1.0, 2.0, 3.0, 4.0]}),
]  # fmt: skip


def test_each_row_says_of_each_machine_what_the_mapping_names(tmp_path: Path, small: Plant) -> None:
    found = table(tmp_path, small)
    messages = list(found.messages(0))
    assert shown(messages) == EXPECTED
    assert (found.first_us, found.last_us) == (messages[0].time_us, messages[-1].time_us)
    decoder = PayloadDecoder(small, now_us=lambda: NOW_US)
    assert sum(f.rows for m in messages for f in decoder.decode(m.topic, m.payload)) == 4


def test_rows_of_one_window_are_a_block(tmp_path: Path, small: Plant) -> None:
    messages = list(table(tmp_path, small).messages(3_600_000_000))
    assert [(m.topic.split("/")[5], m.rows) for m in messages] == [
        ("l2-filler-02", 1), ("l1-filler-01", 1), ("l1-filler-01", 2),
    ]  # fmt: skip
    assert orjson.loads(messages[2].payload) == {
        "ts": [1795336200000, 1795336260000],
        "vacuum": [5.5, 5.25],
        "dose_flow": [[1.0, 2.0, None, 4.0], [1.0, 2.0, 3.0, 4.0]],
    }


def test_parquet_and_csv_of_other_countries_say_the_same(tmp_path: Path, small: Plant) -> None:
    german = TABLE.replace(",", ";").replace("0.00641", "0,00641").replace("5.5", "5,5")
    mapping = 'delimiter = ";"\ndecimal = ","\n' + MAPPING
    assert shown(list(table(tmp_path, small, mapping, german).messages(0))) == EXPECTED
    rows = [line.split(",") for line in TABLE.splitlines()]
    columns = {
        name: [row[at] or None for row in rows[1:]] for at, name in enumerate(rows[0])
    }  # fmt: skip
    arrays = {
        name: pa.array(
            [v if name in {"machine", "serial", "other", "when"} or v is None else float(v)
             for v in values]
        )
        for name, values in columns.items()
    }  # fmt: skip
    arrays["when"] = pa.array(
        [datetime.fromisoformat(str(v)) for v in columns["when"]], pa.timestamp("us")
    )  # fmt: skip
    pq.write_table(pa.table(arrays), tmp_path / "table.parquet")
    found = TableFile(tmp_path / "table.parquet", load_mapping(tmp_path / "map.toml", small), small)
    assert shown(list(found.messages(0))) == EXPECTED


def test_numbers_count_from_a_start_and_a_channel_gets_its_place(
    tmp_path: Path, small: Plant
) -> None:
    mapping = """
        time = { column = "s", unit = "s", start = 2026-11-22T08:30:00Z }
        [[messages]]
        equipment = "l1-tray-07"
        values.voltage = { column = "U", position = 3, offset = 0.5 }
    """
    found = table(tmp_path, small, mapping, "s,U\n0,3\n0.0005,3.5\n")
    assert [document for _, document in shown(list(found.messages(0)))] == [
        {"ts": 1795336200000, "voltage": [None, None, 3.5, None, None, None, None, None]},
        {"ts": "2026-11-22T08:30:00.000500+00:00",
         "voltage": [None, None, 4.0, None, None, None, None, None]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"l1-filler-01"', '"l1-filler-09"', "the plant has no 'l1-filler-09' with telemetry"),
        ("vacuum =", "vaccum =", "messages.0.values.vaccum: not in telemetry.filling"),
        ('["f1", "f2", "f3", "f4"]', '["f1"]', "lists 1 columns, it has 4 positions"),
        ('["f1", "f2", "f3", "f4"]', '"f1"', "has 4 positions: list as many columns"),
        ('"vac_mbar"', '["f1", "f2"]', "is one value and no array"),
        ("America/Chicago", "Texas", "'Texas' is no IANA time zone"),
        ("factor = 1000", "facto = 1000", "Extra inputs are not permitted"),
        ("[time]", "[tim]", "time: Field required"),
        ('{ fixed = "pass" }', "{ }", "needs either a column or a fixed value"),
        ("[time]", "[time", "cannot be read as TOML"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_the_place(
    tmp_path: Path, small: Plant, old: str, new: str, expected: str
) -> None:
    with pytest.raises(MappingError, match=r"map\.toml") as refused:
        table(tmp_path, small, MAPPING.replace(old, new, 1))
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("vac_mbar", "vacuum", "has no column 'vac_mbar'; it has when, vacuum"),
        ("5.25", "high", "row 4: could not convert string to float: 'high'"),
        ("02:31:00", "02:29:00", "time runs backwards; sort the table"),
        ("l2-filler-02", "l2-filer-02", "row 2: the plant has no 'l2-filer-02' with cell"),
        ("2026-11-22 02:30:00,", "yesterday,", "row 2: Invalid isoformat string: 'yesterday'"),
        (",x\n", "\n", "row 2: has 10 values, there are 11 columns"),
    ],
)
def test_a_table_that_is_not_as_mapped_is_refused_before_anything_is_sent(
    tmp_path: Path, small: Plant, old: str, new: str, expected: str
) -> None:
    with pytest.raises(TableError) as refused:
        table(tmp_path, small, text=TABLE.replace(old, new, 1))
    assert expected in str(refused.value)


def test_a_table_without_a_value_is_refused(tmp_path: Path, small: Plant) -> None:
    with pytest.raises(TableError, match="has no row with a value"):
        table(tmp_path, small, text=TABLE.splitlines()[0] + "\n")


def test_local_times_need_a_zone(tmp_path: Path, small: Plant) -> None:
    with pytest.raises(TableError, match="has no zone; name one in the mapping"):
        table(tmp_path, small, MAPPING.replace('zone = "America/Chicago"', ""))
