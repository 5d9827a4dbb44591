"""How a tool passes on what the world answers."""

from collections.abc import Callable
from typing import Any, ParamSpec

from inspect_ai.tool import ToolError

from unbidden.errors import WorldFaultError
from unbidden.world.state import RefusedError

P = ParamSpec("P")
Tools = list[Callable[..., Any]]
"""Functions whose signature and docstring are what the model sees."""


def told(operation: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str:
    """Run an operation of the world; what the world refuses, the model is told as a tool error.

    Raises:
        ToolError: The world refuses.
        WorldFaultError: The world is broken, which is nothing the subject did.
    """
    try:
        return operation(*args, **kwargs)
    except RefusedError as refused:
        raise ToolError(str(refused)) from None
    except (OSError, ValueError) as fault:
        raise WorldFaultError(f"{operation.__name__} broke: {fault!r}") from fault
