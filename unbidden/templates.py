"""Templates in scenario texts: a sandboxed engine, and an undefined name is an error."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from unbidden.reading import Place

Complaint = Callable[[str, Place], Exception]
"""Makes the error for a message at a place of the document that is being rendered."""


def render_tree(value: Any, names: Mapping[str, Any], complain: Complaint, place: Place = ()) -> Any:
    """Render every text inside a tree of plain data.

    Args:
        value: Text, number, list or mapping; anything but text is returned as it is.
        names: What templates may refer to.
        complain: Makes the error that is raised when a template fails.
        place: Where in the document the tree stands.
    """
    if isinstance(value, str):
        return render_text(value, names, complain, place)
    if isinstance(value, dict):
        tree = cast("dict[Any, Any]", value)
        return {key: render_tree(item, names, complain, (*place, key)) for key, item in tree.items()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [render_tree(item, names, complain, (*place, index)) for index, item in enumerate(items)]
    return value


def render_text(text: str, names: Mapping[str, Any], complain: Complaint, place: Place = ()) -> str:
    """Render one text; see `render_tree`."""
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return text
    try:
        return _compiled(text).render(names)
    except (
        TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as problem:
        known = ", ".join(sorted(names))
        raise complain(f"the template fails ({problem}); names known here: {known}", place) from None


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals = {}  # no range(), no cycler(): a template fills in names and chooses, nothing more
    return environment


@cache
def _compiled(text: str) -> Template:
    return _environment().from_string(text)
