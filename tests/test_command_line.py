"""The command line as a user meets it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import jellyroll

runner = CliRunner()


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, however deep."""
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = list(commands(typer.main.get_command(jellyroll.app)))


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jellyroll", *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_every_room_has_its_commands() -> None:
    assert {words[0] for words, _ in ALL} == set(jellyroll.COMMANDS)


@pytest.mark.parametrize("words", [words for words, _ in ALL], ids=" ".join)
def test_each_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    shown = runner.invoke(jellyroll.app, [*words, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert "jellyroll " + " ".join(words) in " ".join(shown.output.split())


def test_an_unknown_command_is_refused() -> None:
    done = run("brew")
    assert done.returncode == 2
    assert "No such command 'brew'" in done.stderr


def test_a_bad_plant_file_is_a_sentence_and_no_traceback() -> None:
    done = run("migrate", "--plant", "no-such.toml", "--database", "postgresql://127.0.0.1:9/x")
    assert done.returncode == 1
    assert "no-such.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_line_starts_without_the_heavy_rooms() -> None:
    """`jellyroll ingest` must not pay for scikit-learn, in time or in memory."""
    program = "import sys, ingest.commands; print('sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
