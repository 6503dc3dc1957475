"""Run lengths as published: figures of tables are facts; their sources stand beside them."""

from __future__ import annotations

import math

import pytest

from models.spc.rules import parse_rules
from models.spc.runlength_ewma import ewma_arl, ewma_limit
from models.spc.runlength_mewma import mewma_arl, mewma_limit
from models.spc.runlength_rules import rules_arl, rules_unit
from models.spc.runlength_shewhart import shewhart_arl, shewhart_limit, t2_arl, t2_limit

#: Champ & Woodall, Technometrics 1987, Table 1: rules by their numbers there, shifts 0 to 3.
CHAMP_WOODALL = {
    "1": (370.40, 308.43, 200.08, 119.67, 71.55, 43.89, 27.82, 18.25, 12.38, 8.69, 6.30, 4.72,
          3.65, 2.90, 2.38, 2.00),
    "1,5": (225.44, 177.56, 104.46, 57.92, 33.12, 20.01, 12.81, 8.69, 6.21, 4.66, 3.65, 2.96,
            2.48, 2.13, 1.87, 1.68),
    "1,6": (166.05, 120.70, 63.88, 33.99, 19.78, 12.66, 8.84, 6.62, 5.24, 4.33, 3.68, 3.18, 2.78,
            2.43, 2.14, 1.89),
    "1,we4": (152.73, 110.52, 59.76, 33.64, 21.07, 14.58, 10.90, 8.60, 7.03, 5.85, 4.89, 4.08,
              3.38, 2.81, 2.35, 1.99),
    "1,5,6": (132.89, 97.86, 52.93, 28.70, 16.93, 10.95, 7.68, 5.75, 4.54, 3.73, 3.14, 2.70, 2.35,
              2.07, 1.85, 1.67),
    "1,5,we4": (122.05, 89.14, 48.71, 27.49, 17.14, 11.73, 8.61, 6.63, 5.27, 4.27, 3.50, 2.91,
                2.47, 2.13, 1.87, 1.68),
    "1,6,we4": (105.78, 76.01, 40.95, 23.16, 14.62, 10.19, 7.66, 6.08, 5.01, 4.24, 3.65, 3.17,
                2.77, 2.43, 2.14, 1.89),
    "western-electric": (91.75, 66.80, 36.61, 20.91, 13.25, 9.22, 6.89, 5.42, 4.41, 3.68, 3.13,
                         2.70, 2.35, 2.07, 1.85, 1.67),
}  # fmt: skip


@pytest.mark.parametrize("rules", CHAMP_WOODALL)
def test_runs_rules_have_the_run_lengths_of_champ_and_woodall(rules: str) -> None:
    found = [
        round(rules_arl(parse_rules(rules), shift=0.2 * step).value, 2)
        for step in range(len(CHAMP_WOODALL[rules]))
    ]
    assert found == list(CHAMP_WOODALL[rules])


@pytest.mark.parametrize(
    ("rules", "arl0"),
    [("5", 510.69), ("6", 291.32), ("we4", 255.00), ("2", 511.00), ("1,2", 216.70),
     ("default", 109.05)],
)  # fmt: skip
def test_single_rules_and_nelsons_nine_in_a_row_are_exact(rules: str, arl0: float) -> None:
    assert round(rules_arl(parse_rules(rules)).value, 2) == arl0


def test_runs_of_one_kind_have_the_run_length_of_the_formula() -> None:
    """r in a row of a chance p take (1 - p^r) / ((1 - p) p^r) points in the mean."""
    inside = math.erf(math.sqrt(0.5))
    for rule, length, p in (("7", 15, inside), ("8", 8, 1.0 - inside)):
        expected = (1.0 - p**length) / ((1.0 - p) * p**length)
        assert rules_arl(parse_rules(rule)).value == pytest.approx(expected, rel=1e-9)


def test_all_eight_rules_alarm_every_seventy_points_and_gain_nothing() -> None:
    """Figures of a simulation of 30,000 runs: 73.8 and, at 1 sd, 9.7."""
    every = parse_rules("nelson")
    for shift, expected in ((0.0, 73.8), (1.0, 9.7)):
        found = rules_arl(every, shift=shift)
        assert abs(found.value - expected) < 3.5 * found.standard_error * math.sqrt(4 / 3)


def test_wider_zones_buy_a_longer_run() -> None:
    unit = rules_unit(parse_rules("1,5,6"), 10_000.0)
    assert rules_arl(parse_rules("1,5,6"), unit=unit).value == pytest.approx(10_000.0, rel=1e-6)


