"""docs/payloads.md keeps its word: each example becomes the rows, or the refusal, it states."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from plant.errors import Reason, UnreadableError
from plant.frames import Frame, merge
from plant.model import Plant
from plant.payload import PayloadDecoder
from plant.tables import PACKML_STATES, VERDICTS, ColumnType, Kind
from plant.times import from_us

DOCUMENT = (Path(__file__).parents[2] / "docs" / "payloads.md").read_text(encoding="utf-8")


class Example(NamedTuple):
    topic: str
    payload: bytes
    outcomes: list[list[str]]


def examples() -> list[Example]:
    """Each block that begins with a topic, with the blocks up to the next one."""
    found: list[Example] = []
    for text in re.findall(r"^```text\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL):
        first, *others = text.rstrip("\n").split("\n")
        if first.startswith("v1/"):
            found.append(Example(first, "\n".join(others).encode(), []))
        else:
            found[-1].outcomes.append([first, *others])
    return found


EXAMPLES = examples()


def shown(frame: Frame) -> list[str]:
    """Return *frame* as the document writes it."""
    columns = []
    for name, values in zip(frame.columns, merge([frame]).values, strict=True):
        column_type = frame.table.by_name[name].type
        columns.append([name, *(_shown(column_type, value) for value in values)])
    widths = [max(map(len, column)) for column in columns]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    )
    return [str(frame.table), *lines]


def _shown(column_type: ColumnType, value: Any) -> str:
    if column_type is ColumnType.TIME:
        text = from_us(int(value)).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    if isinstance(value, np.ndarray):
        return f"[{', '.join(_shown(ColumnType.FLOAT, v) for v in value)}]"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "null"
    return str(int(value)) if column_type is ColumnType.SMALLINT else str(value)


def outcomes(decoder: PayloadDecoder, example: Example) -> list[list[str]]:
    """Return what becomes of *example*: its rows, or its refusal."""
    try:
        frames = decoder.decode(example.topic, example.payload)
    except UnreadableError as error:
        return [[str(error.reason), error.detail]]
    return [shown(frame) for frame in frames]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.topic.rpartition("l1/")[2])
def test_each_example_becomes_what_the_document_states(
    decoder: PayloadDecoder, example: Example
) -> None:
    assert outcomes(decoder, example) == example.outcomes


def test_the_document_has_examples_of_all_kinds_read_and_refused() -> None:
    assert {example.topic.rpartition("/")[2] for example in EXAMPLES} == set(Kind)
    refused = {outcome[0] for example in EXAMPLES for outcome in example.outcomes} & set(Reason)
    assert len(EXAMPLES) >= 20
    assert len(refused) >= 8


def test_the_document_explains_each_reason_of_a_dead_letter_once() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", DOCUMENT.partition("## Dead letters")[2], re.MULTILINE)
    assert listed == [str(reason) for reason in Reason]


def test_the_document_names_the_states_the_verdicts_and_the_limits(pilot: Plant) -> None:
    for word in (*PACKML_STATES, *VERDICTS):
        assert f"`{word}`" in DOCUMENT
    intake = pilot.intake
    assert f"at most {intake.max_lateness_d:g} days old" in DOCUMENT
    assert f"and {intake.max_ahead_s:g} seconds ahead" in DOCUMENT
    assert f"at most {intake.max_payload_bytes // 2**20} MiB" in DOCUMENT


def test_the_payloads_of_the_examples_that_are_read_are_plain_json() -> None:
    for example in EXAMPLES:
        if example.outcomes[0][0] not in set(Reason):
            json.loads(example.payload)
