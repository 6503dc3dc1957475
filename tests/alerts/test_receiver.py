"""The receiver of the demo, and the one that the documentation shows."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.endpoint import parse_endpoints
from alerts.outbox import Delivery
from alerts.receiver import Receiver
from alerts.secret import new_secret, signer
from alerts.send import headers, post
from tests.alerts.support import SECRET

DOCUMENT = Path(__file__).parents[2] / "docs" / "webhook-receiver.md"
DELIVERY = Delivery(
    id="msg_1", alert=1, event_type="alert.opened", attempts=0, tried_for_s=None, due_in_s=0.0,
    body=b'{"type":"alert.opened","data":{"severity":"high","title":"l1-filler-01 nozzle 3"}}',
)  # fmt: skip


def _send(url: str, secret: str = SECRET) -> int | None:
    (endpoint,) = parse_endpoints([url], signers=[signer(secret)])
    return post(endpoint, DELIVERY).status


def _raw(url: str, body: bytes, sent: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=10)
    try:
        connection.request("POST", "/", body, sent)
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_is_signed_is_taken_and_remembered() -> None:
    with Receiver(SECRET) as receiver:
        assert _send(receiver.url) == 204
        received = receiver.wait(lambda r: r.webhook_id == "msg_1", 10)
        assert receiver.received == [received]
    assert received.valid
    assert received.body["data"]["title"] == "l1-filler-01 nozzle 3"
    assert received.at.tzinfo is UTC


def test_what_another_secret_signed_is_refused_and_its_body_not_read() -> None:
    with Receiver(SECRET) as receiver:
        assert _send(receiver.url, new_secret()) == 401
        received = receiver.wait(lambda r: not r.valid, 10)
    assert (received.webhook_id, received.body) == ("msg_1", {})


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({}, b'{"type":"tampered"}'),
        ({}, b"\xff\xfe"),
        ({"webhook-signature": "nonsense"}, DELIVERY.body),
        ({"webhook-signature": "v1,ä".encode().decode("latin-1")}, DELIVERY.body),
        ({"webhook-signature": ""}, DELIVERY.body),
        ({"webhook-timestamp": "1"}, DELIVERY.body),
        ({"webhook-timestamp": "nan"}, DELIVERY.body),
        ({"webhook-id": "msg_2"}, DELIVERY.body),
    ],
)
def test_what_does_not_fit_its_signature_is_refused(changes: dict[str, str], body: bytes) -> None:
    sent = headers(DELIVERY, [signer(SECRET)], datetime.now(UTC)) | changes
    with Receiver(SECRET) as receiver:
        assert _raw(receiver.url, body, sent) == 401
        assert [r.valid for r in receiver.received] == [False]


def test_a_body_without_length_or_too_large_is_not_read() -> None:
    with Receiver(SECRET) as receiver:
        assert _raw(receiver.url, b"", {"content-length": "many"}) == 411
        assert _raw(receiver.url, b"", {"content-length": "99999999"}) == 413
        assert receiver.received == []


def test_waiting_in_vain_ends() -> None:
    with Receiver(SECRET) as receiver, pytest.raises(TimeoutError, match=r"within 0\.05 s"):
        receiver.wait(lambda _: True, 0.05)


@pytest.fixture
def documented(tmp_path: Path) -> Iterator[str]:
    """The URL of the documentation's own receiver, running as it is printed."""
    example = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]
    (tmp_path / "receiver.py").write_text(example)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (tmp_path / "out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "receiver.py"],
            cwd=tmp_path,
            env={**os.environ, "JELLYROLL_WEBHOOK_SECRET": SECRET, "PORT": str(port)},
            stdout=output,
        )
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def test_the_documented_receiver_takes_what_is_signed_once(documented: str, tmp_path: Path) -> None:
    assert [_send(documented), _send(documented)] == [204, 204]
    assert (tmp_path / "out").read_text() == "alert.opened high l1-filler-01 nozzle 3\n"


def test_the_documented_receiver_refuses_what_is_not(documented: str, tmp_path: Path) -> None:
    assert _send(documented, new_secret()) == 401
    good = headers(DELIVERY, [signer(SECRET)], datetime.now(UTC))
    assert _raw(documented, b'{"type":"tampered"}', good) == 401
    assert _raw(documented, DELIVERY.body, good | {"webhook-signature": "nonsense"}) == 401
    assert (tmp_path / "out").read_text() == ""
