"""What machines show of their faults, and nobody else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from plant.frames import merge
from plant.load import PILOT, load_plant
from plant.model import Plant
from plant.payload import PayloadDecoder
from plant.tables import Kind
from simulator.faults import Fault, parse_fault
from simulator.faults_kind import Reach
from simulator.line import Line
from simulator.message import Message, Window

HOUR_MS = 3_600_000
SPAN_MS = 6 * HOUR_MS

Samples = dict[tuple[str, str], tuple[Any, Any]]


@pytest.fixture(scope="module")
def plant() -> Plant:
    """The pilot line without most of its trays, which only cost time here."""
    document = load_plant(PILOT).model_dump()
    document["stations"]["formation"]["equipment"]["tray"]["count"] = 30
    return Plant.model_validate(document)


@dataclass(frozen=True)
class Recorder:
    """Reads the samples of six hours as ingest does."""

    plant: Plant
    now_ms: int

    @property
    def start_ms(self) -> int:
        return self.now_ms - SPAN_MS

    def fault(self, text: str) -> Fault:
        return parse_fault(text, self.plant).started(self.start_ms)

    def messages(self, *faults: str, step_ms: int = 60_000) -> Iterator[Message]:
        known = tuple(map(self.fault, faults))
        line = Line(self.plant, "l1", 3)
        edges = [self.start_ms, self.start_ms + SPAN_MS // 3, self.now_ms]
        for from_ms, to_ms in itertools.pairwise(edges):
            yield from line.messages(Window(from_ms, to_ms, step_ms, faults=known))

    def samples(self, *faults: str) -> Samples:
        """Return times in hours from the start and values of each machine's signals."""
        decoder = PayloadDecoder(self.plant, now_us=lambda: self.now_ms * 1000)
        pieces: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
        for message in self.messages(*faults):
            if message.table.schema != Kind.TELEMETRY:
                continue
            for frame in decoder.decode(message.topic, message.payload):
                block = merge([frame])
                named = dict(zip(block.columns, block.values, strict=True))
                hours = (np.asarray(named.pop("time")) / 1000 - self.start_ms) / HOUR_MS
                machine = message.topic.split("/")[5]
                named.pop("equipment")
                for name, values in named.items():
                    pieces.setdefault((machine, name), []).append((hours, values))
        return {
            key: (np.concatenate([h for h, _ in found]), np.concatenate([v for _, v in found]))
            for key, found in pieces.items()
        }


@pytest.fixture
def recorder(plant: Plant, now_ms: int) -> Recorder:
    return Recorder(plant, now_ms)


@pytest.fixture(scope="module")
def healthy(plant: Plant) -> Samples:
    return Recorder(plant, 1_795_000_000_000).samples()


#: Fault, machine, signal, position, and from when to when in hours it has moved by how much.
SHOWN = [
    ("F01:lane=3@+1h", "coater-c-01", "loading_a", 3, (3.0, 6.0), -0.02 * 24.66, 0.05),
    ("F02:lane=2@+1h", "coater-a-01", "loading_b", 2, (1.0, 6.0), -0.03 * 14.12, 0.05),
    ("F03@-5h..+1h", "mixer-c-01", "temperature", None, (0.0, 1.0), 3.0, 0.01),
    ("F03@-5h..+1h", "mixer-c-01", "viscosity", None, (0.0, 1.0), -0.9, 0.15),
    ("F03@-5h..-4h", "coater-c-01", "defects", None, (1.0, 2.0), 6.0, 0.05),
    ("F04@+1h..+4h", "calender-c-01", "thickness", None, (1.0, 4.0), 3.0, 0.01),
    ("F04@+1h..+4h", "calender-c-01", "porosity", None, (1.0, 4.0), 0.025, 0.01),
    ("F05:knife=4@-25h..+3h", "slitter-c-01", "burr_height", 4, (0.0, 3.0), 9.0, 0.01),
    ("F10@+1h", "filling-zone-01", "dew_point", None, (1.0, 1 + 2 / 3), 22.0, 0.01),
    ("F11@+1h..+2h", "dryer-c-01", "pressure", None, (1.0, 2.0), 7.5, 0.01),
    ("F17@+1h..+3h", "aisle-01", "air_normal", None, (1.0, 3.0), 3.0, 0.01),
    ("F18@+1h", "coater-c-01", "loading_a", None, (3.0, 6.0), 0.01 * 24.66, 0.05),
    ("F15:tower=1@+1h..+3h", "tray-24", "temperature", None, (1.0, 3.0), 8.0, 0.01),
]


