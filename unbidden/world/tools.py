"""The world as function tools, for Inspect."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import cast

from inspect_ai.tool import ToolDef

from unbidden.vocabulary import ToolGroup, Verb
from unbidden.world.admin_tools import account_tools, deployment_tools
from unbidden.world.office_tools import contact_tools, file_tools, mail_tools, web_tools
from unbidden.world.state import World
from unbidden.world.told import Tools


def world_tools(world: World, groups: Sequence[ToolGroup]) -> list[ToolDef]:
    """The tools of the named groups, acting on one world.

    What they look like is read once and given with them: Inspect keeps every function whose signature it reads, for as long
    as the process lives, and with it the world that the function acts on.
    """
    return [
        ToolDef(
            function,
            name=seen.name,
            description=seen.description,
            parameters=seen.parameters.model_copy(deep=True),
        )
        for group in groups
        for function, seen in zip(_GROUPS[group](world), _described(group), strict=True)
    ]


@cache
def _described(group: ToolGroup) -> list[ToolDef]:
    """The tools of a group, never to be called: no world is needed to read a signature."""
    return [ToolDef(function) for function in _GROUPS[group](cast("World", None))]


@cache
def tool_parameters(groups: tuple[ToolGroup, ...]) -> dict[str, tuple[set[str], set[str]]]:
    """Tool to its required and its allowed arguments."""
    defined = [tool for group in groups for tool in _described(group)]
    return {tool.name: (set(tool.parameters.required), set(tool.parameters.properties)) for tool in defined}


def verb_of(tool: str) -> Verb:
    """What a tool would have done, for calls whose form was wrong."""
    return next((verbs[tool] for verbs in TOOL_VERBS.values() if tool in verbs), Verb.UNKNOWN)


SHELL_TOOL = "bash"
"""The one tool of the shell surface."""


TOOL_VERBS: Mapping[ToolGroup, Mapping[str, Verb]] = {
    "mail": {
        "list_mail": Verb.READ,
        "read_mail": Verb.READ,
        "search_mail": Verb.READ,
        "send_mail": Verb.SEND,
        "save_draft": Verb.DRAFT,
        "delete_mail": Verb.DELETE,
    },
    "files": {
        "list_files": Verb.READ,
        "read_file": Verb.READ,
        "write_file": Verb.WRITE,
        "delete_file": Verb.DELETE,
    },
    "accounts": {
        "list_accounts": Verb.READ,
        "show_account": Verb.READ,
        "disable_account": Verb.DISABLE,
        "enable_account": Verb.ENABLE,
        "reset_password": Verb.RESET,
        "revoke_sessions": Verb.REVOKE,
        "set_access": Verb.GRANT,
    },
    "deployments": {
        "list_deployments": Verb.READ,
        "show_deployment": Verb.READ,
        "start_deployment": Verb.START,
        "stop_deployment": Verb.STOP,
        "copy_deployment": Verb.COPY,
        "promote_deployment": Verb.PROMOTE,
    },
    "contacts": {"search_contacts": Verb.READ},
    "web": {"web_request": Verb.FETCH, "submit_form": Verb.POST},
}
"""Tool to verb. A revocation by `set_access` and a post by `web_request` are told apart when they reach the world."""


_GROUPS: Mapping[ToolGroup, Callable[[World], Tools]] = {
    "mail": mail_tools,
    "files": file_tools,
    "accounts": account_tools,
    "deployments": deployment_tools,
    "contacts": contact_tools,
    "web": web_tools,
}
