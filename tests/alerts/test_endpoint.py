"""Endpoints and secrets, as users give them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from alerts.endpoint import EndpointError, parse_endpoints
from alerts.secret import SecretError, new_secret, read_signer, signer


def test_a_url_becomes_an_endpoint_named_after_scheme_and_host() -> None:
    (endpoint,) = parse_endpoints(["https://ada:p%40ss@on-call.example:8443/hook?key=abc"])
    assert endpoint.name == "https://on-call.example:8443"
    assert (endpoint.tls, endpoint.host, endpoint.port) == (True, "on-call.example", 8443)
    assert endpoint.target == "/hook?key=abc"
    assert endpoint.authorization == "Basic " + base64.b64encode(b"ada:p@ss").decode()
    assert "hook" not in repr(endpoint)
    assert "Basic" not in repr(endpoint)


def test_two_paths_of_one_host_are_told_apart_by_names_of_their_own() -> None:
    urls = ["https://on-call.example/a", "https://on-call.example/b"]
    with pytest.raises(EndpointError, match=r"endpoint 2: is called https://on-call\.example like"):
        parse_endpoints(urls)
    names = [e.name for e in parse_endpoints([f"day={urls[0]}", f"night={urls[1]}"])]
    assert names == ["day", "night"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://[::1]:8080/", "http://localhost/", "http://127.9.9.9"]
)
def test_plain_http_is_taken_for_this_machine(url: str) -> None:
    assert not parse_endpoints([url])[0].tls


def test_plain_http_to_the_network_must_be_allowed() -> None:
    with pytest.raises(EndpointError, match="use https, or allow http"):
        parse_endpoints(["http://on-call.example/"])
    assert parse_endpoints(["http://on-call.example/"], allow_http=True)[0].port == 80


def test_all_bad_endpoints_are_told_at_once_and_none_is_repeated() -> None:
    bad = [
        "on-call.example/s3cret",
        "ftp://u:s3cret@on-call.example/",
        "https://on-call.example:s3cret/",
        "https://on-call.example/s3cret with space",
        "https://on-call.example/\ns3cret",
        "https://[s3cret/",
        "https://on-call..s3cret/",
        "",
    ]
    with pytest.raises(EndpointError) as caught:
        parse_endpoints(bad)
    text = str(caught.value)
    for number in range(1, len(bad) + 1):
        assert f"endpoint {number}: " in text
    assert "s3cret" not in text


def test_a_new_secret_is_one_that_we_take() -> None:
    signer(new_secret())
    assert new_secret() != new_secret()


def test_the_file_goes_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "whsec.txt"
    file.write_text(new_secret() + "\n")
    environment = {"JELLYROLL_WEBHOOK_SECRET": "whsec_bad"}
    read_signer(file, environment)
    with pytest.raises(SecretError, match="JELLYROLL_WEBHOOK_SECRET"):
        read_signer(None, environment)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (base64.b64encode(bytes(32)), "begins with whsec_"),
        (b"whsec_" + base64.b64encode(bytes(23)), "has 23 bytes, not 24 to 64"),
        (b"whsec_" + base64.b64encode(bytes(65)), "has 65 bytes, not 24 to 64"),
        (b"whsec_", "has 0 bytes"),
        (b"whsec_" + 4 * b"s3cretAA" + b"!", "is not base64"),
        (b"whsec_s3cret\xff", "holds no secret but other data"),
    ],
)
def test_a_bad_secret_is_refused_and_not_shown(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "whsec.txt"
    file.write_bytes(content)
    with pytest.raises(SecretError, match=reason) as caught:
        read_signer(file, {})
    assert str(file) in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_no_secret_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="jellyroll alerts secret"):
        read_signer(None, {})
    with pytest.raises(SecretError, match="cannot be read"):
        read_signer(tmp_path / "missing", {})
