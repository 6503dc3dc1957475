from __future__ import annotations

from pathlib import Path

import pytest

from stack.errors import StackError
from stack.sources import Source, mirrors, parse_deb822, parse_list

ONE_LINE = """
# deb http://mirror.example/old bookworm main
deb http://mirror.example/debian bookworm main contrib  # the archive
deb-src http://mirror.example/debian bookworm main
deb [ arch=amd64 signed-by=/etc/apt/keyrings/other.gpg ] https://other.example/debian bookworm main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]http://near.example/d/ trixie main
"""

PARAGRAPHS = """\
# The archive
Types: deb deb-src
URIs: http://mirror.example/debian
  http://near.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no
"""


def test_one_line_sources_are_read_with_and_without_options() -> None:
    found = parse_list(ONE_LINE)
    assert [source.uri for source in found] == [
        "http://mirror.example/debian",
        "https://other.example/debian",
        "http://near.example/d/",
    ]
    assert found[0].components == ("main", "contrib")
    assert found[1].signed_by == "/etc/apt/keyrings/other.gpg"
    assert found[2].suites == ("trixie",)


def test_paragraphs_give_a_source_for_each_address_and_skip_what_is_switched_off() -> None:
    found = parse_deb822(PARAGRAPHS)
    assert [source.uri for source in found] == [
        "http://mirror.example/debian",
        "http://near.example/debian",
        "http://mirror.example/debian-security",
    ]
    assert found[0].suites == ("bookworm", "bookworm-updates")
    assert found[0].is_signed_by_debian()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Source(uri="http://m.example/debian", suites=("trixie",), components=("main",)), True),
        # security updates live in an archive of their own
        (
            Source(uri="http://m.example/s", suites=("trixie-security",), components=("main",)),
            False,
        ),
        # PostgreSQL's own packages
        (Source(uri="http://m.example/p", suites=("trixie-pgdg",), components=("main",)), False),
        # Ubuntu
        (Source(uri="http://m.example/ubuntu", suites=("noble",), components=("main",)), False),
        # Docker's packages: Debian's suite, but not Debian's component
        (Source(uri="http://m.example/d", suites=("trixie",), components=("stable",)), False),
        (Source(uri="cdrom:[Debian]/", suites=("trixie",), components=("main",)), False),
        # a vendor that calls its suite like Debian's, and signs with a key of its own
        (
            Source(
                uri="http://v.example/debian",
                suites=("trixie",),
                components=("main",),
                signed_by="/usr/share/keyrings/vendor.gpg",
            ),
            False,
        ),
    ],
)
def test_only_the_main_archive_may_be_debian(source: Source, *, expected: bool) -> None:
    assert source.may_be_debian() is expected


def test_mirrors_come_from_both_forms_and_debians_own_key_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JELLYROLL_DEBIAN_MIRROR", raising=False)
    (tmp_path / "sources.list").write_text("deb http://plain.example/debian trixie main\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(PARAGRAPHS)
    (tmp_path / "sources.list.d/vendor.list.save").write_text("deb http://no.example trixie main\n")
    assert mirrors(tmp_path) == [
        "http://mirror.example/debian",
        "http://near.example/debian",
        "http://plain.example/debian",
    ]


def test_on_ubuntu_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JELLYROLL_DEBIAN_MIRROR", raising=False)
    (tmp_path / "sources.list").write_text("deb http://mirror.example/ubuntu noble main universe\n")
    with pytest.raises(StackError, match="docker compose up") as caught:
        mirrors(tmp_path)
    assert "JELLYROLL_DEBIAN_MIRROR" in caught.value.advice


def test_a_named_mirror_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JELLYROLL_DEBIAN_MIRROR", "http://named.example/debian/")
    assert mirrors(tmp_path) == ["http://named.example/debian"]
