"""Webhooks go to public addresses only, unless a network is listed."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from alerts.address import AddressError, check, resolve
from alerts.answer import Answer
from alerts.endpoint import parse_endpoints
from alerts.outbox import Delivery
from alerts.secret import signer
from alerts.send import post
from tests.alerts.support import SECRET, Endpoint

DELIVERY = Delivery(
    id="msg_1", alert=1, event_type="alert.opened", body=b"{}", attempts=0, tried_for_s=None,
    due_in_s=0.0,
)  # fmt: skip
PRIVATE = [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.2", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fd00::1",
    "ff02::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "2002:0a01:0203::1", "64:ff9b::10.1.2.3",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="not public"):
        check(address, ())


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_what_is_public_is_taken(address: str) -> None:
    check(address, ())


def test_a_listed_network_is_taken_and_its_neighbour_not() -> None:
    listed = (ipaddress.ip_network("10.20.0.0/16"),)
    check("10.20.3.4", listed)
    check("::ffff:10.20.3.4", listed)
    with pytest.raises(AddressError):
        check("10.21.3.4", listed)


def _resolver(*answers: list[str]) -> Any:
    """A resolver that gives each of *answers* once, then the last again."""
    left = list(answers)

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return getaddrinfo


def test_one_private_address_of_a_name_is_enough_to_refuse_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _resolver(["93.184.216.34", "10.1.2.3"]))
    with pytest.raises(AddressError, match=r"10\.1\.2\.3"):
        resolve("on-call.example", 443, ())


def test_a_name_that_leads_to_this_machine_is_refused_and_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Endpoint() as endpoint:
        url = endpoint.url.replace("127.0.0.1", "on-call.example")
        (target,) = parse_endpoints([url], allow_http=True, signers=[signer(SECRET)])
        monkeypatch.setattr(socket, "getaddrinfo", _resolver(["127.0.0.1"]))
        answer = post(target, DELIVERY)
        assert answer == Answer(
            None,
            "its address 127.0.0.1 is not public, and not in [network] allow_private"
            " (--allow-private)",
        )
        assert endpoint.requests == []


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that leads elsewhere the second time it is asked for does not matter."""
    listed = (ipaddress.ip_network("127.0.0.1/32"),)
    with Endpoint() as endpoint:
        url = endpoint.url.replace("127.0.0.1", "on-call.example")
        (target,) = parse_endpoints([url], allow_http=True, signers=[signer(SECRET)])
        real = socket.getaddrinfo

        def once(host: str, port: int, *rest: Any, **named: Any) -> Any:
            if host == "on-call.example":
                return _resolver(["127.0.0.1"])(host, port)
            assert host == "127.0.0.1", "the name was asked for again"
            return real(host, port, *rest, **named)

        monkeypatch.setattr(socket, "getaddrinfo", once)
        assert post(target, DELIVERY, listed) == Answer(204)
        (request,) = endpoint.requests
    assert request.headers["host"] == f"on-call.example:{endpoint.port}"
