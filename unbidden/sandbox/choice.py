"""Which machines there are for the shell surface, and what Inspect is told of them."""

from collections.abc import Sequence

from inspect_ai.util import SandboxEnvironmentSpec

from unbidden.sandbox import containers
from unbidden.vocabulary import SandboxName

EMBEDDED: SandboxName = "embedded"
"""A bash interpreter in a child process: needs nothing but the package."""


def sandbox_spec(name: SandboxName, hostname: str, home: str, roots: Sequence[str]) -> SandboxEnvironmentSpec:
    """What Inspect is told of a machine.

    Our own machines are furnished when they are connected with their world. A container's folders must be known
    before it starts.

    Args:
        name: What kind of machine.
        hostname: What it calls itself.
        home: The agent's home on it.
        roots: The folders of the world's files.
    """
    match name:
        case "docker":
            return containers.docker(hostname, home, roots)
        case "k8s":
            return containers.k8s(home, roots)
        case _:
            return SandboxEnvironmentSpec(name)
