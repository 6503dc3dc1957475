from __future__ import annotations

import numpy as np

from simulator.noise import Noise


def test_a_row_is_the_same_however_the_rows_around_it_are_asked_for() -> None:
    noise = Noise(1, "l1", "filling", width=7)
    whole = noise.normals(1_000, 500)
    pieces = [noise.normals(1_200, 300), noise.normals(1_000, 1), noise.normals(1_001, 199)]
    assert np.array_equal(whole, np.concatenate((pieces[1], pieces[2], pieces[0])))
    assert np.array_equal(Noise(1, "l1", "filling", width=7).normals(1_499, 1)[0], whole[-1])


def test_streams_of_another_name_or_seed_are_others() -> None:
    mine = Noise(1, "l1", "filling", width=4).normals(0, 100)
    for other in (Noise(2, "l1", "filling", width=4), Noise(1, "l2", "filling", width=4)):
        assert not np.isin(other.normals(0, 100), mine).any()


def test_normals_are_standard_normal_and_rows_and_columns_do_not_hang_together() -> None:
    drawn = Noise(3, "x", width=6).normals(5_000_000, 100_000)
    assert abs(drawn.mean(axis=0)).max() < 0.015
    assert abs(drawn.std(axis=0) - 1).max() < 0.01
    assert 0.0024 < np.mean(np.abs(drawn) > 3) < 0.0030
    between = np.corrcoef(drawn, rowvar=False) - np.eye(6)
    assert abs(between).max() < 0.015
    assert abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 0.015


def test_uniforms_lie_between_0_and_1() -> None:
    drawn = Noise(3, "x", width=3).uniforms(0, 100_000)
    assert 0 < drawn.min() < 1e-4
    assert 1 - 1e-4 < drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < 0.005
