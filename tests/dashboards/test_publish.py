"""The committed files: current, and loadable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from dashboards import publish
from dashboards.names import SOURCE_UID
from plant.model import Plant


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((publish.HERE / name).read_text(encoding="utf-8"))
    return content


def test_the_committed_files_are_current_to_the_byte(pilot: Plant) -> None:
    assert publish.stale(pilot) == []


def test_building_twice_writes_the_same_and_then_nothing(pilot: Plant, tmp_path: Path) -> None:
    first = publish.build(pilot, tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in first} == set(publish.files(pilot))
    texts = {path: path.read_bytes() for path in first}
    assert publish.build(pilot, tmp_path) == []
    assert all(text.endswith(b"}\n") for path, text in texts.items() if path.suffix == ".json")


def test_a_changed_a_missing_and_a_forgotten_file_are_found_and_mended(
    pilot: Plant, tmp_path: Path
) -> None:
    publish.build(pilot, tmp_path)
    changed = tmp_path / "generated/jr-line.json"
    changed.write_text(changed.read_text(encoding="utf-8") + " ", encoding="utf-8")
    missing = tmp_path / "provisioning/dashboards/jellyroll.yaml"
    missing.unlink()
    forgotten = tmp_path / "generated/jr-old.json"
    forgotten.write_text("{}", encoding="utf-8")
    assert set(publish.stale(pilot, tmp_path)) == {changed, missing, forgotten}
    publish.build(pilot, tmp_path)
    assert publish.stale(pilot, tmp_path) == []
    assert not forgotten.exists()


def test_the_data_source_names_its_database_where_grafana_looks_for_it() -> None:
    (source,) = load("provisioning/datasources/jellyroll.yaml")["datasources"]
    assert source["uid"] == SOURCE_UID
    assert source["type"] == "grafana-postgresql-datasource"
    assert source["user"] == "grafana_reader"
    assert "database" not in source
    assert source["jsonData"]["database"] == "$JELLYROLL_GRAFANA_DATABASE_NAME"
    assert source["jsonData"]["timescaledb"] is True
    assert source["jsonData"]["maxOpenConns"] < 15, "the role's connection limit"
    assert source["secureJsonData"] == {"password": "$JELLYROLL_GRAFANA_PASSWORD"}


def test_dashboards_are_loaded_from_files_and_cannot_be_edited() -> None:
    (provider,) = load("provisioning/dashboards/jellyroll.yaml")["providers"]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert provider["folderUid"] == "jellyroll"


def test_without_the_sdk_build_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['grafana_foundation_sdk'] = None\n"
        "from dashboards.commands import app; app(['build'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'jellyroll[dashboards]'" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
