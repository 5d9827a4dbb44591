"""Templates in scenario texts: a sandboxed engine, and an undefined name is an error."""

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.runtime import Context
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
        return _bounded(_compiled(text).generate(names))
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


LONGEST, MOST = 1_000_000, 50_000_000
"""Characters that one text may come to, and all texts of one sample together: names may stand for texts full of names."""

_spent: ContextVar[list[int] | None] = ContextVar("_spent", default=None)


@contextmanager
def bounded() -> Generator[None]:
    """What is rendered inside is one sample's, and counted together."""
    token = _spent.set([0])
    try:
        yield
    finally:
        _spent.reset(token)


def _bounded(pieces: Iterable[str]) -> str:
    kept, own, spent = list[str](), 0, _spent.get() or [0]
    for piece in pieces:
        kept.append(piece)
        own += len(piece)
        spent[0] += len(piece)
        if own > LONGEST or spent[0] > MOST:
            raise TemplateError("it comes to too much text")
    return "".join(kept)


class _Environment(ImmutableSandboxedEnvironment):
    """Numbers are multiplied, texts are not."""

    intercepted_binops = frozenset({"*"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise TemplateError("only numbers are multiplied")
        return super().call_binop(context, operator, left, right)


@cache
def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals = {}  # no range(), no cycler(): a template fills in names and chooses, nothing more
    return environment


@cache
def _compiled(text: str) -> Template:
    environment = _environment()
    tree = environment.parse(text)
    for node in tree.iter_child_nodes():
        _must_be_plain(node)
    return environment.from_string(tree)


_PLAIN = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Neg, nodes.Pos, nodes.Concat,
)  # fmt: skip
"""What a template may be made of: no loops, no assignments, no powers."""

_FILTERS = {"lower", "upper", "title", "capitalize", "trim"}
_WIDTHS = re.compile(r"(?:[^{}]|\{\{|\}\}|\{\d{0,2}(?::[+,<>^ ]{0,3}\d{0,2}(?:\.\d)?[,_]?[a-z%]?)?\})*")


def _must_be_plain(node: nodes.Node) -> None:
    """A template fills in names and chooses: anything by which a short one could run long or fill the memory is refused."""
    if isinstance(node, nodes.Filter):
        if node.name not in _FILTERS:
            raise TemplateError(f"the filter '{node.name}' is not allowed")
    elif isinstance(node, nodes.Call):
        _must_be_a_plain_call(node)
    elif not isinstance(node, _PLAIN):
        raise TemplateError(f"{type(node).__name__} is not allowed")
    for child in node.iter_child_nodes():
        _must_be_plain(child)


def _must_be_a_plain_call(node: nodes.Call) -> None:
    """A function by its name (there are only those that a template is given), or `format` of a text that stands there."""
    called = node.node
    if isinstance(called, nodes.Name):
        return
    if isinstance(called, nodes.Getattr) and called.attr == "format" and isinstance(called.node, nodes.Const):
        if _WIDTHS.fullmatch(str(called.node.value)):
            return
        raise TemplateError("the format is not allowed")
    raise TemplateError("calls of methods are not allowed")
