"""The service: every stage with its thread and its connection.

Anomalies are correlated, suppressed, routed and recorded in one transaction; what falls due later
(an end of suppression, a return, an escalation) and what people did are looked after beside; each
endpoint has a sender of its own.

Services may run more than once on a database: locks let one correlate at a time, and one send to
an endpoint. A sender's lock lives in the server's session and not in a transaction, because a
transaction that stays open while an endpoint thinks would hold back every follower of the ledger;
it falls with the process, however that ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import psycopg

from alerts import anomaly, follow, outbox, record
from alerts.backoff import BackOff
from alerts.config import Config
from alerts.correlate import correlate
from alerts.escalate import escalate
from alerts.follow import follow_people
from alerts.life import return_due
from alerts.sender import PROBE, Sender, doze
from alerts.setting import Setting
from alerts.suppress import release
from alerts.watch import watch
from plant.model import Plant
from storage.connect import Connection, connect

_LOG = logging.getLogger("jellyroll.alerts")

#: How often suppressed alerts are looked at again, and machines looked after.
_RELEASE_EVERY_S = 1.0
_WATCH_EVERY_S = 5.0
_STEADY_S = 30.0
_RECONNECT = BackOff(first_s=0.5, longest_s=5.0)


def run(
    dsn: str,
    plant: Plant,
    config: Config,
    stop: threading.Event,
    *,
    back_off: BackOff | None = None,
    probe: BackOff | None = None,
) -> None:
    """Turn anomalies into alerts and tell of them until *stop* is set.

    *back_off* says when a delivery is tried again, *probe* when an endpoint that is left in peace.
    A database that is away is waited for. Raise `AlertsError` when it lacks the tables.
    """
    setting = Setting(plant, config)
    stages: dict[str, Callable[[Connection], None]] = {
        "correlate": lambda connection: _correlate(connection, setting, stop),
        "look after": lambda connection: _look_after(connection, setting, stop),
        "watch": lambda connection: _watch(connection, setting, stop),
    }
    for name, receiver in config.receivers.items():
        sender = Sender(receiver, setting, stop, back_off or BackOff(), probe or PROBE)
        stages[f"send to {name}"] = sender.run
    with ThreadPoolExecutor(len(stages), thread_name_prefix="alerts") as pool:
        stage_runs = [
            pool.submit(_keep_connected, dsn, name, work, stop) for name, work in stages.items()
        ]
        try:
            done, _ = wait(stage_runs, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
    for stage_run in done:
        stage_run.result()


def _keep_connected(
    dsn: str, name: str, work: Callable[[Connection], None], stop: threading.Event
) -> None:
    """Do *work* on a connection, and on a new one whenever it breaks, until *stop*."""
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            with connect(dsn, application=f"jellyroll alerts: {name}", autocommit=True) as link:
                record.require_schema(link)
                if failures:
                    _LOG.info("%s: the database is back", name)
                work(link)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            # One that answers and breaks again at once has not been back.
            failures = failures + 1 if time.monotonic() - started < _STEADY_S else 1
            if failures == 1:
                reason = str(error).strip().partition("\n")[0]
                _LOG.warning("%s: the database is away, waiting for it (%s)", name, reason)
            stop.wait(_RECONNECT.delay_s(failures))


def _correlate(connection: Connection, setting: Setting, stop: threading.Event) -> None:
    known = list(setting.config.receivers)
    for endpoint, count in outbox.strays(connection, known):
        _LOG.warning("%d deliveries wait for %s, which this service has not", count, endpoint)
    connection.execute(f"LISTEN {anomaly.CHANNEL}")
    while not stop.is_set():
        if anomaly.news(connection):
            correlate(connection, setting)
        else:
            doze(connection)


def _look_after(connection: Connection, setting: Setting, stop: threading.Event) -> None:
    connection.execute(f"LISTEN {follow.CHANNEL}")
    release_at_s = 0.0
    while not stop.is_set():
        follow_people(connection, setting)
        return_due(connection, setting)
        escalate(connection, setting)
        if time.monotonic() >= release_at_s:
            began_s = time.monotonic()
            release(connection, setting)
            release_at_s = _next(began_s, _RELEASE_EVERY_S)
        doze(connection)


def _watch(connection: Connection, setting: Setting, stop: threading.Event) -> None:
    while not stop.is_set():
        began_s = time.monotonic()
        watch(connection, setting)
        stop.wait(_next(began_s, _WATCH_EVERY_S) - time.monotonic())


def _next(began_s: float, every_s: float) -> float:
    """Return when to do again what began then: never more than a tenth of the time."""
    now_s = time.monotonic()
    return now_s + max(every_s, 10 * (now_s - began_s))
