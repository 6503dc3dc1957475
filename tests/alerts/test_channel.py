"""Chat, mail, SMS and pagers by apprise: what they are told, and what comes of a refusal."""

from __future__ import annotations

import json
import ssl
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from apprise.plugins import pagerduty

from alerts import channel
from alerts.acknowledge import acknowledge
from alerts.answer import Verdict
from alerts.config import Config, config_of
from alerts.endpoint import Channel
from alerts.resolve import Resolution, resolve
from plant.model import Plant
from storage.connect import Connection
from tests.alerts.support import (
    Endpoint,
    Reply,
    StartService,
    Until,
    insert_anomaly,
    setting_of,
)

#: As little as a channel needs of a webhook.
BODY = json.dumps(
    {
        "type": "alert.opened",
        "data": {
            "alert": 1, "state": "unacknowledged", "severity": "high", "title": "off",
            "since": "2026-11-22T03:00:00Z", "suspects": [], "affected": {"cells": None},
            "action": None, "links": {"page": None, "dashboard": None},
            "where": {"enterprise": "acme", "site": "desoto"},
        },
    }
).encode()  # fmt: skip
#: An integration's key and a token, as PagerDuty gives them out.
PAGER = f"pagerduty://{'b' * 32}@{'a' * 20}"


def only(pilot: Plant, url: str) -> Config:
    """Return the settings of a plant that tells everything to one channel."""
    return replace(
        config_of([], pilot),
        receivers={"chat": Channel(name="chat", url=url, rate_per_minute=600)},
        routes=setting_of(pilot, "chat").config.routes,
    )


def test_a_channel_is_told_in_words_and_an_apprise_refusal_is_tried_again(
    link: Connection, pilot: Plant, start_service: StartService, until: Until
) -> None:
    """Apprise's own JSON service stands for a chat: it posts to an address of ours."""
    with Endpoint(Reply(500)) as chat:
        start_service(config=only(pilot, chat.url.replace("http://", "json://")))
        insert_anomaly(link)
        until("SELECT status, attempts FROM alert.delivery", [("delivered", 2)])
        said = json.loads(chat.requests[-1].body)
    assert said["type"] == "failure"
    assert said["title"].startswith("high, opened: l1-filler-01 nozzle 3: fill mass 6.02 g")
    assert "Block the nozzle" in said["message"]


@pytest.mark.parametrize(
    ("said", "status", "verdict"),
    [
        (["Failed to send Slack notification: Unauthorized, error=401."], 401, Verdict.FAILED),
        (["Failed to send: Too many requests, error=429."], 429, Verdict.RETRY),
        (["Failed to send: Server error, error=503."], 503, Verdict.RETRY),
        # To two people at once: the second may still get it.
        (["to one, error=404.", "to another, error=500."], 500, Verdict.RETRY),
        (["Failed to send: Moved, error=302."], 302, Verdict.RETRY),
        # A number that is no status of HTTP, and a service that speaks something else.
        (["Failed to send to +15550400, error=21211."], None, Verdict.RETRY),
        (["Connection refused"], None, Verdict.RETRY),
        ([], None, Verdict.RETRY),
    ],
)
def test_a_channels_refusal_ends_as_a_webhooks_does(
    said: list[str], status: int | None, verdict: Verdict
) -> None:
    answer = channel.refusal(said)
    assert (answer.status, answer.verdict) == (status, verdict)
    assert "+1555" not in answer.error


def test_a_channel_whose_token_is_wrong_is_given_up_and_nothing_of_it_is_logged(
    link: Connection, pilot: Plant, start_service: StartService, until: Until,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with Endpoint(Reply(401)) as chat:
        url = chat.url.replace("http://", "json://") + "/very-secret"
        start_service(config=only(pilot, url))
        insert_anomaly(link)
        until(
            "SELECT status, attempts, last_status, last_error FROM alert.delivery",
            [("failed", 1, 401, "the service answered 401")],
        )
    assert "the service answered 401" in caplog.text
    assert "secret" not in caplog.text + "".join(capfd.readouterr())


def test_an_incident_of_pagerduty_is_open_while_the_alert_waits_for_somebody(
    link: Connection, pilot: Plant, start_service: StartService, until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with Endpoint(*[Reply(202)] * 9) as pager:
        monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"{pager.url}/v2/enqueue")
        start_service(config=only(pilot, PAGER))
        insert_anomaly(link)
        pager.wait(1)
        insert_anomaly(link, state="off")
        pager.wait(2)
        insert_anomaly(link)
        pager.wait(3)
        resolve(link, 1, "ada", resolution=Resolution.TRUE_ALARM, cause_code="wear")
        pager.wait(4)
        insert_anomaly(link)
        pager.wait(5)
        acknowledge(link, 2, "ada")
        pager.wait(6)
        until("SELECT count(*) FROM alert.delivery WHERE status = 'delivered'", [(6,)])
    bodies = [json.loads(request.body) for request in pager.requests]
    first, second = (f"jellyroll/acme/desoto/alert/{number}" for number in (1, 2))
    assert [(body["event_action"], body["dedup_key"]) for body in bodies] == [
        ("trigger", first), ("resolve", first), ("trigger", first), ("resolve", first),
        ("trigger", second), ("resolve", second),
    ]  # fmt: skip
    assert bodies[0]["routing_key"] == "b" * 32
    assert "nozzle 3: fill mass 6.02 g" in bodies[0]["payload"]["summary"]


@pytest.mark.parametrize("url", ["json://127.0.0.1/", "https://a.example", "slack://", "nonsense"])
def test_a_channel_that_is_none_is_refused_without_its_url(url: str) -> None:
    with pytest.raises(channel.ChannelError) as caught:
        channel.check_url(url)
    assert "a.example" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "mailtos://ben:word@relay.example?to=ben@mail.example&smtp=10.1.2.3",
        "workflows://10.1.2.3:443/643fe9c4d2a14f8f/a1b2c3d4e5f60718",
    ],
)
def test_a_mail_server_or_workflow_that_is_not_public_is_refused_unless_it_is_listed(
    url: str,
) -> None:
    to = Channel(name="private", url=url, timeout_s=0.1)
    answer = channel.notify(to, BODY)
    assert answer.verdict is Verdict.RETRY
    assert "10.1.2.3 is not public" in answer.error
    # It is not there, but it was asked.
    answer = channel.notify(to, BODY, [ip_network("10.1.0.0/16")])
    assert answer.error == "apprise could not deliver it"


def test_a_channel_follows_no_redirect_and_trusts_no_certificate_that_is_not_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = Endpoint()
    with elsewhere, Endpoint(Reply(302, (("location", elsewhere.url),))) as chat:
        url = chat.url.replace("http://", "json://") + "/?redirect=yes"
        answer = channel.notify(Channel(name="chat", url=url), BODY)
    assert (answer.status, answer.verdict) == (302, Verdict.RETRY)
    assert elsewhere.requests == []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(__file__).parent / "self_signed.pem")
    with Endpoint(tls=context) as chat:
        url = chat.url.replace("https://", "jsons://") + "/?verify=no"
        answer = channel.notify(Channel(name="chat", url=url), BODY)
    assert answer.verdict is Verdict.RETRY
    assert chat.requests == []
