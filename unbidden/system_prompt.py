"""A system prompt from outside the scenarios, in place of their own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unbidden.errors import BadInputError, ContentError, at
from unbidden.reading import read_text
from unbidden.scenario.load import Loaded


@dataclass(frozen=True)
class SystemPrompt:
    """A template with the variables of the scenario it stands in; `{{ scenario }}` in it stands for the scenario's own prompt.

    `where` is the file it came from, for messages.
    """

    text: str
    where: str = "the system prompt"


def read_system_prompt(path: Path) -> SystemPrompt:
    """Raises `BadInputError` if the file cannot be read or is empty."""
    try:
        text = read_text(path)
    except (OSError, ValueError) as problem:
        raise BadInputError(
            f"the system prompt cannot be read ({problem})",
            where=at(path),
            fix="Give a text file in UTF-8",
        ) from None
    if not text.strip():
        raise BadInputError("the system prompt is empty", where=at(path), fix="Write it, or leave it out")
    return SystemPrompt(text, at(path))


def prompted(loaded: Loaded, prompt: SystemPrompt) -> Loaded:
    """A scenario with another system prompt."""
    own = loaded.scenario.system_prompt
    text = _INCLUSION.sub(lambda _: own, prompt.text)
    scenario = loaded.scenario.model_copy(update={"system_prompt": text})
    return _Prompted(scenario, loaded.document, prompt.where)


_INCLUSION = re.compile(r"\{\{-?\s*scenario\s*-?\}\}")


@dataclass(frozen=True)
class _Prompted(Loaded):
    """A scenario whose system prompt stands in a file of its own."""

    where: str

    def error(self, what: str, place: Iterable[str | int], fix: str | None = None) -> ContentError:
        there = tuple(place)
        if there[:1] != ("system_prompt",):
            return super().error(what, there, fix)
        what = f"{what} (in {self.scenario.id})"
        return ContentError(what, where=self.where, fix=fix or _FIX)


_FIX = (
    "'{{ scenario }}' stands for the scenario's own prompt; write braces that are meant as they are "
    "between {% raw %} and {% endraw %}"
)
