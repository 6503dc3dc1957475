"""alerts.toml: what is right is read whole; what is wrong is told all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.config import Config
from alerts.config_read import ConfigError, load_config
from alerts.endpoint import Channel, Endpoint
from plant.model import Plant
from tests.alerts.support import SECRET

OLD = "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
GOOD = """
time_zone = "America/Chicago"

[links]
page = "https://jellyroll.example"
dashboard = "https://grafana.example/d/jr-line?var-line={line}&from={from_ms}&to={to_ms}"

[network]
allow_private = ["10.20.0.0/16"]
allow_http = ["relay.example"]

[rules]
off_delay_s = 60
flood_alerts_per_min = 20

[endpoints.on-call]
url = "https://ada:hush@on-call.example/hook"
secret_files = ["new.txt", "old.txt"]

[endpoints.archive]
url_env = "ARCHIVE_URL"
secret_envs = ["ARCHIVE_SECRET"]
rate_per_minute = 6
timeout_s = 3

[endpoints.relay]
url = "http://relay.example/"
secret_files = ["new.txt"]

[endpoints.chat]
apprise_file = "chat.txt"

[people.ada]
endpoints = ["chat"]

[people.ben]
endpoints = ["archive", "chat"]

[[shifts]]
name = "day"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "06:00"
to = "18:00"
teams = [["ada"], ["ben"]]
first_day = 2026-11-02

[[routes]]
name = "filling"
stations = ["filling"]
severities = ["high", "medium"]
to = ["on-shift"]
escalate = [{ after_min = 10, to = ["ben"] }, { after_min = 30, to = ["on-call"] }]
repeat_min = 60
quiet = { from = "22:00", to = "06:00", severities = ["medium"] }
continue = true

