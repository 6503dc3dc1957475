"""docker-compose.yml: safe by default, whole, and in step with the command line."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import jellyroll

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)

#: A variable that must be set, with what to say if not.
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
ANY = re.compile(r"(?<!\$)\$\{(\w+)(?::[-?][^}]*)?\}")


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled() -> dict[str, str]:
    return {name: value or f"x{name.lower().replace('_', '')}" for name, value in example().items()}


EMPTY = sorted(name for name, value in example().items() if not value)


def texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in texts(value)]
    return [str(node)]


# --- The file by itself


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OURS)))
def test_every_foreign_image_is_pinned_to_a_release(name: str) -> None:
    assert re.fullmatch(r"[\w/-]+:\d+\.\d+\.\d+(-pg\d+)?", SERVICES[name]["image"])


def test_what_others_wait_for_to_be_healthy_says_whether_it_is() -> None:
    awaited = {
        other
        for service in SERVICES.values()
        for other, wait in service.get("depends_on", {}).items()
        if wait["condition"] == "service_healthy"
    }
    assert awaited == {"mosquitto", "timescaledb", "ingest"}
    assert all(SERVICES[name].get("healthcheck") for name in (*awaited, "grafana", "web"))


def test_whatever_touches_the_schema_waits_for_the_migration() -> None:
    for name in ("ingest", "monitor", "alerts", "web", "grafana"):
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"


def test_no_secret_has_a_value_in_the_file_or_a_default() -> None:
    found = 0
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", name):
                assert REQUIRED.fullmatch(value), name
                found += 1
            # A password inside a URL.
            for password in re.findall(r"://\w+:(.+?)@", str(value)):
                assert REQUIRED.fullmatch(password), name
                found += 1
    assert found >= 12


def test_every_variable_is_in_the_example_and_the_secrets_are_empty_there() -> None:
    used = {name for text in texts(COMPOSE) for name in ANY.findall(text)}
    assert used == set(example())
    required = {name for text in texts(COMPOSE) for name in REQUIRED.findall(text)}
    assert required == set(EMPTY)
    assert {name for name in used if re.search("PASSWORD|SECRET", name)} <= required


def test_the_example_and_the_file_agree_on_defaults() -> None:
    for text in texts(COMPOSE):
        for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", text):
            assert example()[name] == default


def test_no_port_is_open_beyond_this_computer_unless_asked() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 5
    for port in ports:
        assert port.startswith(
            ("127.0.0.1:", "${MQTT_BIND:-127.0.0.1}:", "${MQTT_TLS_BIND:-127.0.0.1}:")
        )


def test_every_file_and_folder_that_is_mounted_exists() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = ANY.sub(lambda m: example()[m[1]], volume.split(":/")[0])
            if source.startswith("."):
                assert (ROOT / source).exists(), f"{name}: {source}"
            else:
                assert source in COMPOSE["volumes"], f"{name}: {source}"


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_no_more_rights_than_they_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ("ports" in service) == (name == "web")


def test_the_page_and_its_links_have_one_key_which_is_a_file() -> None:
    (name,) = COMPOSE["secrets"]
    assert REQUIRED.fullmatch(COMPOSE["secrets"][name]["file"])
    assert SERVICES["web"]["secrets"] == SERVICES["alerts"]["secrets"] == [name]
    assert f"/run/secrets/{name}" in SERVICES["web"]["command"]


def test_services_come_back_and_one_shots_do_not() -> None:
    restarts = {name: service["restart"] for name, service in SERVICES.items()}
    assert {name for name, policy in restarts.items() if policy == "no"} == {"migrate", "simulator"}
    assert set(restarts.values()) == {"no", "unless-stopped"}


def test_the_simulator_runs_only_when_asked_for() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["simulator"]


# --- In step with the rest of the project


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_each_service_has_all_it_needs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = SERVICES[name]
    values = filled() | {"JELLYROLL_ALERT_ENDPOINT": "https://on-call.example/hook"}

    def interpolated(text: str) -> str:
        return ANY.sub(lambda match: values[match[1]], str(text))

    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, interpolated(value))
    # The plant model is where the container will have it.
    assert interpolated(service["environment"]["JELLYROLL_PLANT"]).startswith(
        service["volumes"][0].split(":")[-2]
    )
    arguments = [interpolated(word) for word in service["command"]]
    command: Any = typer.main.get_command(jellyroll.app)
    context = command.make_context("jellyroll", arguments)
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        if not rest:
            break
        found, command, arguments = command.resolve_command(context, rest)
        # Raises a usage error for an unknown option or a missing value.
        context = command.make_context(found, list(arguments), parent=context)
    assert context.args == []


def test_grafana_gets_every_variable_that_its_provisioning_names() -> None:
    folder = ROOT / "dashboards" / "provisioning"
    named = {
        name
        for file in folder.rglob("*.yaml")
        # `$values` and `$labels` of an alert rule are not of the environment.
        for name in re.findall(r"\$([A-Z]\w+)", file.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= set(SERVICES["grafana"]["environment"])


def test_dashboards_are_mounted_where_grafana_looks_for_them() -> None:
    file = ROOT / "dashboards/provisioning/dashboards/jellyroll.yaml"
    (provider,) = yaml.safe_load(file.read_text(encoding="utf-8"))["providers"]
    assert (
        f"./dashboards/generated:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]
    )
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "dashboards/generated" / Path(home).name).exists()


def test_the_image_gets_everything_that_the_wheel_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]
    needed = {name.lstrip("/") for name in wheel} | {"pyproject.toml", "README.md", "LICENSE"}
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == needed
    assert "*" in lines


def test_the_image_has_what_chat_pagers_and_sign_in_need() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"\[(\w[\w,]*)\]\"", text) == ["notify,oidc", "notify,oidc"]


def test_the_image_runs_as_an_ordinary_user_on_a_pinned_python() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    images = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(images) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", image) for image in images)
    last_stage = text.split("FROM")[-1]
    user = re.search(r"^USER (\d+):(\d+)$", last_stage, re.MULTILINE)
    assert user is not None
    assert "0" not in user.groups()
    assert last_stage.index("\nUSER") < last_stage.index("\nENTRYPOINT")


# --- By Docker's own reading


def client() -> list[str]:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker"):
        plugin = ["docker", "compose"]
        if not subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode:
            return plugin
    pytest.skip(
        "no docker-compose and no `docker compose` here; Debian: apt install docker-compose"
    )


def config(folder: Path, values: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    env_file = folder / "env"
    env_file.write_text("".join(f"{k}={v}\n" for k, v in values.items()), encoding="utf-8")
    command = [*client(), "--env-file", str(env_file), *words, "config"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_docker_compose_reads_the_file_when_everything_is_filled_in(tmp_path: Path) -> None:
    done = config(tmp_path, filled(), "--profile", "demo")
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)
    assert set(read["services"]) == set(SERVICES)
    assert "${" not in done.stdout


@pytest.mark.parametrize("name", EMPTY)
def test_docker_compose_refuses_to_start_with_an_empty_secret(tmp_path: Path, name: str) -> None:
    done = config(tmp_path, filled() | {name: ""})
    assert done.returncode != 0
    assert name in done.stderr
    assert "is empty" in done.stderr
