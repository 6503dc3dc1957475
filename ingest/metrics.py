"""The books of a worker over HTTP: /metrics for Prometheus, /healthz and /readyz for watchers.

Numbers are read from the tally when somebody asks; the hot path pays nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.tally import Tally

#: A loop that has not come round for so long hangs. A commit that waits for a database does not
#: hold the loop up.
_HUNG_AFTER_S = 30.0


class TallyCollector(Collector):
    """Shows the tally of *worker* to Prometheus."""

    def __init__(self, worker: str, tally: Tally) -> None:
        self._worker = worker
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, labelled with the worker."""
        tally, done = self._tally, self._tally.committed
        outcomes = CounterMetricFamily(
            "jellyroll_ingest_messages",
            "Messages by what became of them; received = all of these + in hand + returned",
            labels=["worker", "outcome"],
        )
        stored = done.messages - done.duplicates - done.dead_letters
        outcomes.add_metric([self._worker, "stored"], stored)
        outcomes.add_metric([self._worker, "duplicate"], done.duplicates)
        outcomes.add_metric([self._worker, "dead_letter"], done.dead_letters)
        outcomes.add_metric([self._worker, "returned"], tally.returned)
        yield outcomes
        reasons = CounterMetricFamily(
            "jellyroll_ingest_unreadable",
            "Messages that could not be read, by reason; one delivered again counts again",
            labels=["worker", "reason"],
        )
        for reason, count in sorted(tally.reasons.items()):
            reasons.add_metric([self._worker, reason], count)
        yield reasons
        counters: tuple[tuple[str, str, float], ...] = (
            ("received", "Messages taken from the broker", tally.received),
            ("rows", "Rows stored", done.rows),
            ("values", "Numbers stored; each element of an array counts", done.values),
            ("batches", "Transactions committed", tally.batches),
            ("commit_seconds", "Time spent in commits", tally.commit_s),
        )
        for name, text, total in counters:
            counter = CounterMetricFamily(f"jellyroll_ingest_{name}", text, labels=["worker"])
            counter.add_metric([self._worker], total)
            yield counter
        for name, text, value in (
            ("in_hand", "Messages gathered or being committed", tally.in_hand),
            ("unbalanced", "Messages that are nowhere; must be 0", tally.unbalanced),
            ("connected", "1 while the broker is connected and subscribed", tally.connected),
            ("database_up", "1 while the database takes batches", tally.database_up),
        ):
            gauge = GaugeMetricFamily(f"jellyroll_ingest_{name}", text, labels=["worker"])
            gauge.add_metric([self._worker], value)
            yield gauge


@contextmanager
def serve(worker: str, tally: Tally, address: tuple[str, int]) -> Iterator[int]:
    """Answer on *address* until the context ends; yield the port (port 0 takes a free one)."""
    registry = CollectorRegistry()
    registry.register(TallyCollector(worker, tally))

    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0

        def do_GET(self) -> None:
            """Answer one of the three questions."""
            if self.path == "/metrics":
                self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif self.path == "/healthz":
                hung_s = time.monotonic() - tally.beat_s
                problems = (
                    [f"the loop hangs since {hung_s:.0f} s"] if hung_s > _HUNG_AFTER_S else []
                )
                self._judge(problems)
            elif self.path == "/readyz":
                problems = [] if tally.connected else ["the broker is not connected"]
                problems += [] if tally.database_up else ["the database takes no batches"]
                self._judge(problems)
            else:
                self._answer(404, b"/metrics, /healthz or /readyz\n")

        def _judge(self, problems: list[str]) -> None:
            self._answer(503 if problems else 200, ("; ".join(problems) or "ok").encode() + b"\n")

        def _answer(self, status: int, body: bytes, content_type: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
            """Say nothing: somebody asks every few seconds."""

    server = ThreadingHTTPServer(address, Handler)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
