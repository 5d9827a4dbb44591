"""Templates in scenario texts: a sandboxed engine, and an undefined name is an error."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
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
        MemoryError,
        RecursionError,
        SyntaxError,  # of what Jinja made: too many conditions within conditions
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
    kept, own = list[str](), 0
    for piece in pieces:
        kept.append(_counted(piece))
        own += len(piece)
        if own > LONGEST:
            raise TemplateError("it comes to too much text")
    return "".join(kept)


def _counted(value: Any) -> Any:
    """Anything as it is; the length of a text is added to what the sample has come to."""
    if isinstance(value, str):
        spent = _spent.get() or [0]
        spent[0] += len(value)
        if len(value) > LONGEST or spent[0] > MOST:
            raise TemplateError("it comes to too much text")
    return value


class _Environment(ImmutableSandboxedEnvironment):
    """Numbers are added and multiplied, texts are not; what calls make of texts is counted, printed or not."""

    intercepted_binops = frozenset({"+", "*"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise TemplateError("only numbers are added and multiplied; texts are written side by side")
        if abs(result := super().call_binop(context, operator, left, right)) > _LARGEST:
            raise TemplateError("it comes to too large a number")
        return result

    def call(self, context: Context, called: Any, /, *args: Any, **named: Any) -> Any:
        return _counted(super().call(context, called, *args, **named))


_LARGEST = 10**30


@cache
def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    made = cast("dict[str, Callable[..., Any]]", environment.filters)  # pyright: ignore[reportUnknownMemberType] - Jinja's
    environment.filters = {name: _counting(made[name]) for name in _FILTERS} | {_COUNTED: _counted}
    environment.globals = {}  # no range(), no cycler(): a template fills in names and chooses, nothing more
    return environment


def _counting(make: Callable[..., Any]) -> Callable[..., Any]:
    def counting(value: Any, *args: Any) -> Any:
        return _counted(make(_counted(value), *args))

    return counting


_COUNTED = "counted"
"""A filter that no template may name; it is put around the sides of comparisons."""


@cache
def _compiled(text: str) -> Template:
    environment = _environment()
    tree = environment.parse(text)
    for number, node in enumerate(_below(tree)):
        if number > _MOST_PARTS:
            raise TemplateError("it has too many parts")
        _must_be_plain(node)
        if isinstance(node, nodes.Compare | nodes.Operand):
            node.expr = nodes.Filter(node.expr, _COUNTED, [], [], None, None, lineno=node.lineno)
    return environment.from_string(tree)


def _below(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Every node of a tree but itself; its own children are looked up before it is given out, and may be changed then."""
    left = list(tree.iter_child_nodes())
    while left:
        node = left.pop()
        left += node.iter_child_nodes()
        yield node


_MOST_PARTS, _MOST_FIELDS = 5_000, 20
"""Of one template, and of a text that is formatted."""

_PLAIN = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Neg, nodes.Pos,
)  # fmt: skip
"""What a template may be made of: no loops, no assignments, no powers, no joined texts."""

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


def _must_be_a_plain_call(node: nodes.Call) -> None:
    """A function by its name (there are only those that a template is given), or `format` of a text that stands there."""
    called = node.node
    if isinstance(called, nodes.Name):
        return
    if isinstance(called, nodes.Getattr) and called.attr == "format" and isinstance(called.node, nodes.Const):
        text = str(called.node.value)
        if _WIDTHS.fullmatch(text) and text.count("{") <= _MOST_FIELDS:
            return
        raise TemplateError("the format is not allowed")
    raise TemplateError("calls of methods are not allowed")
