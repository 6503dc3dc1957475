"""Where the MQTT broker is, read from a URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

_SHAPE = (
    "the broker's URL must look like mqtt://host:1883 or mqtts://host:8883, with user:password@ "
    "before the host if needed (special characters percent-encoded, # as %23) and, with mqtts, "
    "?ca=FILE behind"
)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Host, port and credentials of a broker; with *tls*, *ca_file* may name its certificate."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: Path | None = None

    @classmethod
    def parse(cls, url: str) -> BrokerAddress:
        """Read `mqtt://user:password@host:port` or `mqtts://…?ca=FILE`; raise `ValueError`."""
        # The URL may carry a password, so no error repeats any of it, nor do Python's own.
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in {"mqtt", "mqtts"} or parts.path not in {"", "/"}:
            raise ValueError(_SHAPE)
        tls = parts.scheme == "mqtts"
        options = parse_qs(parts.query, keep_blank_values=True)
        ca_file = options.pop("ca", None)
        if options or parts.fragment or (ca_file and not (tls and ca_file[0])):
            raise ValueError(_SHAPE)
        return cls(
            host,
            port or (8883 if tls else 1883),
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            tls,
            Path(ca_file[0]) if ca_file else None,
        )
