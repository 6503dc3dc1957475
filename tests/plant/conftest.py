"""What the plant's tests share: both plants, and a decoder whose present stands still."""

from __future__ import annotations

import pytest

from plant.load import REFERENCE, load_plant
from plant.model import Plant
from plant.payload import PayloadDecoder

#: 2026-11-22T08:30:00Z, the present of every decoder here.
NOW_MS = 1_795_336_200_000


@pytest.fixture(scope="session")
def reference() -> Plant:
    return load_plant(REFERENCE)


@pytest.fixture(scope="session")
def now_ms() -> int:
    return NOW_MS


@pytest.fixture(scope="session")
def decoder(pilot: Plant) -> PayloadDecoder:
    return PayloadDecoder(pilot, now_us=lambda: NOW_MS * 1000)
