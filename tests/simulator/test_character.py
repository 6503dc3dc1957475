from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.model import Plant
from plant.signals import Signal
from simulator.character import Character, shares_of
from simulator.noise import Floats, Ints, Noise
from simulator.noise_slow import SlowNoise

NOW_MS = 1_795_000_000_000
MINUTE_MS = 60_000


def test_slow_noise_forgets_with_its_time_constant() -> None:
    slow = SlowNoise(Noise(1, "a", width=40), 20 * MINUTE_MS)
    values = slow.at(NOW_MS + np.arange(10_000, dtype=np.int64) * MINUTE_MS)
    assert values.mean() == pytest.approx(0, abs=0.03)
    assert values.std() == pytest.approx(1, rel=0.02)
    for lag, expected in ((5, np.exp(-1 / 4)), (20, np.exp(-1)), (60, np.exp(-3))):
        found = np.mean(values[lag:] * values[:-lag])
        assert found == pytest.approx(expected, abs=0.08)  # between its points it is smoother
    assert abs(np.corrcoef(values[:, 0], values[:, 1])[0, 1]) < 0.2


@given(cuts=st.lists(st.integers(1, 4_999), max_size=6, unique=True))
def test_slow_noise_is_the_same_however_time_is_cut(cuts: list[int]) -> None:
    times = NOW_MS + np.arange(5_000, dtype=np.int64) * 1_700
    whole = SlowNoise(Noise(1, "a", width=3), 120_000).at(times)
    slow = SlowNoise(Noise(1, "a", width=3), 120_000)
    edges = [0, *sorted(cuts), 5_000]
    pieces = [slow.at(times[a:b]) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), whole)


def signal(unit: str, rate_hz: float) -> Signal:
    return Signal(unit=unit, nominal=10.0, sd=1.0, rate_hz=rate_hz, source="A")


def deviations(name: str, kind: Signal, times: Ints, machines: int = 20) -> Floats:
    """Return the deviations of one signal on several machines, shape (times, machines)."""
    turn = np.asarray(times / 90_000_000 % 1.0)
    made = [
        Character((1, f"m{n}"), [(name, kind, 1)], lambda _: turn).deviations(
            Noise(2, n, width=1).normals(0, len(times)), times
        )
        for n in range(machines)
    ]
    return np.concatenate(made, axis=1)


def test_every_kind_of_signal_keeps_mean_and_sd_and_has_its_memory(pilot: Plant) -> None:
    times = NOW_MS // 86_400_000 * 86_400_000 + np.arange(25 * 1440, dtype=np.int64) * MINUTE_MS
    kinds = {
        (name, shares_of(name, s)): s
        for station in pilot.stations.values()
        for name, s in station.signals.items()
    }
    seen = {shares: (name, s) for (name, shares), s in kinds.items()}
    assert len(seen) > 6
    for shares, (name, kind) in seen.items():
        values = deviations(name, kind, times)
        assert values.mean() == pytest.approx(0, abs=0.05), name
        assert values.std() == pytest.approx(1, rel=0.03), name
        neighbours = np.mean(values[1:] * values[:-1])
        slow = shares.slow * np.exp(-MINUTE_MS / shares.tau_ms)
        assert neighbours == pytest.approx(slow + 1 - shares.slow - shares.gauge, abs=0.05), name


def test_days_are_common_to_all_machines_and_crews_are_not() -> None:
    times = NOW_MS // 86_400_000 * 86_400_000 + np.arange(40 * 1440, dtype=np.int64) * MINUTE_MS
    warm = deviations("temperature", signal("Cel", 1.0), times)
    by_hour = warm.mean(axis=1).reshape(40, 24, 60).mean(axis=(0, 2))
    assert by_hour.argmax() in {20, 21, 22}
    assert by_hour.max() == pytest.approx((2 * 0.1) ** 0.5, abs=0.1)
    crowded = deviations("particles", signal("1/m3", 1.0), times)
    shifts = crowded.reshape(40, 24, 60, 20).mean(axis=(0, 2))
    # Crews change at 06:00, 14:00 and 22:00 UTC, and each sets each machine in its own way.
    early, late = shifts[6:14].mean(axis=0), shifts[14:22].mean(axis=0)
    assert np.abs(late - early).max() > 0.3
    assert np.corrcoef(early, late)[0, 1] < 0.5


def test_a_value_of_the_laboratory_has_no_memory() -> None:
    assert shares_of("water", signal("mg/kg", 0.0001)).gauge == 1.0


def test_a_saw_tooth_is_seen_where_there_is_a_tool() -> None:
    times = NOW_MS + np.arange(1440 * 20, dtype=np.int64) * MINUTE_MS
    burr = deviations("burr_height", signal("um", 0.1), times).mean(axis=1)
    worn = times / 90_000_000 % 1.0
    old, new = burr[worn > 0.9].mean(), burr[worn < 0.1].mean()
    assert old - new == pytest.approx(0.9 * (12 * 0.3) ** 0.5, abs=0.15)
