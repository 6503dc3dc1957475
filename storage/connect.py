"""Connections to the database, and which edition of TimescaleDB it runs."""

from __future__ import annotations

import enum

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

Connection = psycopg.Connection[TupleRow]

#: A peer that vanished without a word is noticed within half a minute; in seconds but the last.
_KEEPALIVES = (
    "keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3"
    " tcp_user_timeout=20000"
)
#: The same on the server's side, which would keep a lost client's locks for two hours.
_SERVER_KEEPALIVES = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=20000"
)


class Edition(enum.Enum):
    """Which features TimescaleDB has: the value is the setting `timescaledb.license`."""

    APACHE = "apache"
    COMMUNITY = "timescale"


def connect(dsn: str, *, application: str, autocommit: bool = False) -> Connection:
    """Return a connection whose session speaks UTC.

    *application* is the name under which the server lists it. Raise `psycopg.OperationalError`
    if the server cannot be reached within 5 seconds.
    """
    return psycopg.connect(conninfo(dsn, application=application), autocommit=autocommit)


def conninfo(dsn: str, *, application: str) -> str:
    """Return what `connect` connects with, for a pool."""
    return make_conninfo(
        f"{_KEEPALIVES} connect_timeout=5",
        **conninfo_to_dict(dsn)
        | {"application_name": application, "options": f"-c timezone=UTC {_SERVER_KEEPALIVES}"},
    )


def edition(connection: Connection) -> Edition:
    """Return the edition; the extension must be loaded."""
    row = connection.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
    return Edition.COMMUNITY if row and row[0] == "timescale" else Edition.APACHE
