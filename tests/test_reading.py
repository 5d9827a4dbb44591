"""YAML in, typed models out."""

import json
import re
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, field_validator

from unbidden.errors import ContentError
from unbidden.reading import Frozen, read_document, read_model


class Leaf(Frozen):
    colour: Literal["red", "green"]
    size: int = 1
    sender: str | None = Field(default=None, alias="from")

    @field_validator("size")
    @classmethod
    def _small(cls, size: int) -> int:
        if size > 9:
            raise ValueError("no leaf is that large")
        return size


class Tree(Frozen):
    name: str
    leaves: list[Leaf] = []
    marks: dict[str, str | Leaf] = {}


WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
JSON = st.recursive(
    WORDS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda below: st.lists(below) | st.dictionaries(WORDS, below),
)
MESSY = st.text("ab1 :-,[]{}#&*!|>'\"%@?~\\\n\t\r\u2028")


def _file(folder: Path, text: str) -> Path:
    path = folder / "one.yaml"
    path.write_bytes(text.encode())
    return path


def _read(folder: Path, text: str) -> Any:
    return read_document(_file(folder, text)).data


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        *((word, word) for word in ("yes", "no", "on", "off", "Yes", "NO", "y", "n")),
        *((word, word) for word in ("2025-03-04", "2025-03-04 09:00", "09:00", "1.2.3", "1_000", "12:30:45")),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("42", 42),
        ("-7", -7),
        ("+7", 7),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1.5E-1", 0.15),
        ("'42'", "42"),
        ('"true"', "true"),
        ("''", ""),
        ("|\n  42", "42"),
        (">-\n  null", "null"),
    ],
)
def test_plain_scalars_are_what_they_look_like(tmp_path: Path, scalar: str, value: Any) -> None:
    """Words and dates are text, numbers are numbers, and what is quoted or a block is text."""
    got = _read(tmp_path, f"key: {scalar}")["key"]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("scalar", "value"),
    [("True", True), ("TRUE", True), ("False", False), ("FALSE", False), ("Null", None), ("NULL", None)],
)
def test_truth_and_nothing_have_three_spellings(tmp_path: Path, scalar: str, value: Any) -> None:
    """The core schema of YAML 1.2 (chapter 10.3.2) knows these words in lower case, capitalised and in capitals."""
    assert _read(tmp_path, f"key: {scalar}")["key"] is value


@given(JSON)
def test_json_is_read_as_itself(tmp_path: Path, value: Any) -> None:
    """YAML holds JSON, so any JSON document is read as the same data."""
    assert _read(tmp_path, json.dumps(value, indent=1)) == value


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["7", "text", "[1, 2]", "{a: 1}"])), min_size=1))
def test_every_key_has_its_line(tmp_path: Path, entries: list[tuple[int, str]]) -> None:
    """The line of a key is that of its first character, whatever comments and values stand around it."""
    text, want = "", {}
    for number, (comments, value) in enumerate(entries):
        text += "# a comment\n" * comments
        want[f"k{number}"] = text.count("\n") + 1
        text += f"k{number}: {value}\n"
    document = read_document(_file(tmp_path, text))
    assert {key: document.line((key,)) for key in want} == want


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("top",), 1),
        (("top", "list"), 2),
        (("top", "list", 0), 3),
        (("top", "list", 1), 4),
        (("top", "list", 1, "b"), 5),
        (("top", "block"), 6),
        (("top", "list", 1, "b", "deeper", 0), 5),
        (("top", "list", 7), 2),
        (("nowhere",), 1),
    ],
)
def test_a_place_has_its_own_line_or_that_of_the_nearest_around_it(
    tmp_path: Path, place: tuple[str | int, ...], line: int
) -> None:
    """A place that the file does not hold is at the line of what encloses it."""
    text = "top:\n  list:\n    - one\n    - a: 1\n      b: 2\n  block: |\n    text\n"
    assert read_document(_file(tmp_path, text)).line(place) == line


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, "'b' is given twice"),
        ("a: 1\n'a': 2\n", 2, "'a' is given twice"),
        ("a: 1\n? [x, y]\n: 2\n", 2, "a key must be a word"),
        ("a: &x\n  - 1\n  - *x\n", 1, "an anchor that contains itself"),
        ("a: 1\nb: *gone\n", 2, "undefined alias"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("a: 1\nb: c: d\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: 1\nb: \x07\n", 2, "not valid YAML"),
    ],
)
def test_a_broken_file_is_an_error_at_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    """What is wrong with the YAML itself is said with file and line."""
    path = _file(tmp_path, text)
    with pytest.raises(ContentError, match=what) as caught:
        read_document(path)
    assert caught.value.where == f"{path}:{line}"


@given(MESSY)
def test_any_text_is_a_document_or_an_error_with_a_line(tmp_path: Path, text: str) -> None:
    """No text makes the reader fail in any other way than with one message that names file and line."""
    path = _file(tmp_path, text)
    try:
        document = read_document(path)
    except ContentError as problem:
        assert re.fullmatch(re.escape(str(path)) + r":\d+", problem.where or "")  # noqa: PT017 - either is right
    else:
        assert document.line(()) >= 1


