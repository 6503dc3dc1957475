"""The books of a worker over HTTP: /metrics for Prometheus, /healthz and /readyz for watchers.

Numbers are read from the tally when somebody asks; the hot path pays nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
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
    """Shows the tallies of *books*, by the name of their worker, to Prometheus."""

    def __init__(self, books: Mapping[str, Tally]) -> None:
        self._books = books

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, labelled with the worker."""
        outcomes = CounterMetricFamily(
            "jellyroll_ingest_messages",
            "Messages by what became of them; received = all of these + in hand + returned",
            labels=["worker", "outcome"],
        )
        reasons = CounterMetricFamily(
            "jellyroll_ingest_unreadable",
            "Messages that could not be read, by reason; one delivered again counts again",
            labels=["worker", "reason"],
        )
        missing = GaugeMetricFamily(
            "jellyroll_ingest_missing_messages",
            "Numbered messages that have not come, as of the sender's last one here",
            labels=["worker", "source"],
        )
        counters = {name: _counter(name, text) for name, text in _COUNTERS.items()}
        gauges = {name: _gauge(name, text) for name, text in _GAUGES.items()}
        for worker, tally in list(self._books.items()):
            done = tally.committed
            stored = done.messages - done.duplicates - done.dead_letters
            outcomes.add_metric([worker, "stored"], stored)
            outcomes.add_metric([worker, "duplicate"], done.duplicates)
            outcomes.add_metric([worker, "dead_letter"], done.dead_letters)
            outcomes.add_metric([worker, "returned"], tally.returned)
            for reason, count in sorted(tally.reasons.items()):
                reasons.add_metric([worker, reason], count)
            for source, count in sorted(done.missing.items()):
                if count:
                    missing.add_metric([worker, source], count)
            counters["received"].add_metric([worker], tally.received)
            counters["rows"].add_metric([worker], done.rows)
            counters["values"].add_metric([worker], done.values)
            counters["batches"].add_metric([worker], tally.batches)
            counters["commit_seconds"].add_metric([worker], tally.commit_s)
            gauges["in_hand"].add_metric([worker], tally.in_hand)
            gauges["unbalanced"].add_metric([worker], tally.unbalanced)
            gauges["connected"].add_metric([worker], tally.connected)
            gauges["database_up"].add_metric([worker], tally.database_up)
        yield outcomes
        yield reasons
        yield missing
        yield from counters.values()
        yield from gauges.values()


_COUNTERS = {
    "received": "Messages taken from the broker",
    "rows": "Rows stored",
    "values": "Numbers stored; each element of an array counts",
    "batches": "Transactions committed",
    "commit_seconds": "Time spent in commits",
}
_GAUGES = {
    "in_hand": "Messages gathered or being committed",
    "unbalanced": "Messages that are nowhere; must be 0",
    "connected": "1 while the broker is connected and subscribed",
    "database_up": "1 while the database takes batches",
}


def _counter(name: str, text: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"jellyroll_ingest_{name}", text, labels=["worker"])


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"jellyroll_ingest_{name}", text, labels=["worker"])


@contextmanager
def serve(books: Mapping[str, Tally], address: tuple[str, int]) -> Iterator[int]:
    """Answer on *address* until the context ends; yield the port (port 0 takes a free one)."""
    registry = CollectorRegistry()
    registry.register(TallyCollector(books))

    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0

        def do_GET(self) -> None:
            """Answer one of the three questions."""
            if self.path == "/metrics":
                self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif self.path == "/healthz":
                now_s = time.monotonic()
                self._judge(
                    f"the loop of {worker} hangs since {now_s - tally.beat_s:.0f} s"
                    for worker, tally in list(books.items())
                    if now_s - tally.beat_s > _HUNG_AFTER_S
                )
            elif self.path == "/readyz":
                tallies = list(books.values())
                problems = {
                    "the broker is not connected": all(t.connected for t in tallies),
                    "the database takes no batches": all(t.database_up for t in tallies),
                }
                self._judge(problem for problem, is_well in problems.items() if not is_well)
            else:
                self._answer(404, b"/metrics, /healthz or /readyz\n")

        def _judge(self, problems: Iterable[str]) -> None:
            text = "; ".join(problems)
            self._answer(503 if text else 200, f"{text or 'ok'}\n".encode())

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
