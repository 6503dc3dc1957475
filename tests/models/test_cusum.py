from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.spc import cusum
from models.spc.cusum import CLEAR, CLIP, OFF_POINTS, UNIT, Cusum, Edge, K, Points
from models.spc.runlength import two_sided_arl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RUNS = 4_000


def feed(
    state: Cusum, h: float, z: Floats, *, first_us: int = 0, chart: Ints | None = None
) -> list[Edge]:
    """Add *z*, of shape (charts, points), at one microsecond from point to point."""
    charts, length = z.shape
    points = Points(
        chart=np.arange(charts) if chart is None else chart,
        start=np.arange(charts) * length,
        score=cusum.scores(z, 0.0, 1.0).ravel(),
        time_us=np.tile(np.arange(length) + first_us, charts),
    )
    return cusum.update(state, cusum.limit_units(np.full(state.total.shape[1], h)), points)


def run_lengths(h: float, shift: float, head_start: float = 0.0) -> Ints:
    """Return the first signals of `RUNS` charts, each a run of its own."""
    random = np.random.default_rng([int(10 * h), int(100 * abs(shift)), int(10 * head_start)])
    state = Cusum.zero(RUNS)
    state.head_start(cusum.limit_units(np.full(RUNS, h)), head_start)
    first = np.zeros(RUNS, dtype=np.int64)
    seen, length = 0, 50
    while len(left := np.flatnonzero(first == 0)):
        z = random.normal(shift, 1.0, (len(left), length))
        for edge in feed(state, h, z, chart=left):
            if edge.is_on and not first[edge.chart]:
                first[edge.chart] = seen + edge.at % length + 1
        seen += length
    return first


@pytest.mark.parametrize(
    ("h", "shift", "head_start"),
    [(4, 0.0, 0), (4, 0.5, 0), (4, 1.0, 0), (4, -1.0, 0), (4, 3.0, 0), (4, 1.0, 0.5), (4, 0.0, 0.5),
     (5, 0.25, 0), (5, 2.0, 0), (8.053, 1.0, 0), (16, 1.0, 0), (16, 15.0, 0)],
)  # fmt: skip
def test_the_streaming_chart_runs_as_long_as_the_exact_run_length(
    h: float, shift: float, head_start: float
) -> None:
    runs = run_lengths(h, shift, head_start)
    exact = two_sided_arl(h, K, shift=shift, clip=CLIP, head_start=head_start * h)
    error = runs.std() / np.sqrt(RUNS)
    assert abs(runs.mean() - exact) <= 3.5 * error + 1e-6


class Plain:
    """The same chart, one side, point by point as a textbook has it: what must come out."""

    def __init__(self, h: float) -> None:
        self.h = round(h * UNIT)
        self.total = self.below = self.samples = self.score_sum = self.onset_us = 0
        self.on = False

    def add(self, score: int, sign: int, time_us: int) -> tuple[bool, float, int, int, int] | None:
        """Take one point in; return an edge (on, statistic, samples, sum of scores, onset)."""
        step = min(max(sign * score, -round(CLIP * UNIT)), round(CLIP * UNIT)) - round(K * UNIT)
        ceiling = self.h + round((CLIP - K) * UNIT)
        self.total = min(max(self.total + step, 0), ceiling)
        self.below = self.below + 1 if self.total < int(self.h * CLEAR) else 0
        was_on, self.on = self.on, self.total >= self.h or (self.on and self.below < OFF_POINTS)
        if not self.samples:
            self.onset_us = time_us
        self.samples += 1
        self.score_sum += score
        edge = None
        if self.on != was_on:
            edge = self.on, self.total / UNIT, self.samples, self.score_sum, self.onset_us
        if not self.on and (was_on or self.total == 0):
            self.samples = self.score_sum = self.onset_us = 0
        return edge


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    charts=st.integers(1, 4),
    cuts=st.lists(st.integers(0, 400), max_size=8),
    h=st.sampled_from([1.0, 4.0, 5.5]),
)
def test_any_grouping_of_points_gives_what_a_plain_loop_gives(
    seed: int, charts: int, cuts: list[int], h: float
) -> None:
    random = np.random.default_rng(seed)
    z = random.normal(0.0, 1.0, (charts, 400))
    for chart in range(charts):
        start = int(random.integers(400))
        z[chart, start : start + int(random.integers(1, 120))] += 2.0 * random.normal()
    state = Cusum.zero(charts)
    found = []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), 400], strict=True):
        for edge in feed(state, h, z[:, begin:end], first_us=begin):
            at = begin + edge.at % (end - begin)
            found.append((edge.chart, at, not edge.is_high, edge.is_on, *edge[4:]))
    expected = []
    for chart in range(charts):
        for side, sign in enumerate((1, -1)):
            plain = Plain(h)
            for at, score in enumerate(cusum.scores(z[chart], 0.0, 1.0).tolist()):
                if edge_ := plain.add(score, sign, at):
                    expected.append((chart, at, bool(side), *edge_))
            assert state.total[side, chart] == plain.total
            assert state.on[side, chart] == plain.on
            assert state.below[side, chart] == plain.below
            assert state.samples[side, chart] == plain.samples
            assert state.score_sum[side, chart] == plain.score_sum
            assert state.onset_us[side, chart] == plain.onset_us
    assert sorted(found) == sorted(expected)


def test_one_outlier_however_far_out_is_no_drift() -> None:
    z = np.zeros((1, 50))
    z[0, 10] = 1e9
    assert feed(Cusum.zero(1), 4.0, z) == []


def test_the_onset_is_the_point_at_which_the_sum_left_zero() -> None:
    z = np.zeros((1, 40))
    z[0, 25:] = -2.0
    (edge,) = feed(Cusum.zero(1), 4.0, z)
    # -2 leaves 1.5 a point: 4 is reached with the third.
    assert edge == Edge(0, 27, is_on=True, is_high=False, statistic=4.5, samples=3,
                        score_sum=-6 * UNIT, onset_us=25)  # fmt: skip


def test_a_long_fault_need_not_be_worked_off() -> None:
    z = np.zeros((1, 10_000))
    z[0, :9_000] = 3.0
    on, off = feed(Cusum.zero(1), 4.0, z)
    assert on.is_on
    assert not off.is_on
    # From at most 7.5 down to below 2 at half a unit a point, then OFF_POINTS of them.
    assert off.at - 9_000 <= 12 + OFF_POINTS
    assert off.onset_us == on.onset_us


def test_no_points_change_nothing() -> None:
    assert feed(Cusum.zero(2), 4.0, np.zeros((2, 0))) == []
