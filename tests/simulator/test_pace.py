from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.calendar import Calendar
from simulator.pace import BEGINNING_MS, Pace

#: Of a line that stops, and changes its recipe each two days.
CALENDAR = Calendar(1, "l1", 1, list(range(0, 10**12, 172_800_000)), 2_700_000)


@given(
    rate=st.sampled_from([0.365, 1.0, 7.3, 66 / 8, 1 / 3]),
    from_ms=st.integers(BEGINNING_MS + 10**9, BEGINNING_MS + 10**12),
    lengths=st.lists(st.integers(0, 20_000) | st.integers(0, 4_000_000), min_size=1, max_size=8),
    delay_ms=st.integers(-(10**8), 10**8),
    stops=st.booleans(),
)
def test_each_cell_passes_once_however_time_is_cut(
    rate: float, from_ms: int, lengths: list[int], delay_ms: int, *, stops: bool
) -> None:
    pace = Pace.of(rate, CALENDAR if stops else None)
    edges = from_ms + np.cumsum([0, *lengths])
    pieces = [pace.between(int(a), int(b), delay_ms) for a, b in itertools.pairwise(edges)]
    whole = pace.between(from_ms, int(edges[-1]), delay_ms)
    assert np.array_equal(np.concatenate(pieces), whole)
    times = pace.times_ms(whole, delay_ms)
    assert ((times >= from_ms) & (times < edges[-1])).all()


def test_the_cells_come_at_the_plants_rate() -> None:
    assert len(Pace.of(7.3).between(BEGINNING_MS, BEGINNING_MS + 10_000_000)) == 73_000


def test_a_cell_reaches_a_station_its_delay_after_winding() -> None:
    pace = Pace.of(0.365)
    wound, filled = (pace.times_ms(np.array([79_000_001]), delay_ms=d) for d in (0, 300_000))
    assert filled[0] - wound[0] == 300_000
    assert pace.time_ms(79_000_001, 300_000) == filled[0]


def test_nothing_has_passed_before_the_line_began() -> None:
    assert Pace.of(1.0).first_from(BEGINNING_MS - 5_000) == 0
