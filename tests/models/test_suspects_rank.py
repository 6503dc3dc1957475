"""The core of the culprit search on cells whose truth is planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from models.suspects_levels import Bools, Cells, Factor
from models.suspects_passing import Places
from models.suspects_rank import CLIP, Claim, Name, rank
from models.suspects_stats import benjamini_hochberg, hypergeometric_tail

CELLS = 4_000
NUMBER = np.arange(CELLS)
TIME = NUMBER.astype(np.float64)
NOZZLES, FILLERS = 8, 2
#: 25 strips of 160 cells; lanes take turns.
STRIP = NUMBER // 160


def factors() -> list[Factor]:
    """What a line of 2 winders, 2 fillers of 8 nozzles and strips one after the other knows."""
    nozzle = NUMBER % NOZZLES
    filler = NUMBER // NOZZLES % FILLERS
    names = tuple(f"filler-{n}" for n in range(1, FILLERS + 1))
    return [
        Factor("equipment", "winding", ("winder-1", "winder-2"), NUMBER % 2, TIME),
        Factor("equipment", "filling", names, filler, TIME),
        Factor("position", "filling", Places(names, NOZZLES), filler * NOZZLES + nozzle, TIME),
        Factor("roll", "slitting", [f"roll-{n}" for n in range(25)], STRIP),
        Factor("roll_metres", "slitting", [f"roll-{n}" for n in range(25)], STRIP, TIME % 160),
        Factor("lane", "coating", Places(("coater",), 5), STRIP % 5, TIME - 50_000.0),
        Factor("lot", "mixing", [f"lot-{n}" for n in range(3)], NUMBER // 1_500),
    ]


def cells(affected: Bools, shift: float, seed: int = 0) -> Cells:
    z = np.random.default_rng(seed).normal(size=CELLS) + np.where(affected, shift, 0.0)
    return Cells(np.clip(z, -CLIP, CLIP), -0.1 * z, z > max(shift / 2.0, 1.0))


NOZZLE_3 = (NUMBER % NOZZLES == 2) & (NUMBER // NOZZLES % FILLERS == 0)


@pytest.mark.parametrize(
    ("affected", "kind", "value", "begin"),
    [
        (NOZZLE_3 & (NUMBER >= 3_000), "position", "filler-1:3", 3_000),
        ((NUMBER // NOZZLES % FILLERS == 1) & (NUMBER >= 3_500), "equipment", "filler-2", 3_500),
        ((NUMBER % 2 == 1) & (NUMBER >= 2_800), "equipment", "winder-2", 2_800),
        (STRIP == 17, "roll", "roll-17", None),
        ((STRIP == 17) & (TIME % 160 >= 60), "roll_metres", "roll-17", 60),
        ((STRIP % 5 == 3) & (STRIP > 7), "lane", "coater:4", 1_280 - 50_000.0),
        (NUMBER // 1_500 == 1, "lot", "lot-1", None),
    ],
    ids=["nozzle", "machine", "winder", "roll", "metres", "lane", "lot"],
)
@pytest.mark.parametrize("shift", [1.5, 4.0])
def test_what_the_deviating_cells_have_in_common_comes_first(
    affected: Bools, kind: str, value: str, begin: float | None, shift: float
) -> None:
    for seed in range(5):
        first = rank(cells(affected, shift, seed), factors())[0]
        assert (first.name.kind, first.name.value) == (kind, value)
        assert first.q_value < 1e-6
        assert first.lift > 1.5
        assert first.effect == pytest.approx(-0.1 * shift, rel=0.35)
        if begin is None:
            assert first.begin is None
        else:
            # A shift of 1.5 sd is known to some cells, one of 4 sd to the next one or two.
            assert first.begin is not None
            assert abs(first.begin - begin) <= (160 if shift < 2.0 else 40) * (
                1 + 4 * (kind == "lane")
            )


def test_the_counts_are_those_of_the_two_by_two_table() -> None:
    affected = NOZZLE_3 & (NUMBER >= 3_000)
    planted = Cells(np.where(affected, CLIP, 0.0), np.where(affected, -0.38, 0.0), affected)
    first = rank(planted, factors())[0]
    hit = int(affected.sum())
    assert (first.affected, first.affected_total) == (hit, hit)
    assert (first.others, first.others_total) == (0, CELLS - hit)
    assert first.lift == pytest.approx(CELLS / hit)
    assert first.effect == pytest.approx(-0.38)
    assert first.begin == np.flatnonzero(affected)[0]


def test_a_few_bad_cells_of_a_winder_are_its_own_with_their_own_size() -> None:
    affected = (NUMBER % 2 == 1) & (NUMBER % 38 == 5)
    planted = Cells(np.where(affected, CLIP, 0.0), np.where(affected, 8.0, 0.0), affected)
    suspects = rank(planted, factors())
    assert "winder-2" in [suspect.name.value for suspect in suspects]
    winder = next(suspect for suspect in suspects if suspect.name.value == "winder-2")
    assert winder.effect == pytest.approx(8.0)


def test_where_nothing_is_wrong_nobody_is_suspected() -> None:
    """Of 300 healthy events no more than 5 % name somebody, a little more by chance."""
    named = 0
    for seed in range(300):
        z = np.random.default_rng(seed).normal(size=CELLS)
        named += bool(rank(Cells(np.clip(z, -CLIP, CLIP), z, z > 1.5), factors()))
    assert named <= 300 * 0.05 + 3 * (300 * 0.05 * 0.95) ** 0.5


def test_of_equals_the_one_that_was_seen_before_comes_first() -> None:
    """One filler and one winder alone: all cells since a moment have both."""
    affected = NUMBER >= 3_200
    both = [
        Factor("equipment", "winding", ("winder",), np.zeros(CELLS, np.int64), TIME),
        Factor("equipment", "filling", ("filler",), np.zeros(CELLS, np.int64), TIME),
    ]
    for known in ("winder", "filler"):
        station = "winding" if known == "winder" else "filling"
        bonus = {Name("equipment", station, known): 6.0}
        suspects = rank(cells(affected, 2.0), both, bonus=bonus)
        assert [suspect.name.value for suspect in suspects[:2]] == [
            known, "filler" if known == "winder" else "winder",
        ]  # fmt: skip


def test_a_claim_on_cells_that_do_not_deviate_is_none() -> None:
    affected = NOZZLE_3 & (NUMBER >= 3_000)
    dryer = Name("equipment", "vacuum_drying", "dryer")
    wrong = Claim(dryer, NUMBER < 2_000, None)
    suspects = rank(cells(affected, 4.0), factors(), [wrong], bonus={dryer: 14.0})
    assert suspects[0].name.value == "filler-1:3"
    right = Claim(dryer, affected, None)
    suspects = rank(cells(affected, 4.0), factors(), [right], bonus={dryer: 14.0})
    assert [suspect.name.value for suspect in suspects[:2]] == ["dryer", "filler-1:3"]


def test_cells_of_which_nobody_knows_a_factor_do_not_disturb_it() -> None:
    known = [f._replace(code=np.where(NUMBER % 3 == 0, -1, f.code)) for f in factors()]
    affected = NOZZLE_3 & (NUMBER >= 2_000)
    assert rank(cells(affected, 4.0), known)[0].name.value == "filler-1:3"
    assert rank(cells(affected, 4.0), [f._replace(code=np.full(CELLS, -1)) for f in known]) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_tail_is_never_below_the_exact_one_and_near_it(seed: int) -> None:
    draw = np.random.default_rng(seed)
    total, hit = 12_000, int(draw.integers(20, 3_000))
    size = draw.integers(5, 4_000, 300)
    chance = size * hit / total
    affected = np.minimum(
        np.minimum(size, hit), (chance + draw.uniform(0, 8, 300) * chance**0.5 + 1)
    )
    affected = affected.astype(np.int64)
    exact = stats.hypergeom.sf(affected - 1, total, hit, size)
    bound = hypergeometric_tail(affected, size, hit, total)
    assert (bound >= exact * (1.0 - 1e-9)).all()
    small = exact < 0.01
    assert small.sum() > 50
    assert (bound[small] <= 2.0 * exact[small]).all()


def test_false_discoveries_are_controlled_as_published() -> None:
    """Benjamini and Hochberg 1995, example of 15 comparisons: four are rejected at 0.05."""
    p = np.array(
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
         0.5719, 0.6528, 0.7590, 1.0]
    )  # fmt: skip
    shuffled = np.random.default_rng(0).permutation(len(p))
    q = np.empty_like(p)
    q[shuffled] = benjamini_hochberg(p[shuffled])
    assert (q <= 0.05).sum() == 4
    assert q[0] == pytest.approx(0.0015)
    assert q[8] == pytest.approx(0.0765)
    assert (np.diff(q) >= 0.0).all()


def test_a_second_cause_is_found_behind_the_first_and_shadows_are_not() -> None:
    """A nozzle makes its filler, and the lane that is on just then, look bad: they are not."""
    lane = (STRIP % 5 == 3) & (STRIP > 7)
    nozzle = NOZZLE_3 & (NUMBER >= 3_000)
    both = [suspect.name.value for suspect in rank(cells(nozzle | lane, 3.0), factors())]
    assert set(both[:2]) == {"filler-1:3", "coater:4"}
    alone = [suspect.name.value for suspect in rank(cells(nozzle, 3.0), factors())]
    assert alone == ["filler-1:3"]


def test_few_bad_cells_among_many_point_to_their_winder() -> None:
    """24 of 27 outliers among 4,000 cells at one of two winders, by which alone they are judged."""
    draw = np.random.default_rng(5)
    odd, even = np.flatnonzero(NUMBER % 2 == 1), np.flatnonzero(NUMBER % 2 == 0)
    affected = np.zeros(CELLS, dtype=np.bool_)
    affected[draw.choice(odd, 24, replace=False)] = True
    affected[draw.choice(even, 3, replace=False)] = True
    first = rank(Cells(None, affected.astype(np.float64), affected), factors())[0]
    assert (first.name.value, first.affected, first.affected_total) == ("winder-2", 24, 27)


def test_few_bad_cells_anywhere_point_to_nobody() -> None:
    named = 0
    for seed in range(200):
        affected = np.random.default_rng(seed).random(CELLS) < 27 / CELLS
        named += bool(rank(Cells(None, affected.astype(np.float64), affected), factors()))
    assert named <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5
