"""The files that Grafana is provisioned from, and whether the committed ones are current."""

from __future__ import annotations

from pathlib import Path

from dashboards.boards import boards
from dashboards.names import PLUGIN, SOURCE_UID
from dashboards.panels import text_of
from dashboards.watchdog import text_of_rules
from plant.model import Plant

HERE = Path(__file__).parent

_GENERATED = "# Written by `jellyroll dashboards build`; change dashboards/publish.py instead.\n"

_SOURCES = f"""\
{_GENERATED}
# Grafana fills in the variables from its environment.
apiVersion: 1
prune: true
datasources:
  - name: Jellyroll
    uid: {SOURCE_UID}
    type: {PLUGIN}
    access: proxy
    url: $JELLYROLL_GRAFANA_DATABASE_HOST
    user: grafana_reader
    isDefault: true
    editable: false
    jsonData:
      # Not at the top level, where Grafana before 12.2 had it.
      database: $JELLYROLL_GRAFANA_DATABASE_NAME
      sslmode: $JELLYROLL_GRAFANA_DATABASE_SSLMODE
      postgresVersion: 1500
      timescaledb: true
      timeInterval: 1s
      maxOpenConns: 10
      maxIdleConnsAuto: true
      connMaxLifetime: 14400
    secureJsonData:
      password: $JELLYROLL_GRAFANA_PASSWORD
"""

_PROVIDERS = f"""\
{_GENERATED}
apiVersion: 1
providers:
  - name: jellyroll
    type: file
    folder: Jellyroll
    folderUid: jellyroll
    disableDeletion: false
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /etc/grafana/dashboards/jellyroll
"""


def files(plant: Plant) -> dict[str, str]:
    """Return every file by its path below the folder `dashboards`: the same text each time."""
    made = boards(plant)
    return {
        "provisioning/alerting/jellyroll.yaml": f"{_GENERATED}\n{text_of_rules(made, SOURCE_UID)}",
        "provisioning/datasources/jellyroll.yaml": _SOURCES,
        "provisioning/dashboards/jellyroll.yaml": _PROVIDERS,
        **{f"generated/{board.uid}.json": text_of(board) for board in made},
    }


def build(plant: Plant, folder: Path = HERE) -> list[Path]:
    """Write what is not current, remove boards that are no more; return the paths of both."""
    changed = stale(plant, folder)
    texts = files(plant)
    for path in changed:
        text = texts.get(path.relative_to(folder).as_posix())
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return changed


def stale(plant: Plant, folder: Path = HERE) -> list[Path]:
    """Return the files in *folder* that differ from what would be built, or should not be there."""
    texts = files(plant)
    wanted = {folder / name: text.encode() for name, text in texts.items()}
    extra = set(folder.glob("generated/*.json")) - set(wanted)
    differing = (
        path
        for path, content in wanted.items()
        if not path.is_file() or path.read_bytes() != content
    )
    return sorted([*differing, *extra])
