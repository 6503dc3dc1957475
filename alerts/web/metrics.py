"""Metrics of the page for Prometheus: requests, and what is open."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg.rows import TupleRow
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.web.context import Database, Here
from alerts.web.guard import Bearer, program
from alerts.web.role import Role
from alerts.web.sql import statement

#: Seconds; the pages are to come within 0.2.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0)


class Meter:
    """Counts and times requests by route, which has no numbers and names in it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "jellyroll_web_requests", "Requests answered",
            ["method", "route", "status"], registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "jellyroll_web_request_seconds", "Time to answer",
            ["route"], buckets=_BUCKETS, registry=registry,
        )  # fmt: skip

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class Metered:
    """Tells *meter* of each request to the application."""

    def __init__(self, app: ASGIApp, *, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            # Anybody can invent a method, and each would be a series of its own.
            method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST"} else "other"
            self._meter.count(method, route, status, time.perf_counter() - started_s)


class OpenAlerts(Collector):
    """Shows the open alerts to Prometheus, as they were counted."""

    def __init__(self, counts: Sequence[TupleRow]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge."""
        alerts = GaugeMetricFamily(
            "jellyroll_alerts_open", "Open alerts; suppressed ones apart",
            labels=["line", "severity", "state", "suppressed"],
        )  # fmt: skip
        for *labels, count in self._counts:
            alerts.add_metric(labels, count)
        yield alerts


def metrics_router(requests: CollectorRegistry) -> APIRouter:
    """Return the route of `/metrics`; where the page is closed, it asks for an API token."""
    router = APIRouter()

    @router.get("/metrics")
    def metrics(context: Here, connection: Database, bearer: Bearer) -> Response:
        if not context.settings.is_open:
            program(Role.VIEWER)(connection, bearer)
        alerts = CollectorRegistry()
        alerts.register(OpenAlerts(connection.execute(statement("metrics_alerts")).fetchall()))
        text = generate_latest(alerts) + generate_latest(requests)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return router
