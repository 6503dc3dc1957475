"""Endpoint: where webhooks go. Its URL may hold secrets, so it is only ever shown by its name."""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_NAMED = re.compile(r"([a-z][a-z0-9_-]{0,47})=(.+)", re.DOTALL)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


class EndpointError(ValueError):
    """Endpoints cannot be used; the text lists every error, without the URLs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One receiver: *target* is path and query, *authorization* the header made of user:password.

    *name* is what the database, logs and errors know it by; it stays the same when the path or the
    credentials change, so what is pending then still arrives.
    """

    name: str
    tls: bool
    host: str
    port: int
    target: str = field(repr=False)
    authorization: str | None = field(default=None, repr=False)


def parse_endpoints(texts: list[str], *, allow_http: bool = False) -> list[Endpoint]:
    """Read `URL` or `NAME=URL` of each endpoint; without a name it is the URL's scheme and host.

    Plain http is taken for this machine only, unless *allow_http*. Raise `EndpointError` with all
    errors at once.
    """
    endpoints: dict[str, Endpoint] = {}
    errors = []
    for number, text in enumerate(texts, 1):
        try:
            endpoint = _parse(text, allow_http=allow_http)
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


def _parse(text: str, *, allow_http: bool) -> Endpoint:
    named = _NAMED.fullmatch(text)
    name, url = (named[1], named[2]) if named else (None, text)
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
    if parts.scheme == "http" and not allow_http and not _is_this_machine(host):
        raise ValueError(
            f"http://{host} would show alerts to the network; use https, or --allow-http if you"
            " accept that"
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
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
