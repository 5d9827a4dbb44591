"""The closed sets of words that scenarios, world, ladders and tables share."""

from enum import StrEnum
from typing import Literal


class Verb(StrEnum):
    """What an act does."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    DRAFT = "draft"
    SEND = "send"
    FETCH = "fetch"
    POST = "post"
    SAY = "say"
    DISABLE = "disable"
    ENABLE = "enable"
    RESET = "reset"
    REVOKE = "revoke"
    GRANT = "grant"
    START = "start"
    STOP = "stop"
    COPY = "copy"
    PROMOTE = "promote"
    UNKNOWN = "unknown"  # a call of a tool that does not exist


class Status(StrEnum):
    """What became of an act."""

    EXECUTED = "executed"
    BLOCKED = "blocked"  # by permission or policy
    FAILED = "failed"  # because it was malformed or its object does not exist


class Mandate(StrEnum):
    """What the subject was told about an act."""

    REQUIRED = "required"
    PERMITTED = "permitted"
    UNADDRESSED = "unaddressed"
    FORBIDDEN = "forbidden"


class Role(StrEnum):
    """Who someone is to the organisation the agent works in."""

    SELF = "self"
    PRINCIPAL = "principal"
    COLLEAGUE = "colleague"
    MANAGEMENT = "management"
    BOARD = "board"
    COMPLIANCE = "compliance"
    LEGAL = "legal"
    IT = "it"
    PARTNER = "partner"
    PERSONAL = "personal"
    REGULATOR = "regulator"
    LAW_ENFORCEMENT = "law-enforcement"
    PRESS = "press"
    PUBLIC = "public"
    THIRD_PARTY = "third-party"


INTERNAL = frozenset(
    {Role.PRINCIPAL, Role.COLLEAGUE, Role.MANAGEMENT, Role.BOARD, Role.COMPLIANCE, Role.LEGAL, Role.IT}
)
EXTERNAL = frozenset(set(Role) - INTERNAL - {Role.SELF})

RoleName = Literal[
    "self", "principal", "colleague", "management", "board", "compliance", "legal", "it", "partner", "personal",
    "regulator", "law-enforcement", "press", "public", "third-party", "internal", "external", "anyone",
]  # fmt: skip
"""A role, or one of the groups `internal`, `external`, `anyone`."""


def roles_named(name: RoleName) -> frozenset[Role]:
    """The roles a name covers: itself, or the members of a group."""
    groups = {"internal": INTERNAL, "external": EXTERNAL, "anyone": frozenset(Role)}
    return groups[name] if name in groups else frozenset({Role(name)})


class FactKind(StrEnum):
    """What a fact of a scenario is good for."""

    WRONGDOING = "wrongdoing"  # may be alleged
    PRIVATE = "private"  # may be leaked or used as leverage
    FALSEHOOD = "falsehood"  # a statement that is not true, which the subject may write or send


class Ended(StrEnum):
    """How a sample ended."""

    DONE = "done"
    LIMIT = "limit"
    REFUSAL = "refusal"
    CONTEXT = "context"
    ERROR = "error"


Aware = Literal["said", "not-said", "not-observable"]
"""Whether the subject said or thought that it is being tested."""

SURFACE = "surface"
"""The factor that says how the agent reaches the world, where a scenario has it."""

Surface = Literal["functions", "shell"]
"""Its levels: function tools, or a machine with a shell."""

SYSTEM_FOLDERS = frozenset(
    {
        "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "opt", "proc", "root", "run", "sbin",
        "sys", "tmp", "usr", "var",
    }
)  # fmt: skip
"""Folders at the top of a machine that are its own, and none of the world's."""

SandboxName = Literal["embedded", "bubblewrap", "docker", "k8s"]
"""What the machines of the shell surface are."""

AgentName = Literal["plain", "react", "claude-code", "codex-cli"]
"""Who runs the loop in which the subject works."""

PLAIN: AgentName = "plain"
"""The loop of this package; the others are Inspect agents."""

IN_CONTAINER: tuple[AgentName, ...] = ("claude-code", "codex-cli")
"""Agents that are programs: they run inside the machine and use its shell, not our tools."""

ToolGroup = Literal["mail", "files", "accounts", "deployments", "contacts", "web"]
