"""What the tests of alerts talk to: anomalies as the monitor would write them, and an endpoint
that answers as it is told."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol, Self

import psycopg
from jsonschema import Draft202012Validator
from psycopg.types.json import Jsonb

from alerts.backoff import BackOff
from alerts.config import Config, config_of
from alerts.endpoint import Endpoint as Target
from alerts.setting import Setting
from plant.model import Plant

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ONSET = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Until(Protocol):
    """Ask the database again and again until it answers as expected; fail if it never does."""

    def __call__(self, query: str, expected: Any, *, timeout_s: float = ...) -> None: ...


class StartService(Protocol):
    """Start the service in a thread; it must end well at the end of the test."""

    def __call__(
        self,
        *urls: str,
        dsn: str = ...,
        back_off: BackOff = ...,
        timeout_s: float = ...,
        config: Config | None = ...,
    ) -> None: ...


class StartProcess(Protocol):
    """Start `jellyroll alerts run`; its log goes to `log` of the test's folder."""

    def __call__(self, *arguments: str) -> subprocess.Popen[bytes]: ...


_DEFAULTS: dict[str, Any] = {
    "state": "on",
    "line": "l1",
    "station": "filling",
    "equipment": "l1-filler-01",
    "position": 3,
    "characteristic": "fill_mass",
    "direction": "low",
    "since": ONSET,
    "time": ONSET + timedelta(minutes=4),
    "statistic": 9.2,
    "limit_value": 8.05,
    "value": 6.016,
    "expected": 6.4,
    "sd": 0.025,
    "unit": "g",
    "samples": 12,
    "last_points": [["2026-11-22T03:03:50Z", 6.01], ["2026-11-22T03:04:00Z", 6.02]],
    "model": "cusum-1",
    "contributions": [],
}


def insert_anomaly(connection: psycopg.Connection[Any], **changes: Any) -> None:
    """Write an anomaly of nozzle 3, with *changes*, in the transaction of *connection*."""
    row = {**_DEFAULTS, **changes}
    row["last_points"] = Jsonb(row["last_points"])
    row["contributions"] = Jsonb(row["contributions"])
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    connection.execute(f"INSERT INTO analysis.anomaly ({names}) VALUES ({values})".encode(), row)


def insert_suspect(connection: psycopg.Connection[Any], **changes: Any) -> None:
    """Write the first suspect of the newest anomaly, in the same transaction."""
    row = {
        "rank": 1, "station": "filling", "affected": 61, "affected_total": 64, "others": 2,
        "others_total": 420, "lift": 7.3, "p_value": 1e-30, "q_value": 1e-28, "since": ONSET,
        "effect": -0.38, "unit": "g", "sentence": "61 of 64 cells", **changes,
    }  # fmt: skip
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    connection.execute(
        f"INSERT INTO analysis.suspect (anomaly, {names})"
        f" SELECT max(id), {values} FROM analysis.anomaly".encode(),
        row,
    )


def anomaly_row(**changes: Any) -> dict[str, Any]:
    """What `analysis.anomaly` would hold, with *changes*."""
    return {"id": 1, "xid": 1, "detected_at": ONSET, **_DEFAULTS, **changes}


def setting_of(plant: Plant, *names: str, **changes: Any) -> Setting:
    """The setting in which endpoints of *names* are told everything, nothing being sent."""
    endpoints = [
        Target(name=name, tls=False, host="127.0.0.1", port=9, target="/") for name in names
    ]
    return Setting(plant, replace(config_of(endpoints, plant), **changes))


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the endpoint got it; names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        return str(json.loads(self.body)["type"])


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: *status*, *headers*, and *before*, called first (to hold the answer back)."""

    status: int = 204
    headers: tuple[tuple[str, str], ...] = ()
    before: Callable[[], object] = bool
    raw: Callable[[Any], object] | None = None


_SCHEMA = Path(__file__).parents[2] / "docs" / "alert-webhook.schema.json"
_VALIDATOR = Draft202012Validator(json.loads(_SCHEMA.read_text()))


def validate(body: bytes) -> None:
    """Raise `ValidationError` if *body* is not what the published schema says."""
    _VALIDATOR.validate(json.loads(body))


class Endpoint:
    """An HTTP server on 127.0.0.1 that gives *replies* in turn, then 204 to everything.

    When it is left, every message of an alert that came must fit the published schema.
    """

    def __init__(self, *replies: Reply, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._replies = list(replies)
        self._requests: list[Request] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.endpoint = self
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        with self._changed:
            return list(self._requests)

    def wait(self, count: int, timeout_s: float = 20.0) -> list[Request]:
        """Return the requests once there are *count*."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self._requests)} of {count} requests came")
            return list(self._requests)

    def take(self, request: Request) -> Reply:
        with self._changed:
            reply = self._replies.pop(0) if self._replies else Reply()
            self._requests.append(request)
            self._changed.notify_all()
        return reply

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for request in self.requests:
            if b'"data":{"alert"' in request.body:
                validate(request.body)


class _Server(ThreadingHTTPServer):
    endpoint: Endpoint
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        reply = self.server.endpoint.take(Request(self.path, headers, body))
        reply.before()
        if reply.raw:
            reply.raw(self.wfile)
            return
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Nothing."""
