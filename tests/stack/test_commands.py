from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from stack.commands import app, doctor
from stack.programs import Programs

doctor_app = typer.Typer()
doctor_app.command()(doctor)


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JELLYROLL_DATABASE", raising=False)
    monkeypatch.delenv("JELLYROLL_BROKER", raising=False)


@pytest.fixture
def folder(programs: Programs, stack_folder: Path) -> Iterator[str]:
    place = stack_folder / "commands"
    yield str(place)
    CliRunner().invoke(app, ["down", "--folder", str(place)])


def test_up_status_down(folder: str) -> None:
    runner = CliRunner()
    up = runner.invoke(app, ["up", "--folder", folder])
    assert up.exit_code == 0, up.output
    lines = up.stdout.splitlines()
    assert [line.split("=")[0] for line in lines] == [
        "export JELLYROLL_DATABASE",
        "export JELLYROLL_BROKER",
    ]
    with psycopg.connect(lines[0].partition("=")[2]) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("jellyroll",)

    again = runner.invoke(app, ["up", "--folder", folder, "--json"])
    assert json.loads(again.stdout)["JELLYROLL_BROKER"] == lines[1].partition("=")[2]

    status = runner.invoke(app, ["status", "--folder", folder, "--json"])
    assert status.exit_code == 0
    assert json.loads(status.stdout)["folder"] == folder

    looked = runner.invoke(doctor_app, ["--folder", folder, "--json"])
    assert looked.exit_code == 0, looked.output
    levels = {finding["name"]: finding["level"] for finding in json.loads(looked.stdout)}
    assert levels["queue"] == "ok"
    assert levels["schema"] == "warning"

    down = runner.invoke(app, ["down", "--folder", folder])
    assert down.exit_code == 0
    stopped = runner.invoke(app, ["status", "--folder", folder])
    assert stopped.exit_code == 3
    assert "does not run" in stopped.stdout


def test_install_tells_versions(programs: Programs) -> None:
    result = CliRunner().invoke(app, ["install", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["timescaledb"] == programs.database.timescaledb


def test_doctor_exits_with_1_on_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JELLYROLL_BROKER", "mqtt://127.0.0.1:1")
    result = CliRunner().invoke(doctor_app, ["--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "problem" in result.stdout


def test_down_without_anything_up_is_no_error(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["down", "--folder", str(tmp_path)]).exit_code == 0


@pytest.mark.parametrize("command", ["install", "up", "down", "status"])
def test_each_command_has_help_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.stdout