[[routes]]
name = "rest"
to = ["archive"]
"""
SECRETS = {"ARCHIVE_URL": "https://archive.example/8c1f", "ARCHIVE_SECRET": SECRET}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "new.txt").write_text(f"{SECRET}\n")
    (tmp_path / "old.txt").write_text(OLD)
    (tmp_path / "chat.txt").write_text("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#line")
    return tmp_path


def read(folder: Path, plant: Plant, text: str) -> Config:
    file = folder / "alerts.toml"
    file.write_text(text)
    return load_config(file, plant, SECRETS)


def errors(folder: Path, plant: Plant, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, plant, text)
    return caught.value.errors


def test_a_good_file_is_read_whole(folder: Path, pilot: Plant) -> None:
    config = read(folder, pilot, GOOD)
    on_call, archive, relay, chat = config.receivers.values()
    assert isinstance(on_call, Endpoint)
    assert isinstance(archive, Endpoint)
    assert isinstance(relay, Endpoint)
    assert isinstance(chat, Channel)
    assert (on_call.host, len(on_call.signers), on_call.rate_per_minute) == (
        "on-call.example", 2, 1200,
    )  # fmt: skip
    assert (archive.target, archive.rate_per_minute, archive.timeout_s) == ("/8c1f", 6, 3)
    assert (relay.tls, chat.rate_per_minute) == (False, 30)
    assert config.people == {"ada": ("chat",), "ben": ("archive", "chat")}
    assert [route.name for route in config.routes] == ["filling", "rest"]
    assert config.rules.flood_alerts_per_min == 20
    assert str(config.allow_private[0]) == "10.20.0.0/16"


def test_no_text_of_a_config_shows_a_secret(folder: Path, pilot: Plant) -> None:
    text = repr(read(folder, pilot, GOOD))
    for word in ("hush", "8c1f", "TIiajkdnlazkcOXrIdevi7FQ", SECRET[6:], OLD[6:]):
        assert word not in text


def test_every_wrong_part_is_told_at_once(folder: Path, pilot: Plant) -> None:
    found = errors(
        folder,
        pilot,
        """
        time_zon = "UTC"
        [endpoints.on-call]
        url = "https://on-call.example"
        [endpoints.both]
        url = "https://a.example"
        apprise_env = "CHAT"
        [[shifts]]
        name = "day"
        from = "6 o'clock"
        to = "18:00"
        teams = [["ada"], ["ben"]]
        [[routes]]
        name = "all"
        to = []
        severities = ["huge"]
        escalate = [{ after_min = 30, to = ["x"] }, { after_min = 10, to = ["y"] }]
        quiet = { from = "22:00" }
        """,
    )
    for place in (
        "time_zon: is not known here",
        "endpoints.on-call: a webhook needs one secret",
        "endpoints.both: needs exactly one of url",
        'shifts.0.from: "6 o\'clock" is no time of day',
        "routes.0.to",
        "routes.0.severities.0",
        "routes.0.quiet.to: is missing",
    ):
        assert any(error.startswith(place) for error in found), (place, found)


def test_every_wrong_name_and_secret_is_told_at_once(folder: Path, pilot: Plant) -> None:
    (folder / "bad.txt").write_text("hush-hush")
    found = errors(
        folder,
        pilot,
        """
        time_zone = "Mars/Olympus"
        [endpoints.on-call]
        url = "http://on-call.example/hush"
        secret_files = ["missing.txt"]
        secret_envs = ["MISSING"]
        [endpoints.inside]
        url = "https://10.1.2.3/"
        secret_files = ["new.txt"]
        [endpoints.unset]
        url_env = "UNSET"
        secret_files = ["new.txt"]
        [endpoints.weak]
        url = "https://a.example"
        secret_files = ["bad.txt"]
        [endpoints.chat]
        apprise_file = "bad.txt"
        [people.ada]
        endpoints = ["chatt"]
        [people.on-call]
        endpoints = ["chat"]
        [[routes]]
        name = "filling"
        sites = ["dessoto"]
        lines = ["l7"]
        stations = ["fillling"]
        shifts = ["night"]
        to = ["on-shift"]
        [[routes]]
        name = "filling"
        stations = ["filling"]
        to = ["eve"]
        """,
    )
    for error in (
        "time_zone: 'Mars/Olympus' is not an IANA time zone",
        "endpoints.on-call: missing.txt cannot be read",
        "endpoints.on-call: the environment variable MISSING is not set",
        "endpoints.on-call: http://on-call.example would show alerts",
        "endpoints.inside: its address 10.1.2.3 is not public",
        "endpoints.unset: the environment variable UNSET is not set",
        "endpoints.weak: bad.txt: a secret begins with whsec_",
        "endpoints.chat: this is no URL of a service that is supported",
        "people.ada.endpoints: 'chatt' is unknown; did you mean 'chat'?",
        "people.on-call: an endpoint or a word has this name",
        "routes: 'filling' stands more than once",
        "routes.filling.sites: 'dessoto' is unknown; did you mean 'desoto'?",
        "routes.filling.lines: 'l7' is unknown; there is l1",
        "routes.filling.stations: 'fillling' is unknown; did you mean 'filling'?",
        "routes.filling.shifts: 'night' is unknown",
        "routes.filling: names on-shift, but there are no [[shifts]]",
        "routes.filling.to: 'eve' is unknown",
        "routes: an alert that none of them takes would be told to nobody",
    ):
        assert any(one.startswith(error) for one in found), (error, found)
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("{from_ms}", "{colour}", "links: dashboard: {colour} is unknown; it may hold"),
        ("{from_ms}", "{from_ms:d}", "links: dashboard: Unknown format code"),
        ("10.20.0.0/16", "10.20.0.1/16", "network.allow_private.0: 10.20.0.1/16 has host bits set"),
        ("first_day = 2026-11-02", "", "shifts.0: teams take turns, but first_day is missing"),
        ("http://relay.example/", "http://other.example/", "endpoints.relay: http://other.example"),
        ("after_min = 30", "after_min = 5", "routes.0: escalate: each step must come later"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#line", "json://x", ""),
    ],
)
def test_a_wrong_part_is_told_with_its_place(
    folder: Path, pilot: Plant, old: str, new: str, error: str
) -> None:
    if old not in GOOD:
        (folder / "chat.txt").write_text(new)
        error = "endpoints.chat: this is no URL of a service that is supported"
    (found,) = errors(folder, pilot, GOOD.replace(old, new))
    assert found.startswith(error)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"a = ", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), (None, "cannot be read")],
)
def test_a_file_that_is_none_is_told(
    tmp_path: Path, pilot: Plant, content: bytes | None, error: str
) -> None:
    file = tmp_path / "alerts.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=error):
        load_config(file, pilot, {})
