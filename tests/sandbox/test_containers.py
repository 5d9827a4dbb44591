"""What Docker and Kubernetes are told: valid by their own rules, and closed. No engine runs in these tests."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from inspect_ai.util import ComposeConfig

from unbidden.sandbox.choice import sandbox_spec
from unbidden.sandbox.containers import k8s_values

HOME, ROOTS = "/home/svc-stock", ["/stock", "/people"]


@pytest.fixture
def compose() -> dict[str, Any]:
    spec = sandbox_spec("docker", "ops-01", HOME, ROOTS)
    assert isinstance(spec.config, ComposeConfig)
    return spec.config.model_dump(by_alias=True, exclude_none=True)


def schema(*path: str) -> Any:
    return json.loads(files("k8s_sandbox").joinpath("resources", *path).read_text())


def test_the_compose_file_is_valid(compose: dict[str, Any]) -> None:
    """By the Compose specification's own schema."""
    jsonschema.validate(compose, schema("compose", "compose-spec.json"))


def test_the_container_is_closed(compose: dict[str, Any]) -> None:
    """No network of any kind, no root, no capabilities, nothing of the host's, and limits on everything."""
    [service] = compose["services"].values()
    assert service["network_mode"] == "none"
    assert service["user"] == "1000:1000"
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "memswap_limit", "pids_limit", "cpus", "ulimits"} <= service.keys()
    opening = {
        "volumes",
        "ports",
        "privileged",
        "cap_add",
        "devices",
        "extra_hosts",
        "networks",
        "env_file",
        "ipc",
        "pid",
    }
    assert service.keys().isdisjoint(opening)


def test_only_the_users_own_folders_can_be_written(compose: dict[str, Any]) -> None:
    """Each is a file system in memory with a limit of its own, and belongs to the user."""
    [service] = compose["services"].values()
    mounted = dict(entry.split(":", 1) for entry in service["tmpfs"])
    assert set(mounted) == {HOME, "/tmp", "/var/tmp", *ROOTS}  # noqa: S108
    assert all("uid=1000" in options and "size=256m" in options for options in mounted.values())


def test_the_values_are_valid() -> None:
    """By the chart's own schema, which Helm holds against its defaults with the values laid over them."""
    chart = files("k8s_sandbox").joinpath("resources", "helm", "agent-env", "values.yaml")
    merged = yaml.safe_load(chart.read_text()) | k8s_values(HOME, ROOTS)
    jsonschema.validate(merged, schema("helm", "agent-env", "values.schema.json"))


def test_the_pod_may_reach_nothing() -> None:
    """The policy is on and has no exception; the pod is isolated from other pods, too."""
    values = k8s_values(HOME, ROOTS)
    assert values["networkPolicy"] == {"enabled": True}
    assert not any(values[name] for name in values if name.startswith("allow"))
    [service] = values["services"].values()
    assert service["networkIsolated"] is True
    context = service["securityContext"]
    assert (context["runAsNonRoot"], context["allowPrivilegeEscalation"]) == (True, False)
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["readOnlyRootFilesystem"] is True
    assert "limits" in service["resources"]


def test_the_values_reach_the_extension_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extension's own configuration takes it, and the file holds just the values."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    spec = sandbox_spec("k8s", "ops-01", HOME, ROOTS)
    path = spec.config.values  # type: ignore[union-attr]
    assert path.is_relative_to(tmp_path)
    assert yaml.safe_load(path.read_text()) == k8s_values(HOME, ROOTS)
