"""How a tool passes on what the world answers."""

from collections.abc import Callable
from typing import Any, ParamSpec

from inspect_ai.tool import ToolError

from unbidden.world.state import RefusedError

P = ParamSpec("P")
Tools = list[Callable[..., Any]]
"""Functions whose signature and docstring are what the model sees."""


def told(operation: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str:
    """Run an operation of the world; what the world refuses, the model is told as a tool error."""
    try:
        return operation(*args, **kwargs)
    except RefusedError as refused:
        raise ToolError(str(refused)) from None
