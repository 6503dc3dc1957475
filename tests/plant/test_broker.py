"""The broker's URL: read in its forms, refused without repeating a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from plant.broker import BrokerAddress


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("mqtt://broker/", BrokerAddress("broker", 1883)),
        ("mqtt://127.0.0.1:11883", BrokerAddress("127.0.0.1", 11883)),
        ("mqtt://[::1]:1884", BrokerAddress("::1", 1884)),
        ("mqtts://broker", BrokerAddress("broker", 8883, tls=True)),
        ("mqtt://ann:secret@broker", BrokerAddress("broker", 1883, "ann", "secret")),
        (
            "mqtt://ann%40acme:p%23w%2F%3A@broker",
            BrokerAddress("broker", 1883, "ann@acme", "p#w/:"),
        ),
        ("mqtt://ann@broker", BrokerAddress("broker", 1883, "ann")),
        (
            "mqtts://ann:secret@broker:9883?ca=/etc/plant%20ca.pem",
            BrokerAddress(
                "broker", 9883, "ann", "secret", tls=True, ca_file=Path("/etc/plant ca.pem")
            ),
        ),
    ],
)
def test_a_url_is_read_in_each_of_its_forms(url: str, expected: BrokerAddress) -> None:
    assert BrokerAddress.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://ann:topsecret@",
        "mqtt://ann:topsecret@broker:port",
        "mqtt://ann:topsecret@broker:99999",
        "mqtt://ann:topsecret#1@broker",
        "mqtt://ann:topsecret/1@broker",
        "mqtt://ann:topsecret@broker/topic",
        "mqtt://ann:topsecret@[::1",
        "mqtt://ann:topsecret@broker?ca=ca.pem",
        "mqtts://ann:topsecret@broker?ca=",
        "mqtts://ann:topsecret@broker?cafile=ca.pem",
    ],
)
def test_a_wrong_url_is_refused_with_the_right_form_and_no_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"must look like mqtt://host:1883") as caught:
        BrokerAddress.parse(url)
    assert "topsecret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_password_is_not_shown_with_the_address() -> None:
    assert "topsecret" not in repr(BrokerAddress.parse("mqtt://ann:topsecret@broker"))
