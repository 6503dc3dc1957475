"""Explain: who would be told of an alert, when, and why; in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from alerts.alert import Alert
from alerts.config_file import Route
from alerts.route import matching, recipients, refusal, step_of
from alerts.setting import Setting
from alerts.suppress import Reason


def explain(
    setting: Setting, alert: Alert, at: datetime, suppressed: Reason | None
) -> Iterator[str]:
    """Yield the lines that say who would be told of *alert* if it opened at *at*."""
    yield f"alert {alert.id}, {alert.severity}, {alert.kind}: {alert.title}"
    yield f"at {at.astimezone(setting.config.zone):%a %Y-%m-%d %H:%M %Z}"
    if suppressed is not None:
        yield f"suppressed now ({suppressed.suppression}): {suppressed.words}"
    config, plant = setting.config, setting.plant
    taken = matching(config, plant, alert, at)
    for route in config.routes:
        if route in taken:
            yield f"route {route.name}: takes it"
            yield from _steps(setting, route, alert, at)
            continue
        why = refusal(config, plant, route, alert, at)
        yield f"route {route.name}: no; {why or 'a route before it has taken the alert'}"
    if not taken:
        yield "no route takes it: nobody is told"


def _steps(setting: Setting, route: Route, alert: Alert, at: datetime) -> Iterator[str]:
    config = setting.config
    begins = at
    if route.quiet and (end := route.quiet.ends_at(at, alert.severity, config.zone)):
        yield f"  quiet hours: waits until {end.astimezone(config.zone):%a %H:%M}"
        begins = end
    number = 0
    while (step := step_of(route, number)) is not None:
        when = begins + step.after
        first = (
            "at once"
            if number == 0 and begins == at
            else f"{when.astimezone(config.zone):%a %H:%M}"
        )
        condition = "" if number == 0 else ", unless somebody has acknowledged"
        told = recipients(config, step.to, alert, when)
        if step.is_repeat:
            yield f"  every {route.repeat_min:g} min from {first} on{condition}: all of them again"
            return
        yield f"  {first}{condition}:" + ("" if told else " nobody")
        for recipient in told:
            yield f"    {recipient.endpoint} ({recipient.because})"
        number += 1
