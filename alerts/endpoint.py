"""Endpoint: where alerts go. Its URL may hold secrets, so it is only ever shown by its name."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from standardwebhooks import Webhook

from alerts.address import is_this_machine

_NAMED = re.compile(r"([a-z][a-z0-9_-]{0,47})=(.+)", re.DOTALL)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")

#: For the whole attempt: resolve, connect, TLS, send, head of the answer.
TIMEOUT_S = 10.0
#: More than any plant should need, less than what would hurt a receiver.
RATE_PER_MINUTE = 1200.0
#: People read these.
CHANNEL_RATE_PER_MINUTE = 30.0


class EndpointError(ValueError):
    """Endpoints cannot be used; the text lists every error, without the URLs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One receiver of webhooks.

    *target* is path and query, *authorization* the header made of user:password; *signers* are
    made of its secrets, newest first, and each of them signs. *name* is what the database, logs
    and errors know it by; it stays the same when the path or the credentials change, so what is
    pending then still arrives.
    """

    name: str
    tls: bool
    host: str
    port: int
    target: str = field(repr=False)
    authorization: str | None = field(default=None, repr=False)
    signers: tuple[Webhook, ...] = field(default=(), repr=False)
    rate_per_minute: float = RATE_PER_MINUTE
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A service that apprise sends to (chat, e-mail, SMS, pager); *url* is apprise's own."""

    name: str
    url: str = field(repr=False)
    rate_per_minute: float = CHANNEL_RATE_PER_MINUTE
    timeout_s: float = TIMEOUT_S


Receiver = Endpoint | Channel


def parse_endpoints(
    texts: list[str], *, allow_http: bool = False, signers: Sequence[Webhook] = ()
) -> list[Endpoint]:
    """Read `URL` or `NAME=URL` of each endpoint; without a name it is the URL's scheme and host.

    Plain http is taken for this machine only, unless *allow_http*. Raise `EndpointError` with all
    errors at once.
    """
    endpoints: dict[str, Endpoint] = {}
    errors = []
    for number, text in enumerate(texts, 1):
        named = _NAMED.fullmatch(text)
        name, url = (named[1], named[2]) if named else (None, text)
        try:
            endpoint = parse_url(url, name=name, allow_http=allow_http, signers=signers)
        except ValueError as error:
            errors.append(f"endpoint {number}: {error}")
            continue
        if endpoint.name in endpoints:
            errors.append(
                f"endpoint {number}: is called {endpoint.name} like another one; give names of"
                " your own: NAME=URL"
            )
        endpoints[endpoint.name] = endpoint
    if errors:
        raise EndpointError("; ".join(errors))
    return list(endpoints.values())


def parse_url(
    url: str,
    *,
    name: str | None,
    allow_http: bool | Collection[str] = False,
    signers: Sequence[Webhook] = (),
    rate_per_minute: float = RATE_PER_MINUTE,
    timeout_s: float = TIMEOUT_S,
) -> Endpoint:
    """Return the endpoint at *url*; without *name* it is called by scheme and host.

    Plain http is taken for this machine, and for all or the named hosts of *allow_http*. Raise
    `ValueError` with what is wrong, which does not repeat the URL.
    """
    if not _PRINTABLE.fullmatch(url):
        raise ValueError("a URL has no spaces or control characters; write them as %20")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")  # as the resolver will
    except ValueError:
        # urlsplit repeats the URL in its own text.
        raise ValueError("this is no URL; its host or port cannot be read") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("this is no URL such as https://host/path")
    may_be_open = allow_http if isinstance(allow_http, bool) else host in allow_http
    if parts.scheme == "http" and not may_be_open and not is_this_machine(host):
        raise ValueError(
            f"http://{host} would show alerts to the network; use https, or allow http"
            " (--allow-http, [network] allow_http) if you accept that"
        )
    origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}"
    authorization = None
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(credentials.encode()).decode()
    return Endpoint(
        name=name or (f"{origin}:{port}" if port else origin),
        tls=parts.scheme == "https",
        host=host,
        port=port or (443 if parts.scheme == "https" else 80),
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        authorization=authorization,
        signers=tuple(signers),
        rate_per_minute=rate_per_minute,
        timeout_s=timeout_s,
    )
