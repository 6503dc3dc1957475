"""The service as a process of its own that tries again a hundred times as soon: to be killed.

python -m tests.alerts.quick_service DATABASE URL...
"""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import replace

from alerts.backoff import BackOff
from alerts.config import config_of
from alerts.config_file import Rules
from alerts.endpoint import parse_endpoints
from alerts.secret import signer
from alerts.service import run
from plant.load import PILOT, load_plant
from tests.alerts.support import SECRET

QUICK = BackOff(first_s=0.02, longest_s=0.1, give_up_s=600.0)


def main(database: str, *urls: str) -> None:
    plant = load_plant(PILOT)
    endpoints = [
        replace(endpoint, timeout_s=0.5)
        for endpoint in parse_endpoints(list(urls), signers=[signer(SECRET)])
    ]
    config = replace(config_of(endpoints, plant), rules=Rules(flood_alerts_per_min=100_000))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(database, plant, config, stop, back_off=QUICK, probe=QUICK)


if __name__ == "__main__":
    main(*sys.argv[1:])
