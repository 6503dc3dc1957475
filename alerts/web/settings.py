"""Settings of the page, read once when it starts; all their errors at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.config_file import LinksPart
from alerts.config_read import read_file
from alerts.errors import AlertsError
from alerts.shift import Shift

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(AlertsError):
    """Settings that cannot be used; the text has a line for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenId:
    """An OpenID provider; *name_claim* says which claim is the name of the account."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    name_claim: str = "preferred_username"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the page takes from alerts.toml; *key_file* has the key of its links."""

    calendar: tuple[Shift, ...] = ()
    time_zone: str = ""
    links: LinksPart = field(default_factory=LinksPart)
    key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the page runs.

    *url* is its address as people reach it, *key* signs links and forms. *calendar* has the shifts
    of alerts.toml by the clock of *time_zone* (empty: the plant's); without them *shifts* begin
    at these times every day. *links* says where the dashboards are. *is_open* lets everybody look
    without signing in.
    """

    url: str
    key: str = field(repr=False)
    is_open: bool = False
    shifts: tuple[time, ...] = (time(6), time(14), time(22))
    calendar: tuple[Shift, ...] = ()
    time_zone: str = ""
    links: LinksPart = field(default_factory=LinksPart)
    openid: OpenId | None = None

    @property
    def is_https(self) -> bool:
        """Tell whether browsers reach the page by https."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """Return host and port of the address."""
        return urlsplit(self.url).netloc


def parse_url(text: str) -> str:
    """Return the address of the page without a slash at its end; raise `SettingsError`."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"--url {text!r} is not http:// or https:// and a host")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise SettingsError(f"--url {text!r}: the page stands at the root of its host; no path")
    return f"{parts.scheme}://{parts.netloc}"


def parse_grafana(text: str) -> str:
    """Return the address of a Grafana, which may have a path; raise `SettingsError`."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"--grafana {text!r} is no address such as https://grafana.example")
    return text.rstrip("/")


def is_private(url: str) -> bool:
    """Tell whether what goes to *url* can be read by this machine only: https, or loopback."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


def parse_listen(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; port 0 takes a free one. Raise `SettingsError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise SettingsError(f"--listen {text!r} is not HOST:PORT, such as 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def parse_shifts(text: str) -> tuple[time, ...]:
    """Return the times of `06:00,14:00,22:00` in order; raise `SettingsError`."""
    shifts = []
    for word in text.split(","):
        try:
            begin = time.fromisoformat(word.strip())
        except ValueError as error:
            raise SettingsError(
                f"--shifts {text!r}: {word.strip()!r} is no time of day such as 06:00"
            ) from error
        shifts.append(begin)
    if len(set(shifts)) < len(shifts) or any(s.tzinfo or s.second for s in shifts):
        raise SettingsError(f"--shifts {text!r}: give different times in hours and minutes")
    return tuple(sorted(shifts))


def read_shared(path: Path | None) -> Shared:
    """Return what the page needs of alerts.toml; raise `ConfigError` or `SettingsError`."""
    if path is None:
        return Shared()
    file = read_file(path)
    try:
        zone = ZoneInfo(file.time_zone).key if file.time_zone else ""
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"{path}: time_zone {file.time_zone!r} is no IANA time zone") from error
    key_file = file.links.page_key_file
    return Shared(
        calendar=file.shifts,
        time_zone=zone,
        links=file.links,
        key_file=path.parent / key_file if key_file else None,
    )


def read_openid(issuer: str, client: str, secret_file: Path | None, claim: str) -> OpenId | None:
    """Return the OpenID provider, None without *issuer*; raise `SettingsError`."""
    if not issuer:
        return None
    if secret_file is None:
        raise SettingsError("--openid-issuer needs --openid-secret-file, too")
    if not is_private(issuer):
        raise SettingsError(f"--openid-issuer {issuer!r} is not https://")
    try:
        secret = secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{secret_file} cannot be read as a secret ({error})") from error
    return OpenId(issuer=issuer, client=client, secret=secret, name_claim=claim)
