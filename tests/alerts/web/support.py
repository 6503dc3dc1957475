"""What the tests of the page share: alerts as the service opens them, and a visitor's browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from alerts import record
from alerts.alert import Alert, Cause, Happened, Kind, Severity
from alerts.web.settings import Settings
from storage.connect import Connection

KEY = "a key of the tests that is long enough for it"
ADDRESS = "http://testserver"
SETTINGS = Settings(url=ADDRESS, key=KEY)
PASSWORD = "correct horse battery"

NOZZLE = Cause("l1", "filling", "l1-filler-01", 3, "fill_mass", "low")


def open_alert(
    connection: Connection,
    cause: Cause = NOZZLE,
    *,
    severity: Severity = Severity.HIGH,
    kind: Kind = Kind.PROCESS,
    since: datetime | None = None,
    **details: Any,
) -> Alert:
    """Open an alert as the service does, with the evidence of a chart."""
    onset = since or datetime.now(UTC) - timedelta(minutes=5)
    points = [
        [(onset + timedelta(seconds=20 * i - 200)).isoformat(), 6.4 if i < 10 else 6.02]
        for i in range(25)
    ]
    evidence = {
        "anomaly": None, "model": "cusum-1", "since": onset.isoformat(),
        "time": (onset + timedelta(minutes=4)).isoformat(), "value": 6.02, "expected": 6.4,
        "sd": 0.025, "unit": "g", "statistic": 9.2, "limit": 8.05, "samples": 12,
        "last_points": points, **details,
    }  # fmt: skip
    position = "" if cause.position is None else f" nozzle {cause.position}"
    alert = record.insert(
        connection, cause, kind=kind, severity=severity, since=onset, details=evidence,
        title=f"{cause.equipment or cause.line}{position}: {cause.characteristic} is off",
    )  # fmt: skip
    record.add_event(connection, alert.id, Happened.OPENED, detail=evidence)
    return alert


def state_of(connection: Connection, alert: int) -> str:
    """The state of an alert."""
    row = connection.execute("SELECT state FROM alert.alert WHERE id = %s", (alert,)).fetchone()
    assert row
    return str(row[0])


def form_of(page: Response) -> str:
    """The token of the forms of a page."""
    found = re.search(r'name="form" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]


class Browser:
    """A visitor's browser: keeps cookies, and fills in the token of forms."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str) -> Response:
        """Ask for a page, and follow redirects."""
        return self.client.get(path)

    def post(self, path: str, page: str = "/alerts", **fields: str) -> Response:
        """Send a form as it stands on *page*, without following redirects."""
        form = form_of(self.client.get(page))
        return self.client.post(path, data={"form": form, **fields}, follow_redirects=False)

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> Response:
        """Send the form of sign-in."""
        return self.post("/sign-in", "/sign-in", name=name, password=password, **fields)
