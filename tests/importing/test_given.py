"""Files and folders of strangers: links in them lead nowhere else, and what is too large is not read."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from elsewhere import Wrote, opening

from unbidden.errors import BadInputError
from unbidden.importing.folder import Imported, import_runs

ANSWER = json.dumps({"said": "Fine.", "model": "lab/one"})
RECORDS = "\ntext: {answer: said, model: model}\n"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A stranger's folder, with one honest file."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "honest.json").write_text(ANSWER, encoding="utf-8")
    return folder


@pytest.fixture
def records(mapping: Wrote) -> Path:
    """A mapping of stored answers."""
    return mapping(("reads: inspect", "reads: misalignment"), add=RECORDS)


def brought(mapping: Path, *given: Path) -> Imported:
    return import_runs(mapping, given, mapping.parent / "results")


LINKS: dict[str, Callable[[Path], object]] = {
    "to a file": lambda theirs: (theirs / "link.json").symlink_to(theirs.parent / "diary.json"),
    "up": lambda theirs: (theirs / "link.json").symlink_to("../diary.json"),
    "over another": lambda theirs: (
        (theirs / "up").symlink_to(".."),
        (theirs / "link.json").symlink_to("up/diary.json"),
    ),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_link_out_of_a_folder_is_refused(
    link: Callable[[Path], object], theirs: Path, records: Path
) -> None:
    """Its text would stand in the run folder, which is made to be shared."""
    (theirs.parent / "diary.json").write_text(ANSWER, encoding="utf-8")
    link(theirs)
    with pytest.raises(BadInputError, match="leads out of the folder"):
        brought(records, theirs)
    assert not (theirs.parent / "results").exists()


def test_a_link_to_a_log_elsewhere_is_not_read(
    theirs: Path, mapping: Wrote, log: Wrote, tmp_path: Path
) -> None:
    """Logs are looked for by Inspect, which passes over links; should it follow them one day, they are refused."""
    elsewhere = log([*opening()]).rename(tmp_path / "elsewhere.eval")
    (theirs / "link.eval").symlink_to(elsewhere)
    with pytest.raises(BadInputError, match=r"leads out of the folder|holds none"):
        brought(mapping(), theirs)


def test_links_within_a_folder_and_named_links_are_read(theirs: Path, records: Path) -> None:
    """A file that has two names is read once; what a user names is what the user means."""
    (theirs / "again.json").symlink_to("honest.json")
    (theirs.parent / "named.json").symlink_to(theirs / "honest.json")
    assert brought(records, theirs).samples == 1
    assert brought(records, theirs.parent / "named.json").samples == 1


def test_a_file_that_is_too_large_is_refused(theirs: Path, records: Path) -> None:
    """It would be read whole, and take a machine's memory."""
    os.truncate(theirs / "honest.json", 20 * 2**30)  # takes no room on the disk
    with pytest.raises(BadInputError, match="too large"):
        brought(records, theirs)


@pytest.mark.parametrize(
    ("model", "subject"), [("m", "elsewhere/m"), (3, "elsewhere/3"), ("lab/one", "lab/one")]
)
def test_a_model_without_a_provider_gets_one(
    model: object, subject: str, theirs: Path, records: Path
) -> None:
    """Inspect reads no log whose model has none."""
    (theirs / "honest.json").write_text(json.dumps({"said": "Fine.", "model": model}), encoding="utf-8")
    assert subject in (brought(records, theirs).folder / "manifest.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["", " ", "/"])
def test_an_empty_name_of_a_model_is_refused(model: str, theirs: Path, records: Path) -> None:
    """Nobody could tell whose samples they are."""
    (theirs / "honest.json").write_text(json.dumps({"said": "Fine.", "model": model}), encoding="utf-8")
    with pytest.raises(BadInputError, match="name is empty"):
        brought(records, theirs)


def test_a_log_of_a_model_without_a_provider_is_read(mapping: Wrote, log: Wrote) -> None:
    """Whatever a log of a stranger calls its model."""
    imported = brought(mapping(), log([*opening()], model="m"))
    assert '"elsewhere/m"' in (imported.folder / "manifest.json").read_text(encoding="utf-8")
