"""Containers as machines: what Docker and Kubernetes are told, closed on every side."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from inspect_ai.util import ComposeConfig, ComposeService, SandboxEnvironmentSpec
from platformdirs import user_cache_path

from unbidden.errors import BadInputError

IMAGE = "python:3.12-slim-bookworm"
"""Any image with bash and Python 3 will do."""

USER = 1000
SCRATCH = ("/tmp", "/var/tmp")  # noqa: S108 - the machine's own
MEMORY, DISK, PROCESSES = "1g", "256m", 256


def docker(hostname: str, home: str, roots: Sequence[str]) -> SandboxEnvironmentSpec:
    """One container without any network, for an ordinary user, with limits; only its own folders can be written.

    Args:
        hostname: What the machine calls itself.
        home: The user's home.
        roots: The folders of the world's files.
    """
    options = f"uid={USER},gid={USER},mode=755,size={DISK},exec"
    service = ComposeService(
        image=IMAGE,
        command=["sleep", "infinity"],
        init=True,
        hostname=hostname,
        user=f"{USER}:{USER}",
        working_dir=home,
        environment={"HOME": home, "LANG": "C.UTF-8"},
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        tmpfs=[f"{folder}:{options}" for folder in (home, *SCRATCH, *roots)],
        mem_limit=MEMORY,
        memswap_limit=MEMORY,
        pids_limit=PROCESSES,
        cpus=1.0,
        ulimits={"core": 0, "nofile": 1024},
        stop_grace_period="1s",
    )
    return SandboxEnvironmentSpec("docker", ComposeConfig(services={"default": service}))


def k8s(home: str, roots: Sequence[str]) -> SandboxEnvironmentSpec:
    """One pod that may reach nothing, for an ordinary user, with limits.

    Raises:
        BadInputError: The extension that runs pods is not installed.
    """
    try:
        extension = import_module("k8s_sandbox")
    except ImportError:
        fix = "Install the extra: pip install 'unbidden[k8s]'"
        raise BadInputError("the sandbox 'k8s' is not installed", fix=fix) from None
    config: Any = extension.K8sSandboxEnvironmentConfig
    return SandboxEnvironmentSpec("k8s", config(values=_written(k8s_values(home, roots))))


def k8s_values(home: str, roots: Sequence[str]) -> dict[str, Any]:
    """Values for the agent-env chart. Nothing is allowed out, which the chart turns into a policy that denies all."""
    folders = {f"folder{number}": folder for number, folder in enumerate((home, *SCRATCH, *roots))}
    default = {
        "image": IMAGE,
        "command": ["sleep", "infinity"],
        "workingDir": home,
        "env": [{"name": "HOME", "value": home}, {"name": "LANG", "value": "C.UTF-8"}],
        "networkIsolated": True,
        "securityContext": {
            "runAsUser": USER,
            "runAsGroup": USER,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "resources": {
            "requests": {"memory": "128Mi", "cpu": "100m"},
            "limits": {"memory": "1Gi", "cpu": "1", "ephemeral-storage": "1Gi"},
        },
        "volumes": [{"name": name, "emptyDir": {"sizeLimit": "256Mi"}} for name in folders],
        "volumeMounts": [{"name": name, "mountPath": folder} for name, folder in folders.items()],
    }
    closed: dict[str, Any] = {"allowDomains": [], "allowCIDR": [], "allowEntities": []}
    return closed | {"networkPolicy": {"enabled": True}, "services": {"default": default}}


def _written(values: Mapping[str, Any]) -> Path:
    """The values as a file, as Helm wants them; named by its content, so that it is written once."""
    text = yaml.safe_dump(dict(values), sort_keys=True)
    path = (
        user_cache_path("unbidden", ensure_exists=True)
        / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml"
    )
    path.write_text(text, encoding="utf-8")
    return path
