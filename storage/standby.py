"""A service on a database: it outlives the database, and stands by where one is enough."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg

from storage.connect import Connection

log = logging.getLogger("jellyroll.storage")

_MAX_PAUSE_S = 5.0


def serve(
    attached: Callable[[], AbstractContextManager[Connection | None]],
    work: Callable[[Connection], None],
    stop: threading.Event,
    *,
    taken: str = "",
) -> None:
    """Do *work*, which returns on *stop*, on each connection of *attached* until *stop*.

    *attached* gives None while another service has the work, and *taken* says so in the log. While
    the database is away it is tried again, at most 5 seconds apart.
    """
    pause_s, trouble = 0.1, ""
    while not stop.is_set():
        reason = ""
        try:
            with attached() as connection:
                if connection is None:
                    reason = f"{taken}; standing by"
                else:
                    if trouble:
                        log.info("at work again")
                    pause_s, trouble = 0.1, ""
                    work(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            reason = f"the database is away ({str(error).splitlines()[0]}); trying again"
        if reason and not trouble:
            log.warning("%s", reason)
        trouble = reason
        stop.wait(pause_s)
        pause_s = min(2 * pause_s, _MAX_PAUSE_S)
