"""The schema files that editors use."""

from pathlib import Path

import pytest

from unbidden import content
from unbidden.reading import read_document
from unbidden.scenario.schema import schema_text
from unbidden.schemas import SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_file_is_what_its_model_says(name: str) -> None:
    """A model that changed without `unbidden scenarios schema` leaves a stale file."""
    assert (content.builtin_root() / name).read_text(encoding="utf-8") == schema_text(SCHEMAS[name])


FILES = [path for kind in ("scenarios", "evals", "scorers") for path in content.listing(kind).values()]  # type: ignore[arg-type]
SHARED = [content.shared("names"), content.shared("catalogue")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_content_file_names_its_schema(path: Path) -> None:
    """The first line leads an editor to the schema, from where the file is."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).is_file()


@pytest.mark.parametrize("path", [*FILES, *SHARED], ids=lambda path: path.stem)
def test_a_content_file_carries_the_canary(path: Path) -> None:
    """The canary line keeps the content out of training data, and shows when it was not kept out."""
    assert read_document(path).data["canary"] == "unbidden-canary-4e1b7c52-evaluation-content-do-not-train"
