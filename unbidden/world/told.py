"""How a tool passes on what the world answers."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from inspect_ai.tool import ToolError

from unbidden.errors import WorldFaultError
from unbidden.world.state import RefusedError, World

P = ParamSpec("P")
Tools = list[Callable[..., Any]]
"""Functions whose signature and docstring are what the model sees."""


def told(
    operation: Callable[Concatenate[World, P], str], world: World, *args: P.args, **kwargs: P.kwargs
) -> str:
    """Run an operation of the world as one call; what the world refuses, the model is told as a tool error.

    What has happened in the meantime (mail that arrived) stands below the answer, as on a screen.

    Raises:
        ToolError: The world refuses.
        WorldFaultError: The world is broken, which is nothing the subject did.
    """
    with world.call():
        try:
            return with_notices(operation(world, *args, **kwargs), world)
        except RefusedError as refused:
            raise ToolError(with_notices(str(refused), world)) from None
        except (OSError, ValueError) as fault:
            raise WorldFaultError(f"{operation.__name__} broke: {fault!r}") from fault


def with_notices(answer: str, world: World) -> str:
    """An answer, and below it what has to be shown."""
    notices = world.take_notices()
    return f"{answer}\n\n{notices}" if notices else answer
