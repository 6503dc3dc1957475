"""The demo: start everything, watch until the webhook names the nozzle, count, stop everything."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
import webbrowser
from dataclasses import dataclass
from pathlib import Path

import psycopg

from alerts.receiver import Received, Receiver
from alerts.secret import new_secret
from alerts.web import account
from alerts.web.role import Role
from demo.result import (
    Result,
    balance,
    count_delivery,
    edition_of,
    history_rate,
)
from demo.screen import Screen, StationHealth, View
from demo.simulation import InjectedFault, Simulation
from plant.load import load_plant
from stack.services import Service, Services, services
from storage.connect import Connection, connect
from storage.migrate import migrate

FAULT = "F12:nozzle=3"
_DRAIN_TIMEOUT_S = 120.0
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user asked for."""

    plant: Path
    history: str
    once: bool
    timeout_s: float


def run(plan: Plan) -> Result | None:
    """Run the demo; return when the webhook arrived (`once`), at Ctrl-C, or at the time-out.

    Return None if it was stopped before the simulator had published anything.

    Ctrl-C before the line runs is a `KeyboardInterrupt`; what was started is stopped all the same.
    """
    started_s = time.monotonic()
    plant = load_plant(plan.plant)
    with (
        Screen() as screen,
        services("demo", report=lambda step: screen.show(View(step))) as running,
    ):
        migrate(running.database, plant)
        secret = new_secret()
        with (
            Receiver(secret) as receiver,
            connect(running.database, application="jellyroll demo", autocommit=True) as database,
        ):
            demo = _Demo(plan, running, receiver, database, screen)
            demo.start(running.write_secret(secret))
            with contextlib.suppress(KeyboardInterrupt):
                demo.watch(started_s + plan.timeout_s)
            return demo.finish(started_s)


