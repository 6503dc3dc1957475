from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plant.frames import merge
from plant.load import PILOT, load_plant
from plant.model import Plant
from plant.payload import PayloadDecoder
from simulator.message import Message

#: The moment that the tests of the simulator take for now, in milliseconds: November 2026.
NOW_MS = 1_795_000_000_000

#: Rows of each table, by equipment and time or whatever else its key is, as ingest would have them.
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@pytest.fixture
def now_ms() -> int:
    return NOW_MS


@pytest.fixture(scope="session")
def small() -> Plant:
    return load_plant(Path(__file__).with_name("small.toml"))


@pytest.fixture(scope="session")
def reference() -> Plant:
    return load_plant(PILOT.with_name("plant.toml"))


@pytest.fixture
def read(small: Plant) -> Callable[[Iterable[Message]], Rows]:
    """Decode messages as ingest does; a key that comes twice, or a wrong count, fails."""
    decoder = PayloadDecoder(small, now_us=lambda: NOW_MS * 1000)

    def rows_of(messages: Iterable[Message]) -> Rows:
        rows: Rows = {}
        for message in messages:
            count = values = 0
            for frame in decoder.decode(message.topic, message.payload):
                whole = merge([frame])
                table = rows.setdefault(str(frame.table), {})
                count += frame.rows
                for index in range(frame.rows):
                    names = frame.columns
                    row = {n: whole.values[i][index] for i, n in enumerate(names)}
                    key = tuple(row[name] for name in frame.table.key)
                    assert key not in table, f"{frame.table} has {key} twice"
                    table[key] = row
                    own = {n: v for n, v in row.items() if n not in KEPT}
                    values += sum(int(np.count_nonzero(~np.isnan(v))) for v in own.values())
            assert frame.table == message.table
            assert (count, values) == (message.rows, message.values)
        return rows

    return rows_of


#: Columns that are not measured.
KEPT = frozenset(
    {"time", "equipment", "cell", "position", "verdict", "state", "reason"}
    | {"child", "parent", "from_m", "to_m", "amount_kg"}
)
