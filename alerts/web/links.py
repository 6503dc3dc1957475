"""Signed links: one tap in a message opens an alert and lets its recipient acknowledge it.

A link says which alert, which person and until when, and is signed with the page's key, so nobody
can change one of them. It gives no more than that one alert, and nothing without a tap on a button:
mail and chat programs open links to look at them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadData, URLSafeSerializer
from pydantic import TypeAdapter, ValidationError

from alerts.errors import AlertsError

_PATH = "link"
_PARTS = TypeAdapter(tuple[int, str, int])


class LinkError(AlertsError):
    """A link that opens nothing: changed, signed with another key, or expired."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link stands for."""

    alert: int
    person: str
    expires: datetime


def signed_link(base_url: str, alert: int, person: str, key: str, expires: datetime) -> str:
    """Return the address at which *person* can see and acknowledge *alert* until *expires*.

    *base_url* is the page's address as the person reaches it, *key* the page's key
    (`alerts.web.key`). Raise `ValueError` for a time without zone.
    """
    if expires.tzinfo is None:
        raise ValueError(f"{expires} has no time zone")
    token = _serializer(key).dumps((alert, person, int(expires.timestamp())))
    return f"{base_url.rstrip('/')}/{_PATH}/{token}"


def read_link(token: str, key: str, now: datetime) -> Link:
    """Return what the last part of a signed link says; raise `LinkError`."""
    try:
        alert, person, expires_s = _PARTS.validate_python(_serializer(key).loads(token))
    except (BadData, ValidationError) as error:
        raise LinkError("this link is not whole, or not of this page; copy all of it") from error
    link = Link(alert, person, datetime.fromtimestamp(expires_s, UTC))
    if now >= link.expires:
        raise LinkError(f"this link ended at {link.expires:%Y-%m-%d %H:%M} UTC; sign in instead")
    return link


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        key,
        salt="jellyroll alert link",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
