"""One attempt: what is signed, what is sent, what is made of the answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from alerts.answer import Answer, Verdict
from alerts.endpoint import parse_endpoints
from alerts.outbox import Delivery
from alerts.secret import signer
from alerts.send import headers, post
from tests.alerts.support import SECRET, Endpoint, Reply

HERE = Path(__file__).parent
DELIVERY = Delivery(
    id="msg_2fX7", alert=1, event_type="alert.opened", attempts=0, tried_for_s=None, due_in_s=0.0,
    body='{"type":"alert.opened","title":"32.0 °C, \N{MINUS SIGN}6.0 %"}'.encode(),
)  # fmt: skip


def _post(url: str, timeout_s: float = 5.0) -> Answer:
    (endpoint,) = parse_endpoints([url], signers=[signer(SECRET)])
    return post(replace(endpoint, timeout_s=timeout_s), DELIVERY)


def test_the_signature_is_the_hmac_of_id_time_and_body() -> None:
    at = datetime(2026, 11, 22, 3, 0, 0, 999_999, tzinfo=UTC)
    sent = headers(DELIVERY, [signer(SECRET)], at)
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = b"msg_2fX7.1795316400." + DELIVERY.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert sent["webhook-id"] == "msg_2fX7"
    assert sent["webhook-timestamp"] == "1795316400"
    assert sent["webhook-signature"] == f"v1,{expected}"


def test_the_library_verifies_what_arrives_and_refuses_what_was_changed() -> None:
    with Endpoint() as endpoint:
        assert _post(endpoint.url).verdict is Verdict.DELIVERED
    (request,) = endpoint.requests
    assert request.headers["content-type"] == "application/json"
    library = Webhook(SECRET)
    library.verify(request.body, request.headers)
    tampered = request.body.replace(b"6.0", b"0.6")
    with pytest.raises(WebhookVerificationError):
        library.verify(tampered, request.headers)
    with pytest.raises(WebhookVerificationError):
        library.verify(request.body, {**request.headers, "webhook-id": "msg_other"})


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (302, Verdict.RETRY),
        (400, Verdict.FAILED),
        (401, Verdict.FAILED),
        (404, Verdict.FAILED),
        (408, Verdict.RETRY),
        (410, Verdict.FAILED),
        (425, Verdict.RETRY),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (503, Verdict.RETRY),
        (None, Verdict.RETRY),
    ],
)
def test_only_a_4xx_that_means_never_ends_a_delivery(status: int | None, verdict: Verdict) -> None:
    assert Answer(status).verdict is verdict


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    elsewhere = Endpoint()
    with elsewhere, Endpoint(Reply(status, (("Location", elsewhere.url),))) as endpoint:
        answer = _post(endpoint.url)
    assert elsewhere.requests == []
    assert answer.status == status
    assert "redirects are not followed" in answer.error


def test_retry_after_is_heard_from_those_who_ask_to_wait() -> None:
    wait = (("Retry-After", "30"),)
    with Endpoint(Reply(429, wait), Reply(503, wait), Reply(500, wait)) as endpoint:
        assert [_post(endpoint.url).retry_after_s for _ in range(3)] == [30, 30, None]


def test_credentials_and_query_reach_the_endpoint_and_no_text() -> None:
    with Endpoint(Reply(404)) as endpoint:
        url = endpoint.url.replace("http://", "http://ada:s3cret@") + "/hook?key=s3cret"
        answer = _post(url)
    (request,) = endpoint.requests
    assert request.path == "/hook?key=s3cret"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"ada:s3cret").decode()
    assert request.headers["host"] == f"127.0.0.1:{endpoint.port}"
    assert answer.error == "answered 404 Not Found"


def _drip(file: Any) -> None:
    file.write(b"HTTP/1.1 200 OK\r\nx-drip: ")
    while True:  # until the other side is gone
        file.write(b".")
        file.flush()
        threading.Event().wait(0.05)


def test_an_endpoint_that_drips_is_hung_up_on() -> None:
    with Endpoint(Reply(raw=_drip)) as endpoint:
        assert _post(endpoint.url, timeout_s=0.5) == Answer(None, "it did not answer in time")


def test_an_endpoint_that_says_nothing_is_hung_up_on() -> None:
    released = threading.Event()
    with Endpoint(Reply(before=released.wait)) as endpoint:
        assert _post(endpoint.url, timeout_s=0.3) == Answer(None, "it did not answer in time")
        released.set()


def test_an_endless_answer_is_not_read() -> None:
    ended = threading.Event()

    def flood(file: Any) -> None:
        file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            ended.set()

    with Endpoint(Reply(raw=flood)) as endpoint:
        assert _post(endpoint.url).verdict is Verdict.DELIVERED
        assert ended.wait(20)


def _hang_up(file: Any) -> None:
    file.close()


def _babble(file: Any) -> None:
    file.write(b"SSH-2.0-s3cret\r\n")


@pytest.mark.parametrize("raw", [_hang_up, _babble])
def test_what_is_no_answer_is_worth_a_retry(raw: Callable[[Any], object]) -> None:
    with Endpoint(Reply(raw=raw)) as endpoint:
        answer = _post(endpoint.url)
    assert answer == Answer(None, "the connection broke before an answer came")


def test_nobody_there_is_told_in_words() -> None:
    with Endpoint() as endpoint:
        url = endpoint.url
    assert _post(url) == Answer(None, "no connection: Connection refused")
    assert _post("https://endpoint.invalid/s3cret").error == "its host name cannot be resolved"


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HERE / "self_signed.pem")
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with Endpoint(tls=_tls()) as endpoint:
        answer = _post(endpoint.url)
        assert endpoint.requests == []
    assert answer == Answer(None, "its certificate is refused: self-signed certificate")


def test_a_certificate_of_the_plants_own_authority_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(HERE / "self_signed.pem"))
    with Endpoint(tls=_tls()) as endpoint:
        assert _post(endpoint.url) == Answer(204)
        (request,) = endpoint.requests
    Webhook(SECRET).verify(request.body, request.headers)


def test_a_certificate_for_another_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(HERE / "self_signed.pem"))
    with Endpoint(tls=_tls()) as endpoint:
        answer = _post(endpoint.url.replace("127.0.0.1", "localhost"))
    assert "its certificate is refused" in answer.error
    assert endpoint.requests == []


def test_plain_http_on_a_tls_port_is_told_as_tls_trouble() -> None:
    with Endpoint() as endpoint:
        answer = _post(endpoint.url.replace("http://", "https://"))
    assert answer.error.startswith("TLS failed")
