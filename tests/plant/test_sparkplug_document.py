"""docs/sparkplug.md keeps its word: its examples, one after the other, become what it states."""

from __future__ import annotations

import math
import re
from pathlib import Path

from google.protobuf import json_format

from plant.errors import UnreadableError
from plant.frames import Frame
from plant.model import Plant
from plant.sparkplug import SparkplugDecoder
from plant.sparkplug_schema import Payload
from plant.sparkplug_topic import MessageType
from tests.plant.test_payload_document import shown

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sparkplug.md").read_text(encoding="utf-8")
NOW_MS = 1_795_336_200_000


def blocks() -> list[list[str]]:
    texts = re.findall(r"^```text\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    return [text.rstrip("\n").split("\n") for text in texts]


def without_nulls(frame: Frame) -> Frame:
    """Return *frame* without the columns that a row has only to look like the others."""
    kept = [
        (name, value)
        for name, value in zip(frame.columns, frame.values, strict=True)
        if value is not None and not (isinstance(value, float) and math.isnan(value))
    ]
    names, values = zip(*kept, strict=True)
    return frame._replace(columns=names, values=values)


def test_the_examples_become_what_the_document_states(pilot: Plant) -> None:
    decoder = SparkplugDecoder(pilot, now_us=lambda: NOW_MS * 1000)
    stated: list[list[str]] = []
    became: list[list[str]] = []
    types: set[str] = set()
    for first, *others in blocks():
        if not first.startswith("spBv1.0/"):
            stated.append([first, *others])
            continue
        assert became == stated, first
        types.add(first.split("/")[2])
        payload = json_format.Parse("\n".join(others), Payload()).SerializeToString()
        try:
            frames = decoder.decode(first, payload).frames
        except UnreadableError as error:
            became.append([str(error.reason), error.detail])
        else:
            became += [shown(without_nulls(frame)) for frame in frames]
    assert became == stated
    assert types == {"NBIRTH", "DBIRTH", "DDATA", "NDEATH"}
    assert types < set(MessageType)
