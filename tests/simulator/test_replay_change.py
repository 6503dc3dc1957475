from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from plant.times import read_time_us
from simulator.captured import Captured
from simulator.replay_change import Change, Rename

HOUR_MS = 3_600_000
LATER = 1_795_336_200_000


def changed(document: Any, change: Change) -> Any:
    payload = document if isinstance(document, bytes) else orjson.dumps(document)
    return orjson.loads(change(Captured(0, "t", payload)).payload)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"ts": LATER, "v": 1.5}, {"ts": LATER + HOUR_MS, "v": 1.5}),
        ({"ts": [LATER, LATER + 1], "v": [1, 2]},
         {"ts": [LATER + HOUR_MS, LATER + HOUR_MS + 1], "v": [1, 2]}),
        ([{"ts": LATER, "a": 1}, {"ts": LATER, "b": 2}],
         [{"ts": LATER + HOUR_MS, "a": 1}, {"ts": LATER + HOUR_MS, "b": 2}]),
    ],
)  # fmt: skip
def test_times_of_a_sample_a_block_and_a_list_are_moved(before: Any, after: Any) -> None:
    assert changed(before, Change(HOUR_MS)) == after


@pytest.mark.parametrize(
    "text", ["2026-11-22T02:30:00.125-06:00", "2026-11-22T08:30:00Z", "2026-11-22T08:30:00.000360Z"]
)
def test_times_as_text_are_moved_to_the_microsecond(text: str) -> None:
    moved = changed({"ts": text, "v": 1}, Change(HOUR_MS))["ts"]
    assert read_time_us(moved) == read_time_us(text) + HOUR_MS * 1000
    assert datetime.fromisoformat(moved).utcoffset() == datetime.fromisoformat(text).utcoffset()
    assert datetime.fromisoformat(moved) - datetime.fromisoformat(text) == timedelta(hours=1)


@pytest.mark.parametrize(
    "payload", [b"\x08\x01\xff", b'{"ts": NaN}', b"", b'"text"', b"17", b'{"v": 1.50}']
)
def test_what_has_no_time_passes_and_is_counted(payload: bytes) -> None:
    change = Change(HOUR_MS)
    after = change(Captured(5_000, "spBv1.0/g/NDATA/l1", payload))
    assert after.payload == payload or orjson.loads(after.payload) == orjson.loads(payload)
    assert after.time_us == 5_000 + HOUR_MS * 1000
    assert change.untimed == 1


def test_without_a_change_every_byte_stays() -> None:
    message = Captured(7, "t", b'{ "ts":1795336200000,  "v": 1.50 }', qos=2, retain=True)
    assert Change()(message) is message


@pytest.mark.parametrize(
    ("topic", "after"),
    [
        ("v1/acme/desoto/assembly/l1/l1-filler-01/cell",
         "v1/acme/desoto/assembly/l9/l9-filler-01/cell"),
        ("v1/acme/desoto/assembly/l11/l11-filler-01/cell",
         "v1/acme/desoto/assembly/l11/l11-filler-01/cell"),
        ("spBv1.0/plant/DDATA/l1/filler", "spBv1.0/plant/DDATA/l9/filler"),
    ],
)  # fmt: skip
def test_a_line_is_renamed_in_topics_and_no_other_line(topic: str, after: str) -> None:
    assert Change(rename=Rename("l1", "l9"))(Captured(0, topic, b"{}")).topic == after


def test_ids_are_renamed_so_that_no_key_meets() -> None:
    change = Change(rename=Rename.parse("l1=l2"))
    assert changed({"ts": LATER, "cell": "D126A", "fill_mass": 6.4}, change) == {
        "ts": LATER, "cell": "l2-D126A", "fill_mass": 6.4,
    }  # fmt: skip
    material = {"ts": [1, 1], "child": ["D126A", "D126B"], "parent": "l1-C-roll-000007-2"}
    assert changed(material, change) == {
        "ts": [1, 1], "child": ["l2-D126A", "l2-D126B"], "parent": "l2-C-roll-000007-2",
    }  # fmt: skip
    assert change.untimed == 0


@pytest.mark.parametrize("text", ["l1", "l1=", "=l2", "l1=a/b", "l1=l2=l3"])
def test_a_rename_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must look like l1=l2"):
        Rename.parse(text)
