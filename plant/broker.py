"""Where the MQTT broker is, read from a URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


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
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            # The URL may carry a password, so the text does not repeat it.
            raise ValueError(
                "the broker's URL must look like mqtt://host:1883 or mqtts://host:8883"
            )
        tls = parts.scheme == "mqtts"
        ca_file = parse_qs(parts.query).get("ca")
        return cls(
            parts.hostname,
            parts.port or (8883 if tls else 1883),
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            tls,
            Path(ca_file[0]) if ca_file else None,
        )
