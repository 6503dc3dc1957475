"""`jellyroll evaluate scenarios`: the arithmetic of its verdicts, and a small run of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.scenario import FAULTS, PAIRS, Scenario, UnknownFaultError, chosen
from bench.scenario_judge import judge, totals
from bench.scenario_report import document_of
from bench.scenario_run import PLANT, Failed, Plan, run_all
from bench.scenario_seen import Anomaly, Judged, Outcome, Ranked, Seen
from bench.scenario_truth import Done
from plant.load import load_plant
from plant.times import to_us
from simulator.faults import parse_fault
from stack.postgres import PrivateCluster

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def anomaly(place: str, minutes: float, *suspects: str, since: float = 0.0) -> Anomaly:
    machine, _, position = place.partition(":")
    ranked = Ranked(
        suspects, ("position",) * len(suspects), f"{suspects[0]} did it" if suspects else ""
    )
    return Anomaly(
        machine, int(position) if position else None, "x", "low", at(since), at(minutes), 1,
        ranked, ranked,
    )  # fmt: skip


def done(fault: str, *culprits: str, cells: int = 0, is_measurement: bool = False) -> Done:
    touched = tuple(to_us(at(minute)) for minute in range(cells))
    names = frozenset(f"{fault}-{n}" for n in range(cells))
    return Done(
        fault, is_measurement, is_gauge=False, culprits=frozenset(culprits), began=BEGIN,
        cells=names, touched_us=touched,
    )  # fmt: skip


def outcome(
    faults: tuple[Done, ...], *anomalies: Anomaly, judged: tuple[Judged, ...] = (), **seen: Any
) -> Outcome:
    misread = seen.get("misread", ())
    scenario = Scenario(tuple(fault.id for fault in faults), 1)
    return Outcome(scenario, faults, Seen(anomalies, judged, misread), 2.0, 1.0)


FALSE = anomaly("winder", 30, "winder", since=20)


def test_what_the_healthy_twin_has_too_is_not_of_the_fault() -> None:
    found = anomaly("filler:3", 12, "filler:3", since=2)
    twin, faulty = outcome((), FALSE), outcome((done("F12", "filler:3", cells=50),), found, FALSE)
    (verdict,), (healthy,) = judge([twin, faulty])
    assert (verdict.by, verdict.minutes, verdict.cells, verdict.rank) == ("alarm", 12.0, 13, 1)
    assert verdict.same == 1.0
    assert (healthy.alerts, healthy.alerts_per_day) == (1, 0.5)


def test_a_culprit_further_down_the_list_has_its_rank_and_a_wrong_one_none() -> None:
    fault = (done("F12", "filler:3"),)
    for suspects, rank in ((("filler", "filler:3"), 2), (("filler", "winder"), None)):
        (verdict,), _ = judge([outcome(()), outcome(fault, anomaly("x", 5, *suspects))])
        assert verdict.rank == rank
        assert verdict.detected


def test_a_wrong_gauge_must_be_named_as_the_sensor_and_nothing_else_may_be() -> None:
    """Named as a place at the alarm, as the sensor when it was looked at again."""
    coater = done("F18", "coater", is_measurement=True)
    at_once = anomaly("coater", 5, "coater")
    again = at_once._replace(last=Ranked(("coater", "coater"), ("sensor", "equipment"), "Sensor"))
    for fault, ranks in ((coater._replace(is_gauge=True), (None, 1)), (coater, (1, 2))):
        (verdict,), _ = judge([outcome(()), outcome((fault,), again)])
        assert (verdict.rank, verdict.last_rank) == ranks
        assert (verdict.first, verdict.last) == ("coater did it", "Sensor")
    last = totals([verdict])[-1]
    assert (last.first, last.among_three, last.last_first) == (1, 1, 0)


def test_what_is_done_is_told_while_more_is_to_come() -> None:
    """Without the healthy line of a seed nothing can be said of its faults yet."""
    plan, fault = Plan(), done("F12", "filler:3")
    wanted = [Scenario(names, seed) for seed in (1, 2) for names in ((), ("F12",), ("F12", "F09"))]
    found = outcome((fault,), anomaly("filler:3", 5, "filler:3"))
    pair = outcome((fault, done("F09", "welder")), anomaly("filler:3", 5, "filler:3"))
    told = json.loads(document_of(wanted, plan, [found, pair]))
    assert told["verdicts"] == []
    assert len(told["missing"]) == 4
    failed = Failed(Scenario(("F12",), 2), "OperationalError: gone")
    told = json.loads(document_of(wanted, plan, [found, pair, outcome(()), failed]))
    assert [(v["scenario"], v["fault"]) for v in told["verdicts"]] == [
        ("F12", "F12"), ("F12+F09", "F12"),
    ]  # fmt: skip
    assert told["failed"] == [{"scenario": "F12", "seed": 2, "reason": "OperationalError: gone"}]
    assert told["missing"] == ["healthy of seed 2", "F12 of seed 2", "F12+F09 of seed 2"]


def test_a_scenario_runs_as_long_as_its_faults_take_to_show() -> None:
    days = [Scenario(names, 1).days(0.25) for names in ((), ("F12",), ("F12", "F05"), ("F06",))]
    assert days == [0.25, 0.25, 0.5, 1.75]


def test_of_a_pair_each_fault_has_its_own_alarms() -> None:
    dose, weld = anomaly("filler:3", 10, "filler:3"), anomaly("welder", 40, "welder")
    first, second = done("F12", "filler:3"), done("F09", "welder")
    verdicts, _ = judge(
        [outcome(()), outcome((first,), dose), outcome((second,), weld),
         outcome((first, second), dose, weld)]
    )  # fmt: skip
    pair = {v.fault: v for v in verdicts if v.scenario == "F12+F09"}
    assert (pair["F12"].minutes, pair["F09"].minutes) == (10.0, 40.0)
    assert pair["F12"].rank == pair["F09"].rank == 1
    last = totals(verdicts)[-1]
    assert (last.fault, last.runs, last.detected, last.first) == ("all", 4, 4, 4)


def test_cells_that_are_told_without_an_alarm_count_as_seen_and_condemned_ones_are_counted() -> (
    None
):
    fault = done("F16", "tray:37", cells=3, is_measurement=True)
    judged = (
        Judged("F16-1", at(9), "measurement", is_condemned=False),
        Judged("F16-2", at(10), "measurement", is_condemned=True),
        Judged("other", at(1), "product", is_condemned=True),
    )
    found = outcome((fault,), judged=judged, misread=("aisle", "tray:37"))
    (verdict,), _ = judge([outcome(()), found])
    assert (verdict.by, verdict.minutes, verdict.rank, verdict.condemned) == ("cells", 9.0, 2, 1)
    (unseen,), _ = judge([outcome(()), outcome((fault,))])
    assert not unseen.detected
    assert totals([verdict, unseen])[0].condemned == 1


def test_what_the_other_fault_of_a_pair_has_spoilt_is_not_condemned_by_a_measurement() -> None:
    room = done("F17", "aisle", cells=3, is_measurement=True)
    particles = done("F06", "winder")._replace(cells=frozenset({"F17-1"}))
    judged = tuple(
        Judged(f"F17-{number}", at(9), "product", is_condemned=True) for number in (1, 2)
    )
    outcomes = [outcome(()), outcome((room,)), outcome((particles,))]
    verdicts, _ = judge([*outcomes, outcome((particles, room), judged=judged)])
    pair = {v.fault: v.condemned for v in verdicts if v.scenario == "F06+F17"}
    assert pair == {"F06": 1, "F17": 1}


def test_all_faults_and_pairs_are_there_and_fit_the_line() -> None:
    everything = chosen([], [1, 2, 3])
    assert len(everything) == 3 * (1 + 18 + 10)
    parts = [min(len(one.faults), 2) for one in everything]
    assert parts == sorted(parts), "healthy lines, faults alone, pairs"
    assert len(FAULTS) == 18
    assert all(name in FAULTS for pair in PAIRS for name in pair)
    plant = load_plant(PLANT)
    for text in FAULTS.values():
        assert parse_fault(text, plant).line == "l1"


def test_a_pair_brings_its_faults_alone_and_an_unknown_fault_is_a_sentence() -> None:
    names = [scenario.name for scenario in chosen(["F01+F12", "F12"], [7])]
    assert names == ["healthy", "F01", "F12", "F01+F12"]
    with pytest.raises(UnknownFaultError, match="no scenario 'F99'; there are F01, F02"):
        chosen(["F99"], [1])


@pytest.mark.slow
def test_a_nozzle_that_doses_short_is_seen_named_and_told_from_a_healthy_line(
    cluster: PrivateCluster,
) -> None:
    """A quarter day of history, three hours with the fault: the whole way, on another seed."""
    cluster.start()
    plan = Plan(history_d=0.25, fault_d=0.125, healthy_d=0.125)
    outcomes = list(run_all(cluster, chosen(["F12"], [101]), plan, jobs=1))
    (verdict,), (healthy,) = judge([one for one in outcomes if isinstance(one, Outcome)])
    assert verdict.by == "alarm"
    assert verdict.rank == 1
    assert verdict.minutes is not None
    assert verdict.minutes < 15
    assert verdict.first.startswith("Nozzle 3 of l1-filler-02, since ")
    assert healthy.alerts == 0
