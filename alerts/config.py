"""Config: who is told of what, and how; `alerts.config_read` makes it from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from alerts.address import Network
from alerts.config_file import LinksPart, Route, Rules
from alerts.endpoint import (
    Endpoint,
    Receiver,
)
from alerts.shift import Shift
from plant.model import Plant


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Who is told what, and how; *people* have names of endpoints."""

    receivers: Mapping[str, Receiver]
    people: Mapping[str, tuple[str, ...]]
    shifts: tuple[Shift, ...]
    routes: tuple[Route, ...]
    zone: ZoneInfo
    rules: Rules = field(default_factory=Rules)
    links: LinksPart = field(default_factory=LinksPart)
    allow_private: tuple[Network, ...] = ()
    page_key: str | None = field(default=None, repr=False)


def config_of(
    endpoints: Sequence[Endpoint],
    plant: Plant,
    allow_private: Sequence[Network] = (),
    links: LinksPart | None = None,
) -> Config:
    """Return what holds without a file: all of *endpoints* are told everything at once."""
    receivers: dict[str, Receiver] = {endpoint.name: endpoint for endpoint in endpoints}
    # Names that are made of URLs are no words of the file, but are right here.
    everything = Route.model_construct(name="all", to=tuple(receivers))
    return Config(
        receivers=receivers,
        people={},
        shifts=(),
        routes=(everything,) if receivers else (),
        zone=ZoneInfo(plant.site.time_zone),
        links=links or LinksPart(),
        allow_private=tuple(allow_private),
    )
