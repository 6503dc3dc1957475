"""Send: sign a delivery and post it once; judge what came of it.

Redirects are not followed, nothing but the head of the answer is read, and the whole attempt has
a deadline. No text made here holds the URL, the credentials or the secret.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import urllib3
from standardwebhooks import Webhook
from urllib3.connection import HTTPConnection, HTTPSConnection

from alerts.address import AddressError, Network, resolve
from alerts.answer import Answer
from alerts.backoff import read_retry_after
from alerts.endpoint import Endpoint
from alerts.outbox import Delivery

#: Of one name; the next is tried when there is no connection to the one before.
_MOST_ADDRESSES = 3
_TOO_LATE = "it did not answer in time"
_ASKS_TO_WAIT = frozenset({429, 503})


def headers(delivery: Delivery, signers: Sequence[Webhook], at: datetime) -> dict[str, str]:
    """Return the headers that prove *delivery* to its receiver; *at* is UTC, the time of sending.

    Receivers refuse a time that is five minutes off, so each attempt is signed anew. While one
    secret replaces another, both sign, and a receiver that knows one of them is content.
    """
    text = delivery.body.decode()
    return {
        "content-type": "application/json",
        "user-agent": "jellyroll",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signer.sign(delivery.id, at, text) for signer in signers),
    }


def post(endpoint: Endpoint, delivery: Delivery, allow_private: Sequence[Network] = ()) -> Answer:
    """Post *delivery* to *endpoint* once and return the answer; it never raises for the network.

    Addresses that are not public are refused unless in *allow_private*.
    """
    sent_headers = headers(delivery, endpoint.signers, datetime.now(UTC))
    sent_headers["host"] = _authority(endpoint)
    if endpoint.authorization:
        sent_headers["authorization"] = endpoint.authorization
    try:
        addresses = resolve(endpoint.host, endpoint.port, allow_private)
    except AddressError as error:
        return Answer(None, str(error))
    answer = Answer(None, "no connection: the host has no address")
    ends_at_s = time.monotonic() + endpoint.timeout_s
    for address in addresses[:_MOST_ADDRESSES]:
        left_s = ends_at_s - time.monotonic()
        if left_s <= 0:
            break
        answer, was_connected = _post(endpoint, address, delivery.body, sent_headers, left_s)
        if was_connected:
            break
    return answer


def _post(
    endpoint: Endpoint, address: str, body: bytes, sent_headers: dict[str, str], timeout_s: float
) -> tuple[Answer, bool]:
    """Post to one address; return the answer, and whether there was a connection."""
    connection = _connection(endpoint, address, timeout_s)
    # The time-out of a socket starts again with each byte; only hanging up bounds the whole.
    hung_up = threading.Event()
    deadline = threading.Timer(timeout_s, _hang_up, (connection, hung_up))
    deadline.daemon = True
    deadline.start()
    was_connected = False
    try:
        connection.connect()
        was_connected = True
        if hung_up.is_set():  # while there was no socket yet to shut
            return Answer(None, _TOO_LATE), True
        connection.request("POST", endpoint.target, body, sent_headers, preload_content=False)
        response = connection.getresponse()
        if hung_up.is_set():  # half a head reads like a whole one
            return Answer(None, _TOO_LATE), True
        return _read(response.status, response.headers.get("retry-after")), True
    except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
        return Answer(None, _TOO_LATE if hung_up.is_set() else _explain(error)), was_connected
    finally:
        deadline.cancel()
        connection.close()


def _connection(endpoint: Endpoint, address: str, timeout_s: float) -> HTTPConnection:
    """Return a connection to *address*, which proves that it is the endpoint's host."""
    if endpoint.tls:
        # The system's certificates; SSL_CERT_FILE names others.
        return HTTPSConnection(
            address, endpoint.port, timeout=timeout_s,
            ssl_context=ssl.create_default_context(),
            server_hostname=endpoint.host,
        )  # fmt: skip
    return HTTPConnection(address, endpoint.port, timeout=timeout_s)


def _authority(endpoint: Endpoint) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return host if endpoint.port == (443 if endpoint.tls else 80) else f"{host}:{endpoint.port}"


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
