"""The life of an alert, as pure functions."""

from __future__ import annotations

import math

import pytest

from alerts.alert import (
    Happened,
    NotAllowedError,
    Severity,
    State,
    after_acknowledgement,
    after_alarm,
    after_return,
)
from alerts.anomaly import Anomaly
from alerts.severity import severity_of
from plant.model import Plant
from plant.signals import Signal
from tests.alerts.support import anomaly_row


@pytest.mark.parametrize(
    ("before", "after", "happened"),
    [
        (State.UNACKNOWLEDGED, State.UNACKNOWLEDGED, Happened.UPDATED),
        (State.ACKNOWLEDGED, State.ACKNOWLEDGED, Happened.UPDATED),
        (State.RETURNED, State.UNACKNOWLEDGED, Happened.REOPENED),
    ],
)
def test_an_alarm_carries_an_open_alert_on(before: State, after: State, happened: Happened) -> None:
    assert after_alarm(before) == (after, happened)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.UNACKNOWLEDGED, State.RETURNED),
        (State.RETURNED, State.RETURNED),
        (State.ACKNOWLEDGED, State.NORMAL),
    ],
)
def test_a_return_closes_only_what_somebody_has_acknowledged(before: State, after: State) -> None:
    assert after_return(before) is after


def test_an_acknowledgement_closes_only_what_has_returned() -> None:
    assert after_acknowledgement(State.UNACKNOWLEDGED) is State.ACKNOWLEDGED
    assert after_acknowledgement(State.RETURNED) is State.NORMAL


def test_nobody_acknowledges_twice() -> None:
    with pytest.raises(NotAllowedError, match="acknowledged before"):
        after_acknowledgement(State.ACKNOWLEDGED)


@pytest.mark.parametrize("change", [after_alarm, after_return, after_acknowledgement])
def test_a_closed_alert_stays_closed(change: object) -> None:
    assert callable(change)
    with pytest.raises(NotAllowedError, match="closed"):
        change(State.NORMAL)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # fill_mass of the pilot plant: 6.30 to 6.50 g, sd 0.025
        ({"value": 6.016}, Severity.HIGH),
        ({"value": 6.29}, Severity.HIGH),
        ({"value": 6.31}, Severity.MEDIUM),
        ({"value": 6.325}, Severity.MEDIUM),
        ({"value": 6.35}, Severity.LOW),
        ({"value": 6.49, "direction": "high"}, Severity.MEDIUM),
        ({"value": 6.51, "direction": "high"}, Severity.HIGH),
        ({"value": math.nan}, Severity.LOW),
        ({"value": 6.35, "sd": 0.0}, Severity.LOW),
    ],
)
def test_severity_is_the_limits_of_the_plant_and_the_size_in_sd(
    pilot: Plant, changes: dict[str, object], expected: Severity
) -> None:
    anomaly = Anomaly(**anomaly_row(**changes))
    assert severity_of(anomaly, pilot.signal("l1-filler-01", "fill_mass")) is expected


@pytest.mark.parametrize(
    ("value", "expected"), [(6.2, Severity.HIGH), (6.3, Severity.MEDIUM), (6.39, Severity.LOW)]
)
def test_without_a_limit_six_sd_are_high(value: float, expected: Severity) -> None:
    unlimited = Signal(unit="g", nominal=6.4, sd=0.025, high=6.5, source="A")
    anomaly = Anomaly(**anomaly_row(value=value))
    assert severity_of(anomaly, unlimited) is expected
    assert severity_of(anomaly, None) is expected
