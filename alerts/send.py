"""Send: sign a delivery and post it once; judge what came of it.

Redirects are not followed, nothing but the head of the answer is read, and the whole attempt has
a deadline. No text made here holds the URL, the credentials or the secret.
"""

from __future__ import annotations

import contextlib
import enum
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import urllib3
from standardwebhooks import Webhook
from urllib3.connection import HTTPConnection, HTTPSConnection

from alerts.backoff import read_retry_after
from alerts.endpoint import Endpoint
from alerts.outbox import Delivery

#: For the whole attempt: resolve, connect, TLS, send, head of the answer.
TIMEOUT_S = 10.0

_TOO_LATE = "it did not answer in time"
_ASKS_TO_WAIT = frozenset({429, 503})
_WORTH_A_RETRY = frozenset({408, 425, 429})


class Verdict(enum.Enum):
    """What to do with a delivery after an attempt."""

    DELIVERED = enum.auto()
    RETRY = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: HTTP *status*, or None where there was no answer.

    *error* is a sentence for a person, empty if all is well; *retry_after_s* what the receiver
    asked for.
    """

    status: int | None
    error: str = ""
    retry_after_s: float | None = None

    @property
    def verdict(self) -> Verdict:
        """2xx is delivered; a 4xx that says "never" ends it; all else is worth another try."""
        if self.status is None:
            return Verdict.RETRY
        if 200 <= self.status < 300:
            return Verdict.DELIVERED
        if 400 <= self.status < 500 and self.status not in _WORTH_A_RETRY:
            return Verdict.FAILED
        return Verdict.RETRY


def headers(delivery: Delivery, signer: Webhook, at: datetime) -> dict[str, str]:
    """Return the headers that prove *delivery* to its receiver; *at* is UTC, the time of sending.

    Receivers refuse a time that is five minutes off, so each attempt is signed anew.
    """
    return {
        "content-type": "application/json",
        "user-agent": "jellyroll",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signer.sign(delivery.id, at, delivery.body.decode()),
    }


def post(
    endpoint: Endpoint, delivery: Delivery, signer: Webhook, timeout_s: float = TIMEOUT_S
) -> Answer:
    """Post *delivery* to *endpoint* once and return the answer; it never raises for the network."""
    sent_headers = headers(delivery, signer, datetime.now(UTC))
    if endpoint.authorization:
        sent_headers["authorization"] = endpoint.authorization
    connection = _connection(endpoint, timeout_s)
    # The time-out of a socket starts again with each byte; only hanging up bounds the whole.
    hung_up = threading.Event()
    deadline = threading.Timer(timeout_s, _hang_up, (connection, hung_up))
    deadline.daemon = True
    deadline.start()
    try:
        connection.connect()
        if hung_up.is_set():  # while there was no socket yet to shut
            return Answer(None, _TOO_LATE)
        connection.request(
            "POST", endpoint.target, delivery.body, sent_headers, preload_content=False
        )
        response = connection.getresponse()
        if hung_up.is_set():  # half a head reads like a whole one
            return Answer(None, _TOO_LATE)
        return _read(response.status, response.headers.get("retry-after"))
    except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
        return Answer(None, _TOO_LATE if hung_up.is_set() else _explain(error))
    finally:
        deadline.cancel()
        connection.close()


def _connection(endpoint: Endpoint, timeout_s: float) -> HTTPConnection:
    if endpoint.tls:
        # The system's certificates; SSL_CERT_FILE names others.
        context = ssl.create_default_context()
        return HTTPSConnection(endpoint.host, endpoint.port, timeout=timeout_s, ssl_context=context)
    return HTTPConnection(endpoint.host, endpoint.port, timeout=timeout_s)


def _hang_up(connection: HTTPConnection, hung_up: threading.Event) -> None:
    hung_up.set()
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def _read(status: int, retry_after: str | None) -> Answer:
    if 200 <= status < 300:
        return Answer(status)
    phrase = http.client.responses.get(status, "")
    error = f"answered {status} {phrase}".rstrip()
    if 300 <= status < 400:
        error += "; redirects are not followed, give the address it leads to"
    wait_s = read_retry_after(retry_after) if status in _ASKS_TO_WAIT else None
    return Answer(status, error, wait_s)


def _explain(error: Exception) -> str:
    # Texts of foreign errors may repeat the URL, so they are not passed on.
    match error:
        case urllib3.exceptions.NameResolutionError():
            return "its host name cannot be resolved"
        case urllib3.exceptions.NewConnectionError():
            cause = error.__cause__
            reason = cause.strerror if isinstance(cause, OSError) else None
            return f"no connection: {reason or 'the host cannot be reached'}"
        case ssl.SSLCertVerificationError():
            return f"its certificate is refused: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or 'no common version'}"
        case urllib3.exceptions.TimeoutError() | TimeoutError():
            return _TOO_LATE
        case _:
            return "the connection broke before an answer came"