class _Demo:
    """One run; `start`, `watch` and `finish` are called once each, in this order."""

    def __init__(
        self,
        plan: Plan,
        running: Services,
        receiver: Receiver,
        database: Connection,
        screen: Screen,
    ) -> None:
        self._plan = plan
        self._services = running
        self._receiver = receiver
        self._database = database
        self._screen = screen
        self._ingest: Service
        self._simulator: Service
        self._simulation: Simulation
        #: Of line health, until it has been opened.
        self._page = ""

    def start(self, secret_file: Path) -> None:
        """Start ingest, monitor, alerts and the simulator."""
        plant = ("--plant", str(self._plan.plant))
        database = ("--database", self._services.database)
        broker = ("--broker", self._services.broker_url)
        start = self._services.start
        self._ingest = start("ingest", "ingest", *plant, *database, *broker)
        start("monitor", "monitor", *plant, *database)
        start(
            "alerts", "alerts", "run", *plant, *database,
            "--endpoint", self._receiver.url, "--secret-file", str(secret_file),
        )  # fmt: skip
        # What comes before anybody has subscribed, the broker throws away.
        self._ingest.wait_for(" connected; ")
        self._simulator = start(
            "simulator", "simulate", *plant, *broker, "--history", self._plan.history,
            "--fault", FAULT, "--no-stops", "--json", piped=True,
        )  # fmt: skip
        self._simulation = Simulation(self._simulator.output)
        if not self._plan.once:
            self._serve_page()

    def _serve_page(self) -> None:
        """Show line health to a person who stays: where, and who may act there."""
        password = secrets.token_urlsafe(12)
        account.add(self._database, "technician", Role.TECHNICIAN, password)
        web = self._services.start(
            "web", "web", "--plant", str(self._plan.plant), "--database", self._services.database,
            "--listen", "127.0.0.1:0", "--open",
        )  # fmt: skip
        web.wait_for("the page is at ")
        self._page = web.log.partition("the page is at ")[2].split()[0]
        self._screen.say(f"Line health: {self._page}  To act, sign in: technician, {password}")

    def _open_page(self) -> None:
        """Open line health once, when there is a screen to do so, and something on it to see."""
        if self._page and self._simulation.live_since:
            if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
                # Some browsers return when they are closed.
                threading.Thread(target=webbrowser.open, args=(self._page,), daemon=True).start()
            self._page = ""

    def watch(self, deadline_s: float) -> None:
        """Show what happens until there is no more to wait for."""
        while True:
            self._services.check()
            self._simulation.check()
            self._open_page()
            is_over = self._culprit() is not None or time.monotonic() > deadline_s
            self._show()
            if self._plan.once and is_over:
                return
            time.sleep(_POLL_S)

    def finish(self, started_s: float) -> Result | None:
        """Stop the simulator, wait until all it published is stored, and count."""
        peak_mb = self._ingest.peak_memory_mb()
        self._simulator.stop()
        report = self._simulation.finish()
        if report is None:
            return None
        until = time.monotonic() + _DRAIN_TIMEOUT_S
        while (
            delivery := count_delivery(self._database, report)
        ).lost and time.monotonic() < until:
            self._services.check()
            time.sleep(_POLL_S)
        values, seconds = history_rate(self._database, self._simulation.live_since)
        ledger = balance(self._database)
        culprit = self._culprit()
        fault = self._fault()
        onset = fault.on if fault else None
        delay_s = (culprit.at - onset).total_seconds() if culprit and onset else None
        opened = [r for r in self._receiver.received if r.body.get("type") == "alert.opened"]
        return Result(
            published=delivery.published,
            committed=delivery.committed,
            lost=delivery.lost,
            twice=delivery.twice,
            dead_letters=ledger.dead_letters,
            duplicates=ledger.duplicates,
            values_per_s=round(values / seconds) if seconds else 0.0,
            history_values=values,
            history_s=round(seconds, 1),
            fault=FAULT,
            blamed=_place(culprit) if culprit else None,
            detected_after_s=None if delay_s is None else round(delay_s, 1),
            webhook_delivered=culprit is not None,
            signature_valid=culprit is not None and all(r.valid for r in self._receiver.received),
            other_alerts=len(opened) - (culprit is not None),
            ingest_peak_memory_mb=None if peak_mb is None else round(peak_mb, 1),
            edition=edition_of(self._database),
            total_s=round(time.monotonic() - started_s, 1),
        )

    def _fault(self) -> InjectedFault | None:
        report = self._simulation.latest
        return report.faults[0] if report and report.faults else None

    def _culprit(self) -> Received | None:
        """Return the webhook that names the machine and the nozzle at fault."""
        fault = self._fault()
        if fault is None or fault.on is None:
            return None
        for received in self._receiver.received:
            where = received.body.get("data", {}).get("where", {})
            if (
                received.valid
                and where.get("equipment") == fault.equipment
                and where.get("position") == fault.position
                and received.at >= fault.on
            ):
                return received
        return None

    def _show(self) -> None:
        report = self._simulation.latest
        if report is None or report.phase == "history":
            step = "Healthy history, at full speed through MQTT; the monitor learns from it"
        elif culprit := self._culprit():
            step = f"Found: {_place(culprit)}. {'' if self._plan.once else 'Ctrl-C ends.'}"
        else:
            step = f"Live, with fault {FAULT}: nozzle 3 doses 6 % low; waiting for the webhook"
        try:
            view = View(
                step,
                report,
                self._stations(),
                self._open_alerts(),
                [r.body["data"]["title"] for r in self._receiver.received if r.valid],
                balance(self._database),
            )
        except psycopg.errors.QueryCanceled:
            return
        self._screen.show(view)

    def _stations(self) -> list[StationHealth]:
        rows = self._database.execute(
            "SELECT title, health, coalesce(values_per_s, 0), data_age_s"
            " FROM dash.station_health ORDER BY line, ordinal"
        )
        return [StationHealth(*row) for row in rows]

    def _open_alerts(self) -> list[str]:
        rows = self._database.execute(
            "SELECT title FROM alert.alert WHERE closed_at IS NULL ORDER BY opened_at DESC LIMIT 10"
        )
        return [title for (title,) in rows]


def _place(received: Received) -> str:
    where = received.body["data"]["where"]
    return f"{where['equipment']} {where['position_name']} {where['position']}"
