"""The parts of alerts.toml, each as it stands there; docs/alerts.md explains them."""

from __future__ import annotations

import ipaddress
import string
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from alerts.alert import Kind
from alerts.shift import Names, Quiet, SeverityWord, Shift, Word
from plant.signals import Part

#: In a list of receivers: everybody whose shift it is.
ON_SHIFT = "on-shift"

Severities = Annotated[tuple[SeverityWord, ...], Field(strict=False)]
Kinds = Annotated[tuple[Annotated[Kind, Field(strict=False)], ...], Field(strict=False)]
Receivers = Annotated[tuple[Word, ...], Field(strict=False, min_length=1)]


def _network(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return ipaddress.ip_network(value)
        except ValueError as error:
            raise ValueError(f"{error}; give a network such as 10.20.0.0/16") from None
    return value


Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(_network)]


class EndpointPart(Part):
    """Where alerts go: a webhook (url…, secret_…) or a service that apprise knows (apprise…).

    What holds a secret is named: an environment variable (`…_env`) or a file (`…_file`, beside
    alerts.toml). A url without one may stand there itself.
    """

    url: str | None = None
    url_env: str | None = None
    url_file: str | None = None
    secret_envs: Annotated[tuple[str, ...], Field(strict=False, max_length=2)] = ()
    secret_files: Annotated[tuple[str, ...], Field(strict=False, max_length=2)] = ()
    apprise_env: str | None = None
    apprise_file: str | None = None
    rate_per_minute: float | None = Field(default=None, gt=0, le=100_000)
    timeout_s: float = Field(default=10.0, gt=0, le=30)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        places = [
            name
            for name in ("url", "url_env", "url_file", "apprise_env", "apprise_file")
            if getattr(self, name) is not None
        ]
        if len(places) != 1:
            given = " and ".join(places) or "none"
            raise ValueError(
                "needs exactly one of url, url_env, url_file, apprise_env, apprise_file;"
                f" it has {given}"
            )
        secrets = len(self.secret_envs) + len(self.secret_files)
        if self.is_apprise and secrets:
            raise ValueError("a service of apprise signs nothing; remove its secrets")
        if not self.is_apprise and secrets not in {1, 2}:
            raise ValueError(
                "a webhook needs one secret, or two while one replaces the other"
                f" (secret_files, secret_envs); it has {secrets}"
            )
        return self

    @property
    def is_apprise(self) -> bool:
        """Tell whether apprise sends to it."""
        return self.apprise_env is not None or self.apprise_file is not None


class Person(Part):
    """Somebody who is told at *endpoints*."""

    endpoints: Receivers


class Step(Part):
    """Who is told when nobody has acknowledged *after_min* minutes after the first telling."""

    after_min: float = Field(gt=0, le=7 * 24 * 60)
    to: Receivers


class Route(Part):
    """Who is told of which alerts. Empty lists do not restrict.

    *repeat_min* tells everybody again, as long as nobody has acknowledged.
    """

    name: Word
    sites: Names = ()
    lines: Names = ()
    stations: Names = ()
    severities: Severities = ()
    kinds: Kinds = ()
    shifts: Names = ()
    to: Receivers
    escalate: Annotated[tuple[Step, ...], Field(strict=False)] = ()
    repeat_min: float | None = Field(default=None, ge=1, le=7 * 24 * 60)
    quiet: Quiet | None = None
    go_on: bool = Field(default=False, alias="continue")

    @model_validator(mode="after")
    def _steps_follow(self) -> Self:
        times = [step.after_min for step in self.escalate]
        if times != sorted(set(times)):
            raise ValueError("escalate: each step must come later than the one before (after_min)")
        return self

    def names(self) -> set[str]:
        """Return everybody whom any of its steps names."""
        return {*self.to, *(name for step in self.escalate for name in step.to)}

    @property
    def is_for_all(self) -> bool:
        """Tell whether every alert fits, at any time."""
        limits = (
            self.sites, self.lines, self.stations, self.severities, self.kinds, self.shifts,
        )  # fmt: skip
        return not any(limits)


class NetworkPart(Part):
    """What is allowed beyond https to public addresses."""

    allow_private: Annotated[tuple[Network, ...], Field(strict=False)] = ()
    allow_http: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Rules(Part):
    """When something is an alert, and when it is none any more.

    The models' own alarms have delays of their own (a chart's limit and clear limit); what stands
    here comes on top of them.
    """

    on_delay_s: float = Field(default=0, ge=0, le=86_400)
    off_delay_s: float = Field(default=0, ge=0, le=86_400)
    signal_lost_after_s: float = Field(default=300, ge=5, le=86_400)
    signal_lost_except: Names = ()
    signal_back_for_s: float = Field(default=30, ge=0, le=86_400)
    flood_alerts_per_min: int = Field(default=10, ge=1, le=100_000)


#: What a link to a dashboard may hold, in braces.
_LINK_WORDS = {"line", "station", "equipment", "position", "characteristic", "from_ms", "to_ms"}


class LinksPart(Part):
    """Where people read on: *page* is the address of `jellyroll web`, *grafana* that of a Grafana.

    *grafana* has the boards of Jellyroll; *dashboard* is a template for another one instead.
    With the key of the page (*page_key_file*, or else its environment variable) a link to it is
    signed for the person who gets it, and opens the alert for *signed_for_h* hours.
    """

    page: str | None = None
    page_key_file: str | None = None
    signed_for_h: float = Field(default=12.0, gt=0, le=7 * 24)
    grafana: str | None = None
    dashboard: str | None = None

    @model_validator(mode="after")
    def _is_a_template(self) -> Self:
        for name in ("page", "grafana", "dashboard"):
            text = getattr(self, name)
            if text is not None and not text.startswith(("https://", "http://")):
                raise ValueError(f"{name}: is no URL such as https://host/path")
        template = self.dashboard or ""
        try:
            words = {word for _, word, _, _ in string.Formatter().parse(template)}
        except ValueError as error:
            raise ValueError(f"dashboard: {error}") from None
        if unknown := {word for word in words if word is not None} - _LINK_WORDS:
            raise ValueError(
                f"dashboard: {{{min(unknown)}}} is unknown; it may hold"
                f" {', '.join(f'{{{word}}}' for word in sorted(_LINK_WORDS))}"
            )
        try:
            template.format_map(dict.fromkeys(_LINK_WORDS, ""))
        except ValueError as error:
            raise ValueError(f"dashboard: {error}; a word stands alone in its braces") from None
        return self


class ConfigFile(Part):
    """alerts.toml as a whole."""

    endpoints: dict[Word, EndpointPart] = Field(min_length=1)
    people: dict[Word, Person] = Field(default={})
    shifts: Annotated[tuple[Shift, ...], Field(strict=False)] = ()
    routes: Annotated[tuple[Route, ...], Field(strict=False, min_length=1)]
    time_zone: str | None = None
    network: NetworkPart = NetworkPart()
    rules: Rules = Rules()
    links: LinksPart = LinksPart()
