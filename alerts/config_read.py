"""alerts.toml, read and checked as a whole against the plant."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from standardwebhooks import Webhook

from alerts import channel
from alerts.address import AddressError, check, is_this_machine
from alerts.config import Config
from alerts.config_file import ON_SHIFT, ConfigFile, EndpointPart, Route
from alerts.endpoint import (
    CHANNEL_RATE_PER_MINUTE,
    RATE_PER_MINUTE,
    Channel,
    Receiver,
    parse_url,
)
from alerts.secret import SecretError, signer
from alerts.web.key import WebKeyError, read_key
from plant.model import Plant


class ConfigError(Exception):
    """alerts.toml cannot be used; the text lists every error with its place, and no secret."""

    def __init__(self, path: Path, errors: Sequence[str]) -> None:
        self.errors = list(errors)
        count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        super().__init__("\n".join([f"{path}: {count}", *(f"  {e}" for e in errors)]))


def load_config(path: Path, plant: Plant, environment: Mapping[str, str]) -> Config:
    """Read alerts.toml at *path*; secrets come from *environment* or files beside it.

    Raise `ConfigError` with all errors at once; names and secrets are looked at once each part is
    right in itself.
    """
    file = read_file(path)
    reading = _Reading(path, file, plant, environment)
    config = reading.config()
    if reading.errors:
        raise ConfigError(path, reading.errors)
    return config


def read_file(path: Path) -> ConfigFile:
    """Return what alerts.toml at *path* says, without its secrets; raise `ConfigError`.

    Whether its names fit the plant and each other, `load_config` says.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(path, [f"cannot be read ({error.strerror})"]) from error
    except UnicodeDecodeError:
        raise ConfigError(path, ["is not UTF-8; save it as UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"is not TOML: {error}"]) from error
    try:
        return ConfigFile.model_validate(document)
    except ValidationError as error:
        raise ConfigError(path, [_explain(e) for e in error.errors()]) from None


class _Reading:
    """One reading of a file whose parts are right: names that must fit, and secrets."""

    def __init__(
        self, path: Path, file: ConfigFile, plant: Plant, environment: Mapping[str, str]
    ) -> None:
        self._folder = path.parent
        self._file = file
        self._plant = plant
        self._environment = environment
        self.errors: list[str] = []

    def config(self) -> Config:
        file = self._file
        self._check_names()
        receivers: dict[str, Receiver] = {}
        for name, part in file.endpoints.items():
            try:
                receivers[name] = self._receiver(name, part)
            except (ValueError, AddressError) as error:
                self.errors.append(f"endpoints.{name}: {error}")
        zone = file.time_zone or self._plant.site.time_zone
        try:
            info = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            self.errors.append(f"time_zone: {zone!r} is not an IANA time zone")
            info = ZoneInfo("UTC")
        key_file = file.links.page_key_file
        page_key = None
        try:
            page_key = read_key(self._folder / key_file if key_file else None, self._environment)
        except WebKeyError as error:
            self.errors.append(f"links: {error}")
        return Config(
            receivers=receivers,
            page_key=page_key,
            people={name: person.endpoints for name, person in file.people.items()},
            shifts=file.shifts,
            routes=file.routes,
            zone=info,
            rules=file.rules,
            links=file.links,
            allow_private=file.network.allow_private,
        )

    def _receiver(self, name: str, part: EndpointPart) -> Receiver:
        if part.is_apprise:
            url = self._secret(part.apprise_env, part.apprise_file)
            channel.check_url(url)
            rate = part.rate_per_minute or CHANNEL_RATE_PER_MINUTE
            return Channel(name=name, url=url, rate_per_minute=rate, timeout_s=part.timeout_s)
        signers = self._signers(name, part)
        network = self._file.network
        endpoint = parse_url(
            part.url or self._secret(part.url_env, part.url_file),
            name=name,
            allow_http=network.allow_http,
            signers=signers,
            rate_per_minute=part.rate_per_minute or RATE_PER_MINUTE,
            timeout_s=part.timeout_s,
        )
        if _is_address(endpoint.host) and not is_this_machine(endpoint.host):
            check(endpoint.host, network.allow_private)
        return endpoint

    def _signers(self, name: str, part: EndpointPart) -> list[Webhook]:
        places: list[tuple[str | None, str | None]] = [
            *((None, file) for file in part.secret_files),
            *((variable, None) for variable in part.secret_envs),
        ]
        signers = []
        for variable, file in places:
            try:
                signers.append(signer(self._secret(variable, file), file or variable or ""))
            except SecretError as error:
                self.errors.append(f"endpoints.{name}: {error}")
        return signers

    def _secret(self, variable: str | None, file: str | None) -> str:
        if file is not None:
            try:
                return (self._folder / file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
                raise SecretError(f"{file} cannot be read ({reason})") from None
        assert variable is not None
        if not (text := self._environment.get(variable, "").strip()):
            raise SecretError(f"the environment variable {variable} is not set")
        return text

    def _check_names(self) -> None:
        file = self._file
        for group, names in (
            ("people", file.people),
            ("shifts", [shift.name for shift in file.shifts]),
            ("routes", [route.name for route in file.routes]),
        ):
            for name in sorted({n for n in names if list(names).count(n) > 1}):
                self.errors.append(f"{group}: {name!r} stands more than once; rename one")
        for name in sorted({*file.people} & {*file.endpoints} | ({ON_SHIFT} & {*file.people})):
            self.errors.append(f"people.{name}: an endpoint or a word has this name; rename one")
        for name, person in file.people.items():
            self._check(f"people.{name}.endpoints", person.endpoints, file.endpoints)
        for shift in file.shifts:
            place = f"shifts.{shift.name}"
            self._check(f"{place}.lines", shift.lines, self._plant.production.lines)
            for team in shift.teams:
                self._check(f"{place}.teams", team, file.people)
        exempt = file.rules.signal_lost_except
        self._check("rules.signal_lost_except", exempt, self._plant.stations)
        for route in file.routes:
            self._check_route(route)
        if not any(route.is_for_all for route in file.routes):
            self.errors.append(
                "routes: an alert that none of them takes would be told to nobody; add one"
                " without restrictions as the last"
            )

    def _check_route(self, route: Route) -> None:
        place, plant = f"routes.{route.name}", self._plant
        known = [*self._file.endpoints, *self._file.people, ON_SHIFT]
        self._check(f"{place}.to", route.to, known)
        for step in route.escalate:
            self._check(f"{place}.escalate.to", step.to, known)
        if ON_SHIFT in route.names() and not self._file.shifts:
            self.errors.append(f"{place}: names {ON_SHIFT}, but there are no [[shifts]]")
        self._check(f"{place}.sites", route.sites, [plant.site.name])
        self._check(f"{place}.lines", route.lines, plant.production.lines)
        self._check(f"{place}.stations", route.stations, plant.stations)
        self._check(f"{place}.shifts", route.shifts, [s.name for s in self._file.shifts])

    def _check(
        self, place: str, names: Sequence[str], known: Sequence[str] | Mapping[str, object]
    ) -> None:
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, list(known), n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there is {_listed(known)}"
                self.errors.append(f"{place}: {name!r} is unknown; {hint}")


def _listed(known: Sequence[str] | Mapping[str, object]) -> str:
    names = list(known)[:8]
    return ", ".join(names) + (", …" if len(known) > len(names) else "") if names else "none"


def _is_address(host: str) -> bool:
    try:
        check(host, ())
    except ValueError:
        return False
    except AddressError:
        return True
    return True


def _explain(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]") or "the file"
    match error["type"]:
        case "missing":
            return f"{place}: is missing; add it"
        case "extra_forbidden":
            return f"{place}: is not known here; mend its spelling or remove it"
        case "value_error":
            return f"{place}: {error['msg'].removeprefix('Value error, ')}"
        case "string_pattern_mismatch":
            return f"{place}: a name holds letters, digits, - and _ only, at most 48"
        case _:
            # What was given may be a secret in the wrong place: it is not repeated.
            return f"{place}: {error['msg'][0].lower()}{error['msg'][1:]}"
