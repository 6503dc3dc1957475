"""Route: who is told of an alert, and why. What is decided here is pure; `begin` writes it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.alert import Alert, Kind
from alerts.body import EventType
from alerts.config import Config
from alerts.config_file import ON_SHIFT, Route
from alerts.record import Event
from alerts.setting import Setting
from alerts.sql import statement
from alerts.tell import Telling, tell, who_was_told
from plant.model import Plant
from storage.connect import Connection

_LOG = logging.getLogger("jellyroll.alerts")


class Recipient(NamedTuple):
    """An endpoint that is told, and why it is."""

    endpoint: str
    because: str


class Step(NamedTuple):
    """One step of a route: *to* as the file names them, *after* the route began."""

    after: timedelta
    to: tuple[str, ...]
    is_repeat: bool


def matching(config: Config, plant: Plant, alert: Alert, at: datetime) -> list[Route]:
    """Return the routes that take *alert* at *at*.

    That is the first that fits, and further ones as long as each says `continue`.
    """
    routes = []
    for route in config.routes:
        if refusal(config, plant, route, alert, at) is None:
            routes.append(route)
            if not route.go_on:
                break
    return routes


def refusal(config: Config, plant: Plant, route: Route, alert: Alert, at: datetime) -> str | None:
    """Return why *route* does not take *alert*; None when it does.

    A place that the alert leaves open (a whole line, a whole site) fits any restriction.
    """
    cause = alert.cause
    for name, allowed, value in (
        ("sites", route.sites, plant.site.name),
        ("lines", route.lines, cause.line),
        ("stations", route.stations, cause.station),
        ("severities", route.severities, alert.severity),
        ("kinds", route.kinds, alert.kind),
    ):
        if allowed and value and value not in allowed:
            return f"{name} are {', '.join(allowed)}, the alert has {value}"
    if route.shifts:
        now = [
            s.name for s in config.shifts if s.name in route.shifts and s.team_at(at, config.zone)
        ]
        if not now:
            return f"no shift of {', '.join(route.shifts)} at this time"
    return None


def step_of(route: Route, number: int) -> Step | None:
    """Return step *number* of *route*, 0 for the first who are told; None after the last.

    After the last come repeats, where the route has them: everybody so far, again and again.
    """
    if number == 0:
        return Step(timedelta(0), route.to, is_repeat=False)
    if number <= len(route.escalate):
        step = route.escalate[number - 1]
        return Step(timedelta(minutes=step.after_min), step.to, is_repeat=False)
    if route.repeat_min is None:
        return None
    last = route.escalate[-1].after_min if route.escalate else 0.0
    repeats = number - len(route.escalate)
    everybody = (*route.to, *(name for step in route.escalate for name in step.to))
    after = timedelta(minutes=last + repeats * route.repeat_min)
    return Step(after, tuple(dict.fromkeys(everybody)), is_repeat=True)


def recipients(config: Config, names: Sequence[str], alert: Alert, at: datetime) -> list[Recipient]:
    """Return the endpoints behind *names* (endpoints, people, on-shift) at *at*, each once.

    An endpoint is not told that it is dead itself.
    """
    found: dict[str, str] = {}
    for name in names:
        for endpoint, because in _behind(config, name, alert, at):
            found.setdefault(endpoint, because)
    if alert.kind is Kind.ENDPOINT:
        found.pop(alert.cause.characteristic, None)
    return [Recipient(endpoint, because) for endpoint, because in found.items()]


def _behind(config: Config, name: str, alert: Alert, at: datetime) -> Iterator[tuple[str, str]]:
    if name in config.receivers:
        yield name, "named by the route"
    elif name in config.people:
        for endpoint in config.people[name]:
            yield endpoint, f"{name}, named by the route"
    elif name == ON_SHIFT:
        for shift in config.shifts:
            if shift.lines and alert.cause.line and alert.cause.line not in shift.lines:
                continue
            for person in shift.team_at(at, config.zone):
                for endpoint in config.people[person]:
                    yield endpoint, f"{person}, on shift {shift.name}"


def begin(
    connection: Connection, setting: Setting, alert: Alert, event: Event, tells: EventType
) -> Alert:
    """Tell of *alert* what *event* was: each route's first, and whoever knows of it already.

    An endpoint that hears of it for the first time hears `alert.opened`. In the quiet hours of a
    route its first are told when they end. With `alert.updated` a route that waits for somebody
    to acknowledge goes on waiting, so that no change puts off who is next.
    """
    config = setting.config
    known = who_was_told(connection, setting, alert)
    now_told: dict[str, None] = dict.fromkeys(known)
    taken = matching(config, setting.plant, alert, event.at)
    kept = [route.name for route in taken] if tells == "alert.updated" else []
    rows = connection.execute(statement("escalation_keep"), {"alert": alert.id, "routes": kept})
    waiting = {name for (name,) in rows}
    for route in taken:
        if route.name in waiting:
            continue
        wait_until = route.quiet and route.quiet.ends_at(event.at, alert.severity, config.zone)
        if wait_until:
            plan(connection, alert, route, 0, began_at=wait_until, due_at=wait_until)
            waiting.add(route.name)
            continue
        now_told.update(
            dict.fromkeys(r.endpoint for r in recipients(config, route.to, alert, event.at))
        )
        plan_next(connection, alert, route, 1, event.at)
    if not now_told and not waiting:
        _LOG.warning("alert %d: no route has anybody to tell now", alert.id)
    new = tuple(name for name in now_told if name not in known)
    return tell(
        connection, setting, alert, event, [Telling(tells, known), Telling("alert.opened", new)]
    )


def plan_next(
    connection: Connection, alert: Alert, route: Route, number: int, began_at: datetime
) -> None:
    """Write down when step *number* of *route* is due, if there is one."""
    if step := step_of(route, number):
        due_at = began_at + step.after
        plan(connection, alert, route, number, began_at=began_at, due_at=due_at)


def plan(
    connection: Connection,
    alert: Alert,
    route: Route,
    number: int,
    *,
    began_at: datetime,
    due_at: datetime,
) -> None:
    """Write down when step *number* of *route* is due."""
    parameters = {
        "alert": alert.id,
        "route": route.name,
        "step": number,
        "began_at": began_at,
        "due_at": due_at,
    }
    connection.execute(statement("escalation_plan"), parameters)
