"""The benchmark itself, at sizes that say nothing about speed."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import orjson
import pytest
from mqtt5 import PublishPacket, read

from bench.load import LOADS, Case, packets
from bench.result import Report, Run, Series
from bench.run import PLANT
from plant.load import load_plant
from plant.model import Plant
from plant.payload import PayloadDecoder
from stack.programs import Programs

MESSAGES = 2_000


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load_plant(PLANT)


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jellyroll", "bench", "ingest", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def report_of(*words: str) -> dict[str, Any]:
    done = bench(*words, "--json")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def drained(programs: Programs) -> dict[str, Any]:
    return report_of(
        "--case", "a", "--case", "b", "--case", "d", "--phase", "drain",
        "--messages", str(MESSAGES), "--runs", "1", "--workers", "2",
    )  # fmt: skip


@pytest.fixture(scope="module")
def steady(programs: Programs) -> dict[str, Any]:
    return report_of("--case", "line", "--phase", "half", "--seconds", "2", "--runs", "1")


def test_a_drained_queue_is_there_exactly_once(drained: dict[str, Any]) -> None:
    runs = [run for series in drained["series"] for run in series["runs"]]
    assert len(runs) == 3
    for run in runs:
        assert run["sent"] == MESSAGES
        assert run["lost"] == run["twice"] == run["dead_letters"] == 0


def test_a_live_line_is_there_exactly_once_with_its_latency(steady: dict[str, Any]) -> None:
    (series,) = steady["series"]
    (run,) = series["runs"]
    assert run["sent"] == sum(round(s.per_s) for s in LOADS[Case.LINE].streams)
    assert run["lost"] == run["twice"] == run["dead_letters"] == 0
    assert 0 < run["latency_p50_ms"] <= run["latency_p99_ms"]
    assert run["offered_per_s"] == LOADS[Case.LINE].per_s / 2


def test_sparkplug_is_there_exactly_once(programs: Programs) -> None:
    report = report_of(
        "--case", "c", "--phase", "steady", "--rate", "500", "--seconds", "2", "--runs", "1"
    )
    (run,) = report["series"][0]["runs"]
    assert run["sent"] == 1000
    assert run["lost"] == run["twice"] == run["dead_letters"] == 0


def test_values_are_counted_as_the_load_has_them(drained: dict[str, Any]) -> None:
    values = {"a": 20, "b": 3 * 256, "d": 1}
    for series in drained["series"]:
        for run in series["runs"]:
            ratio = run["values_per_s"] / run["messages_per_s"]
            assert ratio == pytest.approx(values[series["case"]], rel=0.01)


def test_the_report_says_what_it_was_measured_on(drained: dict[str, Any]) -> None:
    assert drained["machine"]["cores"] > 0
    assert all(drained["machine"][name] for name in ("processor", "kernel", "timescaledb"))
    assert drained["command"].startswith("jellyroll bench ingest")
    assert drained["workers"] == 2
    figures = drained["series"][0]["figures"]["messages_per_s"]
    assert figures["min"] <= figures["median"] <= figures["max"]
    assert "latency_p99_ms" not in drained["series"][0]["figures"]


@pytest.mark.parametrize("case", [case for case, load in LOADS.items() if load.queued])
def test_each_message_is_a_row_of_its_own(plant: Plant, case: Case) -> None:
    begin_ms = 1_795_336_200_000
    for stream in LOADS[case].streams:
        numbers = np.arange(60_000, 61_000)
        times = (begin_ms + numbers * (1000 / stream.per_s)).astype(np.int64)
        data = packets(plant, stream).stamped(numbers, numbers % 65_535 + 1, times).tobytes()
        table = plant.tables[stream.kind, stream.station]
        now_us = int(times[-1]) * 1000
        decoder = PayloadDecoder(plant, partial(int, now_us))
        keys, ids = set(), set()
        view = memoryview(data)
        while view:
            packet, size = read(view)
            view = view[size:]
            assert isinstance(packet, PublishPacket)
            (frame,) = decoder.decode(packet.topic, packet.payload)
            row = dict(zip(frame.columns, frame.values, strict=True))
            keys.add(tuple(row[name] for name in table.key))
            ids.add(packet.packet_id)
            assert set(orjson.loads(packet.payload)) - {"ts"} <= table.payload_names
        assert len(keys) == len(ids) == len(numbers)


def test_a_report_with_a_lost_message_is_not_whole(drained: dict[str, Any]) -> None:
    good = Run(**drained["series"][0]["runs"][0])
    bad = dataclasses.replace(good, lost=1)
    report = Report("", "", drained["machine"], "own", 1, (Series.of("a", "", "drain", [good]),))
    assert report.is_whole
    assert not dataclasses.replace(report, series=(Series.of("a", "", "", [good, bad]),)).is_whole


def test_a_case_that_does_not_exist_is_told() -> None:
    done = bench("--case", "z")
    assert done.returncode == 2
    assert "Invalid value" in done.stderr


def test_more_than_the_broker_keeps_is_refused(programs: Programs) -> None:
    done = bench("--case", "b", "--phase", "drain", "--messages", "1000000", "--runs", "1")
    assert done.returncode == 1
    assert "5.5 GB, the broker's queue holds 2 GB" in done.stderr
    assert "Traceback" not in done.stderr
