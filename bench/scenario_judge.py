"""Judge what was seen of scenarios against what was done. Pure.

A run with a fault and the healthy run of the same seed differ by the fault alone, to the last bit
of noise: an anomaly that the healthy run has not is the fault's. Of a pair, it belongs to the fault
that has an anomaly of that chart when it is alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench.scenario_seen import Anomaly, Outcome, Ranked, Seen
from bench.scenario_truth import Done


class Verdict(NamedTuple):
    """How one fault of one scenario was seen.

    *by* is "alarm", or "cells" where nothing alarmed and cells that it touched were said to have a
    fault, else "". *minutes* from its beginning to then, and *cells* that it had touched by then.
    *rank* is that of the culprit among the suspects of the first alarm, or in what wrongly measured
    cells have in common, None if it is not there; *last_rank* the same after its suspects were
    looked at again; *same* the share of all its alarms with the culprit in the first place. A gauge
    that is wrong must be named as the sensor, and nothing else may be. *condemned* counts cells
    that it touched and that would have passed without it. *first* and *last* are the first
    suspects.
    """

    scenario: str
    seed: int
    fault: str
    is_measurement: bool
    by: str
    minutes: float | None
    cells: int | None
    rank: int | None
    last_rank: int | None
    same: float | None
    condemned: int
    first: str
    last: str

    @property
    def detected(self) -> bool:
        """Whether it was seen at all."""
        return bool(self.by)


class Healthy(NamedTuple):
    """What was seen of a healthy line: alerts and anomalies are false ones."""

    seed: int
    days: float
    alerts: int
    anomalies: int
    condemned: int

    @property
    def alerts_per_day(self) -> float:
        """False alerts of the line and day."""
        return self.alerts / self.days


def judge(outcomes: Sequence[Outcome]) -> tuple[list[Verdict], list[Healthy]]:
    """Return a verdict for each fault of each scenario, and one for each healthy run.

    What needs a run that is not there (that of the healthy line, of a pair's faults alone) is left
    out.
    """
    twins = {o.scenario.seed: o for o in outcomes if not o.scenario.faults}
    outcomes = [o for o in outcomes if o.scenario.seed in twins]
    own: dict[tuple[int, tuple[str, ...]], list[Anomaly]] = {}
    for outcome in outcomes:
        twin = twins[outcome.scenario.seed].seen.anomalies
        known = {(*anomaly.chart, anomaly.direction, anomaly.since) for anomaly in twin}
        own[outcome.scenario.seed, outcome.scenario.faults] = [
            a for a in outcome.seen.anomalies if (*a.chart, a.direction, a.since) not in known
        ]
    verdicts = []
    for outcome in sorted(outcomes, key=lambda o: (len(o.done), o.scenario.name, o.scenario.seed)):
        seed, names = outcome.scenario.seed, outcome.scenario.faults
        for done in outcome.done:
            anomalies = own[seed, names]
            if len(names) > 1:
                if (seed, (done.id,)) not in own:
                    continue
                charts = {anomaly.chart for anomaly in own[seed, (done.id,)]}
                anomalies = [a for a in anomalies if a.chart in charts]
            verdicts.append(_verdict(outcome, done, anomalies, twins[seed].seen))
    healthy = [
        Healthy(
            seed, twin.days, twin.seen.alerts, len(twin.seen.anomalies), len(twin.seen.condemned)
        )
        for seed, twin in sorted(twins.items())
    ]
    return verdicts, healthy


def _verdict(outcome: Outcome, done: Done, anomalies: Sequence[Anomaly], twin: Seen) -> Verdict:
    seen = outcome.seen
    ranks = [_rank(anomaly.ranked, done) for anomaly in anomalies]
    by, time, rank, last_rank, first, last = "", None, None, None, "", ""
    if anomalies:
        alarm = anomalies[0]
        by, time, rank, last_rank = "alarm", alarm.time, ranks[0], _rank(alarm.last, done)
        first, last = alarm.ranked.sentence, alarm.last.sentence
    else:
        new = (seen.faulty - twin.faulty) & done.cells
        judged = [one for one in seen.judged if one.cell in new]
        if judged:
            by, time, rank = "cells", judged[0].time, _place(seen.misread, done)
            last_rank = rank
            first = last = ", ".join(seen.misread[:3])
    return Verdict(
        outcome.scenario.name,
        outcome.scenario.seed,
        done.id,
        done.is_measurement,
        by,
        None if time is None else (time - done.began).total_seconds() / 60.0,
        None if time is None else done.touched_until(time),
        rank,
        last_rank,
        sum(rank == 1 for rank in ranks) / len(ranks) if ranks else None,
        len((seen.condemned - twin.condemned) & done.cells - _others(outcome, done)),
        first,
        last,
    )


def _others(outcome: Outcome, done: Done) -> frozenset[str]:
    """Return the cells that another fault of a pair has spoilt: a measurement fault has not."""
    spoilt = (other.cells for other in outcome.done if not other.is_measurement)
    return frozenset().union(*spoilt) if done.is_measurement else frozenset()


def _rank(ranked: Ranked, done: Done) -> int | None:
    """Return the place of the culprit among suspects, from 1; None if it is not there."""
    pairs = zip(ranked.suspects, ranked.factors, strict=True)
    return _place(
        [value if (factor == "sensor") is done.is_gauge else "" for value, factor in pairs], done
    )


def _place(values: Sequence[str], done: Done) -> int | None:
    for rank, value in enumerate(values, 1):
        if value in done.culprits:
            return rank
    return None


class Total(NamedTuple):
    """The verdicts of one fault over all scenarios and seeds, or of all faults."""

    fault: str
    runs: int
    detected: int
    first: int
    among_three: int
    last_first: int
    median_minutes: float | None
    median_cells: float | None
    condemned: int


def totals(verdicts: Sequence[Verdict]) -> list[Total]:
    """Return one line for each scenario, in the order of *verdicts*, and one for all of them."""
    lines: Mapping[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        name = (
            verdict.fault
            if verdict.scenario == verdict.fault
            else (f"{verdict.fault} in {verdict.scenario}")
        )
        lines[name].append(verdict)
    return [_total(name, own) for name, own in lines.items()] + [_total("all", verdicts)]


def _total(name: str, verdicts: Sequence[Verdict]) -> Total:
    ranks = [v.rank for v in verdicts if v.rank is not None]
    return Total(
        name,
        len(verdicts),
        sum(v.detected for v in verdicts),
        sum(rank == 1 for rank in ranks),
        sum(rank <= 3 for rank in ranks),
        sum(v.last_rank == 1 for v in verdicts),
        _median([v.minutes for v in verdicts if v.minutes is not None]),
        _median([float(v.cells) for v in verdicts if v.cells is not None]),
        sum(v.condemned for v in verdicts if v.is_measurement),
    )


def _median(values: Sequence[float]) -> float | None:
    return float(sorted(values)[len(values) // 2]) if values else None