@pytest.mark.parametrize(
    ("rules", "arl0", "says"),
    [("default", 5_000.0, "between 1.1"), ("we4", 100.0, "255"), ("1,3", 100.0, "3, 4 and 7")],
)
def test_a_run_length_that_no_zones_have_is_refused(rules: str, arl0: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        rules_unit(parse_rules(rules), arl0)


def as_printed(value: float, printed: float, units: float = 0.501) -> bool:
    """Whether *value* is *printed* when rounded to as many decimals."""
    decimals = len(str(printed).partition(".")[2])
    return abs(value - printed) <= units * 10.0**-decimals


SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
#: (lam, L) and the ARL at `SHIFTS`.
EWMA = {
    # Lucas & Saccucci, Technometrics 1990, Table 3.
    (0.5, 3.071): (500, 255, 88.8, 35.9, 17.5, 6.53, 3.63, 1.93, 1.34),
    (0.03, 2.437): (500, 76.7, 29.3, 17.6, 12.6, 8.07, 5.99, 4.03, 3.11),
    # Montgomery, Introduction to Statistical Quality Control, the table of the EWMA's ARL.
    (0.4, 3.054): (500, 223.7, 71.2, 28.4, 14.3, 5.87, 3.52, 2.02, 1.44),
    (0.25, 2.998): (500, 170.3, 48.3, 20.1, 11.1, 5.46, 3.61, 2.26, 1.73),
    (0.2, 2.962): (500, 150.2, 41.8, 18.2, 10.5, 5.50, 3.74, 2.38, 1.86),
    (0.1, 2.814): (500, 106.3, 31.3, 15.9, 10.3, 6.08, 4.36, 2.87, 2.19),
    (0.05, 2.615): (500, 84.0, 28.8, 16.4, 11.4, 7.11, 5.22, 3.50, 2.69),
}


@pytest.mark.parametrize("chart", EWMA)
def test_the_ewma_has_the_published_run_lengths(chart: tuple[float, float]) -> None:
    lam, limit = chart
    assert round(ewma_limit(500.0, lam), 3) == limit
    for shift, printed in zip(SHIFTS, EWMA[chart], strict=True):
        found = ewma_arl(limit, lam, shift=shift)
        # Two entries, 18.2 for 18.1496 and 15.9 for 15.8475, were rounded from longer limits.
        assert as_printed(found, printed, units=0.53), (shift, found)


def test_the_ewma_is_exact_to_nine_digits() -> None:
    # SAS/QC prints 11.154267016.
    assert round(ewma_arl(3.0, 0.25, shift=1.0), 9) == 11.154267016


def test_the_ewma_has_crowders_run_lengths() -> None:
    # Technometrics 1987, L = 2.
    assert round(ewma_arl(2.0, 0.5), 2) == 26.45
    assert round(ewma_arl(2.0, 0.05), 2) == 127.53


@pytest.mark.parametrize(
    ("arl0", "lam", "limit"),
    [(370.4, 0.05, 2.4901), (370.4, 0.1, 2.7015), (370.4, 0.2, 2.8593), (370.4, 0.25, 2.8980),
     (370.4, 0.3, 2.9250), (370.4, 0.5, 2.9778), (500, 0.05, 2.6151), (500, 0.1, 2.8143),
     (500, 0.2, 2.9622), (500, 0.25, 2.9981), (1e3, 0.1, 3.0586), (1e3, 0.2, 3.1866),
     (1e4, 0.1, 3.7491), (1e4, 0.2, 3.8344), (5e4, 0.1, 4.1586), (5e4, 0.2, 4.2261),
     (1e5, 0.1, 4.3222), (1e5, 0.2, 4.3838), (1e6, 0.1, 4.8240), (1e6, 0.2, 4.8706)],
)  # fmt: skip
def test_limits_of_the_ewma_are_exact_to_four_digits(arl0: float, lam: float, limit: float) -> None:
    assert round(ewma_limit(arl0, lam), 4) == limit


#: ARL0: Shewhart k and its ARL at 1 and 2 sd; then EWMA .1 and .2 at 0.5, 1 and 2 sd.
BUDGET = {
    1e3: (3.291, (90.9, 10.2), (39.7, 11.7, 4.8), (58.7, 12.5, 4.1)),
    1e4: (3.891, (520, 34), (89.5, 16.9, 6.0), (201, 21.7, 5.3)),
    5e4: (4.265, (1826, 85), (169, 21.3, 6.8), (524, 33.0, 6.1)),
    1e5: (4.417, (3161, 128), (227, 23.5, 7.2), (808, 40.1, 6.5)),
    1e6: (4.892, (20086, 522), (670, 32.8, 8.3), (3690, 82.7, 8.0)),
}


@pytest.mark.parametrize("arl0", BUDGET)
def test_rarer_false_alarms_cost_what_the_table_of_budgets_says(arl0: float) -> None:
    limit, shewhart, *ewmas = BUDGET[arl0]
    own = shewhart_limit(arl0)
    assert round(own, 3) == limit
    for shift, printed in zip((1.0, 2.0), shewhart, strict=True):
        assert shewhart_arl(own, shift=shift) == pytest.approx(printed, abs=0.5, rel=5e-4)
    for lam, row in zip((0.1, 0.2), ewmas, strict=True):
        for shift, printed in zip((0.5, 1.0, 2.0), row, strict=True):
            found = ewma_arl(ewma_limit(arl0, lam), lam, shift=shift)
            digit = 0.1 if printed < 100 else 1.0
            assert abs(found - printed) <= 0.51 * digit, (lam, shift, found)


@pytest.mark.parametrize(
    ("signals", "limit", "arls"),
    [(2, 10.597, (115.5, 41.9, 15.8, 6.88, 2.16)), (5, 16.750, (144.6, 68.2, 28.5, 12.4, 3.31)),
     (10, 25.188, (161, 92.5, 44.5, 20.6, 5.21)), (20, 39.997, (173, 117, 66.2, 34.3, 9.10))],
)  # fmt: skip
def test_t2_is_exact(signals: int, limit: float, arls: tuple[float, ...]) -> None:
    assert round(t2_limit(200.0, signals), 3) == limit
    for shift, printed in zip((0.5, 1.0, 1.5, 2.0, 3.0), arls, strict=True):
        found = t2_arl(limit, signals, shift=shift)
        assert as_printed(found, printed), (shift, found)


@pytest.mark.parametrize(
    ("lam", "limit"), [(0.25, 15.82), (0.2, 15.62), (0.15, 15.31), (0.1, 14.76), (0.05, 13.60)]
)
def test_limits_of_the_mewma_are_knoths(lam: float, limit: float) -> None:
    # Statistical Papers 2017: three signals, ARL0 1000.
    assert round(mewma_limit(1000.0, lam, 3), 2) == limit


def test_the_limit_of_the_mewma_is_rigdons() -> None:
    # 1995: four signals, ARL0 500.
    assert round(mewma_limit(500.0, 0.25, 4), 2) == 16.38


@pytest.mark.parametrize(
    ("shift", "printed", "simulated"),
    [(0.5, 35.05, 35.03), (1.0, 12.17, 12.14), (2.0, 5.19, 5.16), (3.0, 3.42, 3.41)],
)
def test_the_mewma_lies_at_the_published_program_and_the_simulation(
    shift: float, printed: float, simulated: float
) -> None:
    """Molnau's program (2001) has a coarse chain: its third digit is not exact, ours is."""
    found = mewma_arl(12.73, 0.1, 4, shift=shift)
    assert found == pytest.approx(printed, rel=4e-3)
    assert found == pytest.approx(simulated, rel=4e-3)


def test_both_ways_to_the_mewmas_run_length_meet() -> None:
    """The equation in one unknown, and that in two with all but no shift."""
    in_control = mewma_arl(12.73, 0.1, 4)
    assert in_control == pytest.approx(200.50, abs=0.005)
    assert mewma_arl(12.73, 0.1, 4, shift=1e-6) == pytest.approx(in_control, rel=1e-6)


def test_a_mewma_of_one_signal_is_an_ewma_and_one_without_memory_a_t2() -> None:
    assert mewma_arl(9.0, 0.2, 1, shift=1.0) == ewma_arl(3.0, 0.2, shift=1.0)
    assert mewma_arl(9.0, 1.0, 3, shift=1.0) == t2_arl(9.0, 3, shift=1.0)
    assert ewma_arl(3.0, 1.0, shift=1.0) == shewhart_arl(3.0, shift=1.0)


def test_what_cannot_be_computed_is_said_and_not_made_up() -> None:
    assert ewma_arl(9.0, 0.1) == math.inf
    assert ewma_arl(10.0, 0.001, shift=1.0) == pytest.approx(253.909, abs=1e-3)
    assert math.isnan(ewma_arl(100.0, 0.001))
    assert math.isnan(mewma_arl(45.0, 0.01, 20, shift=1.0))
