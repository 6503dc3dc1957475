"""The benchmark of alerts: from an anomaly's row to the webhook in the hands of its receiver."""

from __future__ import annotations

import dataclasses
import itertools
import os
import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from alerts.receiver import Received, Receiver
from alerts.secret import new_secret
from bench.machine import Machine, describe
from bench.processes import cpu_s
from plant.load import PILOT, load_plant
from plant.options import Json
from stack.packages import install
from stack.services import Services, services
from storage.connect import connect
from storage.migrate import migrate

#: Each cause begins, ends and begins again in turn; every change is a webhook.
_CAUSES = 100
_PATIENCE_S = 60.0
#: What the alerts are told is not to be gathered into one: that is the point here.
_CONFIG = """
[endpoints.bench]
url = "{url}"
secret_files = ["{secret}"]
rate_per_minute = 100000
[[routes]]
name = "all"
to = ["bench"]
[rules]
flood_alerts_per_min = 100000
"""


@dataclasses.dataclass(frozen=True, slots=True)
class AlertReport:
    """What was found; latencies from before the INSERT of the row to the request's arrival."""

    date: str
    machine: Machine
    events: int
    offered_per_s: float
    lost: int
    twice: int
    latency_p50_ms: float
    latency_p99_ms: float
    latency_max_ms: float
    cores_service: float
    load_before: float
    load_after: float

    @property
    def is_whole(self) -> bool:
        """Whether every event came exactly once."""
        return not (self.lost or self.twice)


def alerts(
    per_s: Annotated[float, typer.Option("--rate", min=0.1, help="Anomalies a second.")] = 10.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 60.0,
    as_json: Json = False,
) -> None:
    """Measure how late a webhook is after its anomaly, on a private database.

    Each anomaly is told: alerts open, return and open again. Whatever else runs on the machine is
    measured, too; look at load_before.

    Example: jellyroll bench alerts --rate 10 --seconds 60
    """
    with services("bench-alerts") as running:
        report = measure(running, per_s, seconds)
    if as_json:
        typer.echo(orjson.dumps(dataclasses.asdict(report), option=orjson.OPT_INDENT_2).decode())
    else:
        Console(highlight=False).print(
            f"{report.events} anomalies at {per_s:g}/s: p50 {report.latency_p50_ms:.0f} ms,"
            f" p99 {report.latency_p99_ms:.0f} ms, most {report.latency_max_ms:.0f} ms;"
            f" {report.lost} lost, {report.twice} twice; {report.cores_service:.2f} cores;"
            f" load {report.load_before:.1f} to {report.load_after:.1f}"
        )
    if not report.is_whole:
        raise typer.Exit(1)


def measure(running: Services, per_s: float, seconds: float) -> AlertReport:
    """Run the service beside a receiver for that long; return what came of it."""
    migrate(running.database, load_plant(PILOT))
    secret = new_secret()
    secret_file = running.write_secret(secret)
    load_before = os.getloadavg()[0]
    with Receiver(secret) as receiver:
        config = _write_config(secret_file, receiver.url)
        service = running.start(
            "alerts", "alerts", "run", "--plant", str(PILOT),
            "--database", running.database, "--config", str(config),
        )  # fmt: skip
        service.wait_for("sending what is due")
        used_before_s, began_s = cpu_s(service.pid), time.monotonic()
        sent = _say(running.database, per_s, seconds)
        _wait(receiver, sum(map(len, sent.values())))
        used_s = cpu_s(service.pid) - used_before_s
        cores = used_s / (time.monotonic() - began_s)
        received = receiver.received
    late, lost, twice = _match(sent, received)
    return AlertReport(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=describe(install()),
        events=sum(map(len, sent.values())),
        offered_per_s=per_s,
        lost=lost,
        twice=twice,
        latency_p50_ms=statistics.median(late) * 1000,
        latency_p99_ms=statistics.quantiles(late, n=100)[98] * 1000,
        latency_max_ms=max(late) * 1000,
        cores_service=cores,
        load_before=load_before,
        load_after=os.getloadavg()[0],
    )


def _write_config(secret_file: Path, url: str) -> Path:
    config = secret_file.with_name("alerts.toml")
    config.write_text(_CONFIG.format(url=url, secret=secret_file.name))
    return config


def _say(database: str, per_s: float, seconds: float) -> dict[str, list[datetime]]:
    """Write anomalies, each when it is due; return when those of each cause were written."""
    sent: dict[str, list[datetime]] = defaultdict(list)
    insert = Path(__file__).with_name("alerts_anomaly.sql").read_bytes()
    with connect(database, application="bench", autocommit=True) as connection:
        began_s = time.monotonic()
        for number in itertools.count():
            due_s = began_s + number / per_s
            if due_s - began_s >= seconds:
                return sent
            time.sleep(max(0.0, due_s - time.monotonic()))
            cause = f"c{number % _CAUSES}"
            state = "off" if number // _CAUSES % 2 else "on"
            sent[cause].append(datetime.now(UTC))
            connection.execute(insert, {"cause": cause, "state": state})
    raise AssertionError


def _wait(receiver: Receiver, count: int) -> None:
    until_s = time.monotonic() + _PATIENCE_S
    while len(receiver.received) < count and time.monotonic() < until_s:
        time.sleep(0.1)


def _match(
    sent: dict[str, list[datetime]], received: list[Received]
) -> tuple[list[float], int, int]:
    """Return how late each webhook was, in seconds, and how many are lost and twice.

    What an alert tells comes in its order, so the n-th webhook of a cause is its n-th anomaly.
    """
    first: dict[str, Received] = {}
    for one in received:
        first.setdefault(one.webhook_id, one)
    came: dict[str, list[datetime]] = defaultdict(list)
    for one in first.values():
        came[one.body["data"]["what"]["characteristic"]].append(one.at)
    late = [
        (at - since).total_seconds()
        for cause, times in sent.items()
        for since, at in zip(times, came[cause], strict=False)
    ]
    lost = sum(len(times) - len(came[cause]) for cause, times in sent.items())
    return late, lost, len(received) - len(first)
