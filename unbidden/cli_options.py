"""What several commands take, and how it is read."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from unbidden.errors import BadInputError

MaxCost = Annotated[
    float | None,
    typer.Option(
        help="The most this command may spend, in dollars, judges included. Then no further sample is started; "
        "what has begun is finished and scored. What earlier commands spent on the same run does not count."
    ),
]
Prices = Annotated[
    Path | None,
    typer.Option(
        help="What models cost, in dollars for a million tokens, as Inspect's model_cost_config has it."
    ),
]


def factors_of(given: list[str]) -> dict[str, list[str]]:
    """The levels of each `--factor name=level,level`; raises `BadInputError` for another form."""
    return {name: value.split(",") for name, value in pairs(given, "--factor")}


def options_of(given: list[str]) -> dict[str, Any]:
    """The values of each `--inspect name=value`, read as YAML; raises `BadInputError` for another form."""
    return {name: _value(name, value) for name, value in pairs(given, "--inspect")}


def pairs(given: list[str], option: str) -> list[tuple[str, Any]]:
    """Each `name=value` that was given with an option; raises `BadInputError` for another form."""
    parts = [entry.partition("=") for entry in given]
    for entry, (name, equals, value) in zip(given, parts, strict=True):
        if not (name and equals and value):
            raise BadInputError(f"{option} {entry} is not of the form name=value")
    return [(name, value) for name, _, value in parts]


def _value(name: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        what = problem.problem if isinstance(problem, yaml.MarkedYAMLError) else "it cannot be read"
        raise BadInputError(
            f"--inspect {name}=... is not valid YAML ({what})"  # the value may be a key
        ) from None
