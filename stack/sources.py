"""Debian mirrors, as this machine's own apt sources name them.

The private packages come from the mirror the machine already uses: a plant's network often
reaches no other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR_VARIABLE = "JELLYROLL_DEBIAN_MIRROR"

# A source whose suite is none of these (Ubuntu's `noble`, PGDG's `bookworm-pgdg`,
# `bookworm-security`) is not the main Debian archive.
_RELEASES = ("bullseye", "bookworm", "trixie", "forky", "duke", "sid")
_STAGES = ("oldoldstable", "oldstable", "stable", "testing", "unstable")
_DEBIAN_SUITES = frozenset((*_RELEASES, *_STAGES))
_UNUSABLE_SCHEMES = ("cdrom:", "file:", "copy:")


@dataclass(frozen=True, kw_only=True)
class Source:
    """One active `deb` source; *signed_by* is "" when it does not name its key."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""

    def may_be_debian(self) -> bool:
        """Tell whether this can be the main Debian archive; the signature decides in the end."""
        if self.uri.startswith(_UNUSABLE_SCHEMES) or "main" not in self.components:
            return False
        if self.signed_by and not self.is_signed_by_debian():
            return False
        return any(suite in _DEBIAN_SUITES for suite in self.suites)

    def is_signed_by_debian(self) -> bool:
        """Tell whether the source names a key file of Debian's own."""
        return "debian-archive" in self.signed_by


def mirrors(apt: Path = Path("/etc/apt")) -> list[str]:
    """Return the addresses of Debian mirrors, the surest first.

    `JELLYROLL_DEBIAN_MIRROR`, when it is set, is the only one.

    Raise `StackError` when there is none, as on Ubuntu.
    """
    chosen = os.environ.get(MIRROR_VARIABLE)
    if chosen:
        return [chosen.rstrip("/")]
    candidates = [source for source in read_sources(apt) if source.may_be_debian()]
    candidates.sort(key=lambda source: not source.is_signed_by_debian())
    if not candidates:
        raise StackError(
            f"No Debian mirror is named in {apt}, and the private servers are Debian packages.",
            "On Ubuntu or another system, do one of these: use `docker compose up`; or install "
            "mosquitto and a PostgreSQL with TimescaleDB, they are used as they are; or install "
            f"the package debian-archive-keyring and set {MIRROR_VARIABLE} to the address of a "
            "Debian mirror (the part before /dists).",
        )
    return list(dict.fromkeys(source.uri.rstrip("/") for source in candidates))


def read_sources(apt: Path = Path("/etc/apt")) -> list[Source]:
    """Read every active source under *apt*, in apt's order; unreadable files are left out."""
    found = [source for text in _texts([apt / "sources.list"]) for source in parse_list(text)]
    for path in sorted((apt / "sources.list.d").glob("*")):
        if path.suffix == ".list":
            found += [source for text in _texts([path]) for source in parse_list(text)]
        elif path.suffix == ".sources":
            found += [source for text in _texts([path]) for source in parse_deb822(text)]
    return found


def parse_list(text: str) -> list[Source]:
    """Read the one-line form, `deb [signed-by=…] address suite component…`."""
    found = []
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if not words or words[0] != "deb":
            continue
        options, words = _split_options(words[1:])
        if len(words) >= 2:
            found.append(
                Source(
                    uri=words[0],
                    suites=(words[1],),
                    components=tuple(words[2:]),
                    signed_by=options.get("signed-by", ""),
                ),
            )
    return found


def parse_deb822(text: str) -> list[Source]:
    """Read the paragraph form of `.sources` files; each address of a paragraph is a source."""
    found = []
    for fields in _paragraphs(text):
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in (
            "no",
            "false",
            "0",
        ):
            continue
        found += [
            Source(
                uri=uri,
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", ""),
            )
            for uri in fields.get("uris", "").split()
        ]
    return found


def _texts(paths: list[Path]) -> list[str]:
    texts = []
    for path in paths:
        try:
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    return texts


def _split_options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    # The options stand in brackets that may, but need not, touch their neighbours: `[arch=amd64
    # signed-by=/x]`, `[ arch=amd64 ]`.
    if not words or not words[0].startswith("["):
        return {}, words
    joined = " ".join(words)
    inside, _, rest = joined[1:].partition("]")
    options = dict(word.partition("=")[::2] for word in inside.split())
    return {name.lower(): value for name, value in options.items()}, rest.split()


def _paragraphs(text: str) -> list[dict[str, str]]:
    paragraphs: list[dict[str, str]] = [{}]
    name = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.strip():
            paragraphs.append({})
            name = ""
        elif line[0].isspace():
            if name:
                paragraphs[-1][name] += "\n" + line.strip()
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            paragraphs[-1][name] = value.strip()
    return [fields for fields in paragraphs if fields]