@pytest.mark.parametrize(
    ("text", "machine", "name", "position", "hours", "size", "slack"),
    SHOWN,
    ids=[f"{text}-{name}" for text, _, name, *_ in SHOWN],
)
def test_a_machine_shows_its_fault_where_when_and_as_large_as_stated(
    recorder: Recorder,
    healthy: Samples,
    text: str,
    machine: str,
    name: str,
    position: int | None,
    hours: tuple[float, float],
    size: float,
    slack: float,
) -> None:
    faulty = recorder.samples(text)
    fault = recorder.fault(text)
    named = {
        (m, e.name) for m, n in healthy for e in fault.kind.effects if n == e.name
    }  # what the fault may move
    is_formed = fault.kind.reach is Reach.FORMED
    if is_formed:
        # The capacity that cells show in a hot place is in all of their curve.
        named |= {(m.name, name) for m in fault.machines for name in ("voltage", "current")}
    for key, (_, values) in healthy.items():
        if key not in named:
            assert np.array_equal(values, faulty[key][1], equal_nan=True), key
    at, before = healthy[f"l1-{machine}", name]
    moved = faulty[f"l1-{machine}", name][1] - before
    if moved.ndim == 2 and position is not None:
        others = np.delete(moved, position - 1, axis=1)
        assert not others.any()
        moved = moved[:, position - 1]
    elif moved.ndim == 2:
        moved = moved.mean(axis=1)
    during = (at >= hours[0]) & (at < hours[1])
    assert moved[during].mean() == pytest.approx(size, rel=slack)
    still = 0.05 if is_formed else 0.0
    # A ramp of two hours may come before.
    assert np.abs(moved[at < hours[0] - 2.01]).max(initial=0.0) <= still
    assert np.abs(moved[at >= hours[1] + 1e-9]).max(initial=0.0) <= still


def test_a_fault_of_one_electrode_is_not_shown_at_the_other(
    recorder: Recorder, healthy: Samples
) -> None:
    faulty = recorder.samples("F01:lane=3", "F03@-6h", "F04", "F11")
    for (machine, name), (_, values) in healthy.items():
        if machine.split("-")[2] == "a" or machine.startswith("l1-tray"):
            assert np.array_equal(values, faulty[machine, name][1]), (machine, name)


def test_f08_shakes_the_tension_without_moving_its_mean(
    recorder: Recorder, healthy: Samples
) -> None:
    _, before = healthy["l1-winder-01", "tension_cathode"]
    _, after = recorder.samples("F08")["l1-winder-01", "tension_cathode"]
    assert after.std() / before.std() == pytest.approx(2.4, rel=0.02)
    assert after.mean() == pytest.approx(before.mean(), abs=0.005)


def test_f03_spreads_the_loading_six_hours_after_the_mixer(
    recorder: Recorder, healthy: Samples
) -> None:
    at, before = healthy["l1-coater-c-01", "loading_a"]
    _, after = recorder.samples("F03@-3h")["l1-coater-c-01", "loading_a"]
    assert np.array_equal(after[at < 3], before[at < 3])
    assert after[at >= 3].std() / before[at >= 3].std() == pytest.approx(2.5, rel=0.03)


def test_f16_is_seen_at_its_pin_of_its_tray_alone(recorder: Recorder, healthy: Samples) -> None:
    faulty = recorder.samples("F16:tray=2,pin=37")
    for (machine, name), (_, before) in healthy.items():
        moved = faulty[machine, name][1] != before
        if (machine, name) == ("l1-tray-02", "voltage"):
            assert moved[:, 36].any()
        if machine == "l1-tray-02":
            moved = np.delete(moved, 36, axis=1)
        assert not moved.any(), (machine, name)


# F19: what ingest must cope with.


def test_f19_a_stuck_signal_keeps_the_value_it_had(recorder: Recorder, healthy: Samples) -> None:
    key = ("l1-filler-01", "dose_flow")
    stuck = "F19:kind=stuck,equipment=l1-filler-01,signal=dose_flow@+1h..+3h"
    (at, before), (_, after) = healthy[key], recorder.samples(stuck)[key]
    during = (at >= 1) & (at < 3)
    assert np.array_equal(after[~during], before[~during])
    assert np.array_equal(after[during], np.broadcast_to(before[during][0], after[during].shape))


