"""jellyroll dashboards."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import typer

app = typer.Typer(no_args_is_help=True, help="Grafana dashboards as code.")


@app.command()
def build() -> None:
    """Write the dashboards and the provisioning files that Grafana loads.

    Example: jellyroll dashboards build
    """
    changed = _publish().build()
    for path in changed:
        typer.echo(f"+ {_shown(path)}")
    typer.echo(f"{len(changed)} files written" if changed else "nothing to do")


@app.command()
def check() -> None:
    """Tell whether the files are what `build` would write; exit code 1 if not.

    Example: jellyroll dashboards check
    """
    changed = _publish().stale()
    for path in changed:
        typer.echo(f"not current: {_shown(path)}", err=True)
    if changed:
        typer.echo("Run `jellyroll dashboards build` and commit what it writes.", err=True)
        raise typer.Exit(1)
    typer.echo("all files are current")


def _publish() -> ModuleType:
    """Return dashboards.publish; without its library, say how to get it and exit with code 2."""
    try:
        from dashboards import publish  # noqa: PLC0415 - only these commands need the library
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("grafana_foundation_sdk"):
            raise
        typer.echo(
            "Building dashboards needs the Grafana Foundation SDK: pip install"
            " 'jellyroll[dashboards]'. Grafana itself only needs the files that are there already.",
            err=True,
        )
        raise typer.Exit(2) from error
    return publish


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
