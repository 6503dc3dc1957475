"""Signed links: one alert, one person, until a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.web.links import Link, LinkError, read_link, signed_link
from tests.alerts.web.support import KEY

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
END = NOW + timedelta(hours=8)


def token(key: str = KEY, alert: int = 17, person: str = "ada") -> str:
    return signed_link("https://page.example/", alert, person, key, END).rpartition("/")[2]


def test_a_link_says_what_it_was_made_for() -> None:
    assert read_link(token(), KEY, NOW) == Link(17, "ada", END)
    assert signed_link("https://page.example/", 1, "a", KEY, END).startswith(
        "https://page.example/link/"
    )


def test_a_name_in_any_script_comes_back_as_it_was() -> None:
    assert read_link(token(person="Zoë Ωmega 李"), KEY, NOW).person == "Zoë Ωmega 李"


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_link_with_one_character_changed_opens_nothing(place: int) -> None:
    letters = list(token())
    letters[place] = "A" if letters[place] != "A" else "B"
    with pytest.raises(LinkError, match="not whole"):
        read_link("".join(letters), KEY, NOW)


def test_the_signature_of_one_link_does_not_fit_another() -> None:
    signature = token().rpartition(".")[2]
    payload = token(alert=18).rpartition(".")[0]
    with pytest.raises(LinkError):
        read_link(f"{payload}.{signature}", KEY, NOW)


def test_a_link_signed_with_another_key_opens_nothing() -> None:
    with pytest.raises(LinkError):
        read_link(token(key="another key that is long enough too"), KEY, NOW)


def test_a_link_ends_at_its_time_and_not_before() -> None:
    assert read_link(token(), KEY, END - timedelta(seconds=1))
    with pytest.raises(LinkError, match="ended at 2026-11-22 11:00 UTC"):
        read_link(token(), KEY, END)


def test_an_end_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        signed_link("https://page.example", 1, "ada", KEY, datetime(2026, 1, 1))  # noqa: DTZ001