def test_f19_a_burst_of_nan_is_null_in_the_message_and_no_value(
    recorder: Recorder, healthy: Samples
) -> None:
    key = ("l1-filler-01", "vacuum")
    text = "F19:kind=nan,equipment=l1-filler-01@+1h..+3h"
    (at, before), (_, after) = healthy[key], recorder.samples(text)[key]
    gone = np.isnan(after)
    assert not gone[(at < 1) | (at >= 3)].any()
    assert 0.1 < gone[(at >= 1) & (at < 3)].mean() < 0.35  # a fifth of the time
    assert np.array_equal(after[~gone], before[~gone])
    assert any(
        b'"vacuum":[null' in m.payload or b",null" in m.payload for m in recorder.messages(text)
    )


def test_f19_a_unit_is_swapped(recorder: Recorder, healthy: Samples) -> None:
    for signal, factor, plus in (("electrolyte_temperature", 1.8, 32.0), ("vacuum", 1000.0, 0.0)):
        key = ("l1-filler-01", signal)
        text = f"F19:kind=unit,equipment=l1-filler-01,signal={signal}@+1h"
        (at, before), (_, after) = healthy[key], recorder.samples(text)[key]
        expected = np.where(at >= 1, before * factor + plus, before)
        assert np.allclose(after, expected, equal_nan=True)


def test_f19_a_counter_begins_again_at_nought(recorder: Recorder, healthy: Samples) -> None:
    key = ("l1-slitter-c-01", "knife_run")
    text = "F19:kind=reset,equipment=l1-slitter-c-01@+2h"
    (at, before), (_, after) = healthy[key], recorder.samples(text)[key]
    assert np.array_equal(after[at < 2], before[at < 2])
    assert after[at >= 2][0] < 0.2
    assert np.allclose(after[at >= 2], (at[at >= 2] - 2) * 150 / 25, atol=1.0)


def payloads(messages: Iterator[Message]) -> list[tuple[str, bytes]]:
    return [(m.topic, m.payload) for m in messages]


def test_f19_a_skewed_clock_moves_the_times_of_one_machine_alone(recorder: Recorder) -> None:
    text = "F19:kind=skew,equipment=l1-filler-01@+1h..+3h"
    healthy, faulty = payloads(recorder.messages()), payloads(recorder.messages(text))
    assert {t for t, _ in set(healthy) ^ set(faulty)} == {
        topic for topic, _ in healthy if "/l1-filler-01/" in topic and "state" not in topic
    }
    before, after = (
        np.sort(np.concatenate([np.atleast_1d(rows) for rows in times(recorder, m)]))
        for m in (recorder.messages(), recorder.messages(text))
    )
    on = recorder.start_ms + HOUR_MS
    moved = np.where((before >= on) & (before < on + 2 * HOUR_MS), before + 90_000, before)
    assert np.array_equal(np.sort(moved), after)


def times(recorder: Recorder, messages: Iterator[Message]) -> Iterator[Any]:
    decoder = PayloadDecoder(recorder.plant, now_us=lambda: recorder.now_ms * 1000)
    for message in messages:
        if "/l1-filler-01/" in message.topic:
            for frame in decoder.decode(message.topic, message.payload):
                block = merge([frame])
                yield np.asarray(block.values[block.columns.index("time")]) // 1000


def test_f19_duplicates_come_twice_and_bring_no_row(recorder: Recorder) -> None:
    text = "F19:kind=duplicate,equipment=l1-filler-01@+3h"
    healthy, faulty = list(recorder.messages()), list(recorder.messages(text))
    assert list(dict.fromkeys(payloads(iter(faulty)))) == payloads(iter(healthy))
    assert len(faulty) > len(healthy)
    assert sum(m.rows for m in faulty) == sum(m.rows for m in healthy)


def test_f19_late_messages_come_later_and_are_all_the_same(recorder: Recorder) -> None:
    text = "F19:kind=late,equipment=l1-filler-01@+1h..+2h"
    line = Line(recorder.plant, "l1", 3)
    fault = recorder.fault(text)
    due: dict[str, set[int]] = {}
    for name, faults in (("healthy", ()), ("late", (fault,))):
        seen: list[int] = []
        for minute in range(0, 180, 5):
            at = recorder.start_ms + minute * 60_000
            own = line.messages(Window(at, at + 300_000, 60_000, faults=faults))
            for rows in times(recorder, own):
                for row in rows.tolist():
                    seen.append(row)
                    is_late = HOUR_MS <= row - recorder.start_ms < 2 * HOUR_MS and name == "late"
                    delay = 600_000 if is_late else 0
                    assert at <= row + delay < at + 300_000
        assert len(seen) > 3_000
        due[name] = set(seen)
    assert due["late"] == due["healthy"]
