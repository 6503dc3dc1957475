"""Receiver: a small endpoint on this machine that verifies what it gets and remembers it.

For the demo, tests and trying things out; docs/webhook-receiver.md shows how to write your own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import WebhookVerificationError

from alerts.secret import signer

_MAX_BODY_BYTES = 1_048_576
_IDLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    """One request: *valid* says that the signature fits; without it *body* is empty."""

    webhook_id: str
    body: dict[str, Any]
    valid: bool
    at: datetime


class Receiver:
    """Listens on 127.0.0.1 while it is entered; answers 204 to what is signed, 401 to the rest.

    *port* 0 takes a free one. A delivery that comes twice is in `received` twice.
    """

    def __init__(self, secret: str, port: int = 0) -> None:
        self._webhook = signer(secret)
        self._received: list[Received] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="webhook receiver", daemon=True
        )

    @property
    def url(self) -> str:
        """The address to give to `--endpoint`."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    @property
    def received(self) -> list[Received]:
        """Everything so far, oldest first: a copy."""
        with self._changed:
            return list(self._received)

    def wait(self, predicate: Callable[[Received], bool], timeout_s: float) -> Received:
        """Return the first that fits *predicate*, waiting for it; raise `TimeoutError`."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: next(filter(predicate, self._received), None), timeout_s
            )
        if found is None:
            raise TimeoutError(f"no such webhook within {timeout_s:g} s")
        return found

    def take(self, headers: dict[str, str], content: bytes) -> bool:
        """Verify and remember one request; say whether its signature fits."""
        body: dict[str, Any] = {}
        try:
            self._webhook.verify(content, headers, json_parse=False)
            body = json.loads(content)
            valid = True
        except (WebhookVerificationError, ValueError):
            # The library lets a ValueError through for headers that are no base64 or no pair.
            valid = False
        identity = {name.lower(): value for name, value in headers.items()}.get("webhook-id", "")
        with self._changed:
            self._received.append(Received(identity, body, valid, datetime.now(UTC)))
            self._changed.notify_all()
        return valid

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A handler that waits for a slow client must not hold up the end of the receiver.
    block_on_close = False

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _IDLE_S

    def do_POST(self) -> None:
        """Take one webhook."""
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            self._answer(411)
        elif int(length) > _MAX_BODY_BYTES:
            self._answer(413)
        else:
            content = self.rfile.read(int(length))
            self._answer(204 if self.server.receiver.take(dict(self.headers), content) else 401)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing: what came is in `received`."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()