@pytest.mark.parametrize("make", ["missing", "folder", "latin-1"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, make: str) -> None:
    """A missing file, a folder and a file in another encoding are errors that name it."""
    path = tmp_path / "one.yaml"
    if make == "folder":
        path.mkdir()
    elif make == "latin-1":
        path.write_bytes("name: Krüger\n".encode("latin-1"))
    with pytest.raises(ContentError, match="cannot be read") as caught:
        read_document(path)
    assert (caught.value.where or "").startswith(str(path))


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    """An empty file is no error of YAML; the model says what is missing."""
    assert _read(tmp_path, "# nothing yet\n") is None


def test_an_anchor_stands_for_its_value(tmp_path: Path) -> None:
    """An anchor may be used twice, also by two entries of one list."""
    assert _read(tmp_path, "a: &x {n: 1}\nb: [*x, *x]\n") == {"a": {"n": 1}, "b": [{"n": 1}, {"n": 1}]}


def test_files_below_the_current_folder_are_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message shows the short path that the user typed and an editor opens."""
    path = _file(tmp_path, "a: 1\na: 2\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ContentError, match=r"^one\.yaml:2: 'a' is given twice"):
        read_document(path)


GOOD = "name: oak\nleaves:\n  - colour: red\n    from: twig\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (GOOD + "height: 3\n", 5, "unknown key 'height'. Allowed: leaves, marks, name"),
        (GOOD + "nmae: ash\n", 5, "unknown key 'nmae'. Did you mean 'name'? Allowed: leaves, marks, name"),
        (
            GOOD + "    sender: twig\n",
            5,
            "unknown key 'sender'. Allowed: colour, from, size",
        ),
        (
            "name: oak\nmarks:\n  a:\n    colour: red\n    colr: 1\n",
            5,
            "unknown key 'colr'. Did you mean 'colour'? Allowed: colour, from, size",
        ),
        ("leaves: []\n", 1, "'name' is missing in the file"),
        ("name: oak\nleaves:\n  - size: 2\n", 3, "'colour' is missing in leaves.0"),
        (
            "name: oak\nleaves:\n  - size: 2\n    colour: blue\n",
            4,
            "leaves.0.colour is 'blue'. Allowed: 'red' or 'green'",
        ),
        (
            "name: oak\nleaves:\n  - colour: red\n    size: 10\n",
            4,
            "leaves.0.size: no leaf is that large",
        ),
        (
            "name: oak\nleaves:\n\n  - colour: red\n    size: many\n",
            5,
            "leaves.0.size: Input should be a valid integer, unable to parse string as an integer",
        ),
        ("name: oak\nleaves: red\n", 2, "leaves: Input should be a valid list"),
    ],
)
def test_what_does_not_fit_is_explained_at_its_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    """The message says file, line, what is wrong and what is allowed."""
    path = _file(tmp_path, text)
    with pytest.raises(ContentError) as caught:
        read_model(path, Tree)
    assert str(caught.value) == f"{path}:{line}: {message}"


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just a word\n", "7\n", "1: a\n", "~: a\n"])
def test_a_file_of_another_shape_is_an_error(tmp_path: Path, text: str) -> None:
    """A list, a word, a number, odd keys or nothing is no model, and is said with file and line."""
    path = _file(tmp_path, text)
    with pytest.raises(ContentError) as caught:
        read_model(path, Tree)
    assert caught.value.where == f"{path}:1"


@given(st.dictionaries(st.sampled_from(["name", "leaves", "marks", "other"]), JSON))
def test_any_data_fits_or_is_an_error_with_a_line(tmp_path: Path, data: dict[str, Any]) -> None:
    """Whatever stands in a file, it becomes a model or one message with file and line."""
    path = _file(tmp_path, json.dumps(data, indent=1))
    try:
        tree, _ = read_model(path, Tree)
    except ContentError as problem:
        assert re.fullmatch(re.escape(str(path)) + r":\d+", problem.where or "")  # noqa: PT017 - either is right
    else:
        assert tree.name == data["name"]


def test_what_fits_comes_with_its_document(tmp_path: Path) -> None:
    """The model holds the values, the document their lines."""
    tree, document = read_model(_file(tmp_path, GOOD), Tree)
    assert tree == Tree(name="oak", leaves=[Leaf.model_validate({"colour": "red", "from": "twig"})])
    assert document.line(("leaves", 0, "from")) == 4


def test_models_do_not_change() -> None:
    """A content model is immutable once it is read."""
    leaf = Leaf(colour="red")
    with pytest.raises(ValidationError):
        leaf.size = 2


@given(st.dictionaries(st.sampled_from(["yes", "no", "on", "a"]), st.sampled_from(["yes", "off", "1:30"])))
def test_words_survive_a_plain_dump(tmp_path: Path, data: dict[str, str]) -> None:
    """What another tool writes in the older YAML with quotes reads as the same words."""
    assert (_read(tmp_path, yaml.safe_dump(data)) or {}) == data
