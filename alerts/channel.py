"""Channel: what chat, e-mail, SMS and pagers are told, by apprise."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from alerts.address import AddressError, Network, resolve
from alerts.alert import State
from alerts.answer import Answer, Verdict
from alerts.endpoint import Channel

#: Apprise knows a hundred more; those that post to any address somebody names are left to our own
#: webhooks, which check where they go.
SCHEMES: dict[str, str] = {
    "slack": "Slack",
    "msteams": "Microsoft Teams",
    "workflows": "Microsoft Teams",
    "pagerduty": "PagerDuty",
    "mailtos": "e-mail",
    "twilio": "SMS",
    "sns": "SMS",
    "clickatell": "SMS",
    "msgbird": "SMS",
    "vonage": "SMS",
    "sinch": "SMS",
    "d7sms": "SMS",
}

#: Those whose URL says where they are; the others are where their makers have them.
_OF_ANY_HOST = frozenset({"workflows", "mailtos"})

#: How every service of apprise that speaks HTTP ends its word of a refusal.
_STATUS = re.compile(r"\berror=([345]\d\d)\b")


class ChannelError(ValueError):
    """An apprise URL cannot be used; the text says why and does not repeat it."""


def check_url(url: str) -> None:
    """Raise `ChannelError` if apprise is missing, or has no use for *url*."""
    scheme = urlsplit(url).scheme
    if scheme not in SCHEMES:
        raise ChannelError(
            "this is no URL of a service that is supported; it must begin with one of"
            f" {', '.join(f'{name}://' for name in SCHEMES)}"
        )
    if _service(_apprise(), url) is None:
        raise ChannelError(
            f"apprise cannot read this {SCHEMES[scheme]} URL; its pages say what it must hold"
        )


def notify(channel: Channel, body: bytes, allow_private: Sequence[Network] = ()) -> Answer:
    """Tell *channel* what the webhook *body* says; it never raises for the network.

    A mail server or a host of workflows that is not public is refused unless in *allow_private*.
    """
    apprise = _apprise()
    message = json.loads(body)
    title, text, severity = words(message)
    kinds = {"high": apprise.NotifyType.FAILURE, "medium": apprise.NotifyType.WARNING}
    service = _service(apprise, channel.url)
    if service is None:
        return Answer(None, "apprise cannot read its URL")
    scheme = urlsplit(channel.url).scheme
    if scheme in _OF_ANY_HOST:
        try:
            resolve(getattr(service, "smtp_host", service.host), service.port or 443, allow_private)
        except AddressError as error:
            return Answer(None, str(error))
    service.socket_connect_timeout = service.socket_read_timeout = channel.timeout_s
    service.redirects, service.verify_certificate = False, True
    if scheme == "pagerduty":
        service.dedup, service.action = incident(message)
    teller = apprise.Apprise()
    teller.add(service)
    kind = kinds.get(severity, apprise.NotifyType.INFO)
    with teller.notify(body=text, title=title, notify_type=kind) as told:
        return Answer(200) if told else refusal(entry.message for entry in told.logs())


def refusal(said: Iterable[str]) -> Answer:
    """Return what came of an attempt after which apprise *said* this.

    It passes on no status but in a sentence, which may hold addresses and is not repeated. One
    attempt may go to several people; where one of them may still get it, it is tried again.
    """
    answers = [
        Answer(int(status), f"the service answered {status}")
        for sentence in said
        for status in _STATUS.findall(sentence)
    ]
    worth_a_retry = [a for a in answers if a.verdict is Verdict.RETRY]
    return next(iter(worth_a_retry or answers), Answer(None, "apprise could not deliver it"))


def incident(message: dict[str, Any]) -> tuple[str, str]:
    """Return PagerDuty's key of the incident of an alert, and "trigger" or "resolve".

    The incident is open as long as the alert waits for somebody while the process is off: what is
    acknowledged, shelved or back needs nobody's pager any more.
    """
    data = message["data"]
    where = data["where"]
    key = f"jellyroll/{where['enterprise']}/{where['site']}/alert/{data['alert']}"
    is_waiting = data["state"] == State.UNACKNOWLEDGED and message["type"] != "alert.shelved"
    return key, "trigger" if is_waiting else "resolve"


def words(message: dict[str, Any]) -> tuple[str, str, str]:
    """Return title, text and severity for people of what a webhook says."""
    data = message["data"]
    event = message["type"].removeprefix("alert.")
    lines = [
        data["title"],
        f"since {data['since'][:16].replace('T', ' ')} UTC, alert {data['alert']}",
    ]
    lines += [suspect["sentence"] for suspect in data["suspects"][:1]]
    cells = data["affected"]["cells"]
    lines += [f"{cells} cells affected"] if cells else []
    lines += [data["action"]] if data["action"] else []
    lines += [link for link in (data["links"]["page"], data["links"]["dashboard"]) if link]
    return f"{data['severity']}, {event}: {data['title']}", "\n".join(lines), data["severity"]


def _service(apprise: Any, url: str) -> Any:
    with warnings.catch_warnings():
        # The first time it imports all of its services, and what they would like to have.
        warnings.simplefilter("ignore", DeprecationWarning)
        return apprise.Apprise.instantiate(url, suppress_exceptions=True)


def _apprise() -> Any:
    try:
        import apprise  # noqa: PLC0415  # an extra, and slow to import
    except ImportError:
        raise ChannelError(
            "apprise is not installed; `pip install 'jellyroll[notify]'` brings it"
        ) from None
    # Its messages may hold addresses: they are heard in `refusal`, and not written down.
    log = logging.getLogger("apprise")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return apprise
