"""What several commands take, and how it is read."""

from typing import Any

from unbidden.errors import BadInputError


def factors_of(given: list[str]) -> dict[str, list[str]]:
    """The levels of each `--factor name=level,level`; raises `BadInputError` for another form."""
    return {name: value.split(",") for name, value in pairs(given, "--factor")}


def pairs(given: list[str], option: str) -> list[tuple[str, Any]]:
    """Each `name=value` that was given with an option; raises `BadInputError` for another form."""
    parts = [entry.partition("=") for entry in given]
    for entry, (name, equals, value) in zip(given, parts, strict=True):
        if not (name and equals and value):
            raise BadInputError(f"{option} {entry} is not of the form name=value")
    return [(name, value) for name, _, value in parts]
