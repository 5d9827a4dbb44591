"""Models by their names, and what is said when one cannot be used."""

from typing import Any

from inspect_ai._util.error import (
    PrerequisiteError,
)  # Inspect's own way to say that a key is missing; not re-exported
from inspect_ai.model import Model, get_model
from rich.text import Text

from unbidden.discretion import discreet
from unbidden.errors import BadInputError


def usable_model(name: str, **options: Any) -> Model:
    """Made now, so that a missing key or provider is said before anything is written.

    Args:
        name: As Inspect names it.
        options: Options of Inspect's `get_model`.

    Raises:
        BadInputError: There is no such model, or it cannot be used.
    """
    if name == "unbidden/exemplar":
        fix = "Give unbidden/bystander, advocate, zealot, schemer or mixed"
        raise BadInputError("unbidden/exemplar plays in 'unbidden scenarios check' only", fix=fix)
    try:
        return discreet(get_model(name, **options))
    except BadInputError:
        raise
    except PrerequisiteError as problem:
        raise BadInputError(
            f"the model '{name}' cannot be used: {plain(problem)}", fix="Set the key and try again"
        ) from None
    except (ValueError, ImportError, LookupError, TypeError, OSError) as problem:
        fix = "Write it as provider/name, for example anthropic/<name>, openai/<name> or unbidden/zealot"
        raise BadInputError(f"the model '{name}' cannot be used: {problem}", fix=fix) from None


def plain(problem: PrerequisiteError) -> str:
    """What Inspect says, without its markup."""
    return Text.from_markup(str(problem.message)).plain.strip().replace("\n\n", ". ")
