"""Options that the commands of several rooms share, so that they read alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plant.load import PILOT

PlantFile = Annotated[
    Path,
    typer.Option(
        "--plant", envvar="JELLYROLL_PLANT", help="The plant model (TOML).", show_default=False
    ),
]
DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="JELLYROLL_DATABASE",
        help="The database: postgresql://user:password@host:port/name.",
    ),
]
BrokerUrl = Annotated[
    str,
    typer.Option(
        "--broker",
        envvar="JELLYROLL_BROKER",
        help="The MQTT broker: mqtt://host:port, or mqtts:// with TLS; user:password@ before host.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

#: What `--plant` is when neither the option nor the environment says.
DEFAULT_PLANT = PILOT
