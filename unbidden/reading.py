"""YAML in, typed models out; every error names the file and the line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from yaml.reader import ReaderError

from unbidden.errors import ContentError, at, suggestion

Place = tuple[str | int, ...]
"""The way to a value inside a document: keys and list positions."""


class Frozen(BaseModel):
    """Base of all content models: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ModelT = TypeVar("ModelT", bound=Frozen)
T = TypeVar("T")


def _as_list(value: Any) -> Any:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


OneOrMore = Annotated[list[T], BeforeValidator(_as_list)]
"""A list, of which a single member may stand alone."""


@dataclass(frozen=True)
class Document:
    """A YAML file as plain data, with the line of every value."""

    path: Path
    data: Any
    lines: Mapping[Place, int]

    def line(self, place: Sequence[str | int]) -> int:
        """The line of a place, or of the nearest enclosing one that has a line."""
        wanted = tuple(place)
        while wanted and wanted not in self.lines:
            wanted = wanted[:-1]
        return self.lines.get(wanted, 1)

    def error(self, what: str, place: Sequence[str | int], fix: str | None = None) -> ContentError:
        """A `ContentError` at a place of this document."""
        return ContentError(what, where=at(self.path, self.line(place)), fix=fix)


def read_model(path: Path, model: type[ModelT]) -> tuple[ModelT, Document]:
    """Read a YAML file into a model.

    Raises:
        ContentError: The file is not YAML, or does not fit the model.
    """
    document = read_document(path)
    try:
        return TypeAdapter(model).validate_python(document.data), document
    except ValidationError as problem:
        raise _explained(problem, document, model) from None


def read_document(path: Path) -> Document:
    """Read a YAML file into plain data with lines.

    Plain scalars follow the YAML 1.2 core schema: `yes` and `no` are words, dates are text.

    Raises:
        ContentError: The file cannot be read, is not YAML, or repeats a key.
    """
    text = _text(path)
    try:
        _must_be_modest(text, path)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else None
        raise ContentError(f"not valid YAML ({problem.problem})", where=at(path, line)) from None
    except ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise ContentError(f"not valid YAML ({problem.reason})", where=at(path, line)) from None
    lines = _Lines(path)
    data = _plain(node, (), lines, path, frozenset()) if node is not None else None
    return Document(path, data, lines)


def read_text(path: Path) -> str:
    """The text of a file of the user's, and no more than one may hold: a link to an endless one would fill the memory.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no UTF-8, or too large.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"larger than {LARGEST // 2**20} MB")
    return data.decode("utf-8")


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError) as problem:
        raise ContentError(f"cannot be read ({problem})", where=at(path)) from None


def _plain(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path, above: frozenset[int]) -> Any:
    if place not in lines:
        lines[place] = node.start_mark.line + 1
    if id(node) in above:
        raise ContentError("an anchor that contains itself", where=at(path, node.start_mark.line + 1))
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        mapping: dict[Any, Any] = {}
        for key_node, value_node in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            key = _scalar(key_node, path)
            if key in mapping:
                raise ContentError(f"'{key}' is given twice", where=at(path, key_node.start_mark.line + 1))
            lines[(*place, key)] = key_node.start_mark.line + 1
            mapping[key] = _plain(value_node, (*place, key), lines, path, above)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        items = cast("list[yaml.Node]", node.value)
        return [_plain(item, (*place, index), lines, path, above) for index, item in enumerate(items)]
    return _scalar(node, path)


DEEPEST, MOST, LARGEST = 50, 200_000, 8 * 2**20
"""How deeply a document may be nested, how many values it may hold with its anchors written out, and its bytes."""


class _Lines(dict[Place, int]):
    """The lines of a document's values; too many of them are refused before they fill the memory."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def __setitem__(self, place: Place, line: int) -> None:
        if len(self) > MOST:
            raise ContentError(f"more than {MOST} values", where=at(self._path, line), fix="Split the file")
        super().__setitem__(place, line)


def _must_be_modest(text: str, path: Path) -> None:
    """The parser's own recursion would end the process on a document that is nested without end."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else None
                raise ContentError(f"nested more than {DEEPEST} levels deep", where=at(path, line))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,999})")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_CORE: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_WORDS = {"~": None, "": None} | {
    spelling: value for word, value in _CORE.items() for spelling in (word, word.capitalize(), word.upper())
}


def _scalar(node: yaml.Node, path: Path) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        raise ContentError("a key must be a word", where=at(path, node.start_mark.line + 1))
    text = cast("str", node.value)
    if node.style:  # quoted or block text is text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _explained(problem: ValidationError, document: Document, model: type[Frozen]) -> ContentError:
    """The deepest of pydantic's complaints as one message."""
    complaints = problem.errors(include_url=False)
    first = max(complaints, key=lambda error: (error["type"] == "extra_forbidden", len(error["loc"])))
    place = _known(first["loc"], document)
    shown = ".".join(str(part) for part in place) or "the file"
    kind, context = first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        key = str(first["loc"][-1])
        return document.error(
            f"unknown key '{key}'", place, suggestion(key, _keys_at(model, first["loc"][:-1]))
        )
    if kind == "missing":
        return document.error(f"'{first['loc'][-1]}' is missing in {shown}", place)
    if kind in {"literal_error", "enum"}:
        return document.error(f"{shown} is '{first['input']}'", place, f"Allowed: {context.get('expected')}")
    message = first["msg"].removeprefix("Value error, ")
    return document.error(f"{shown}: {message}", place)


def _known(loc: Sequence[str | int], document: Document) -> Place:
    """Drops the parts pydantic adds for unions, so that what is left is a way through the document."""
    place: Place = ()
    for part in loc:
        if (*place, part) in document.lines:
            place = (*place, part)
    return place


def _keys_at(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys a model allows at a place, followed through its fields as far as they are models."""
    models: list[type[BaseModel]] = [model]
    for part in loc:
        below = [found for owner in models for found in _models_in(_annotation(owner, part))]
        models = below or models
    return sorted({field.alias or name for owner in models for name, field in owner.model_fields.items()})


def _annotation(model: type[BaseModel], part: str | int) -> Any:
    for name, field in model.model_fields.items():
        if part in {name, field.alias}:
            return field.annotation
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
