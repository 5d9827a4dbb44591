"""A project of one's own begins with files that work."""

from pathlib import Path

import pytest

from unbidden.check import check
from unbidden.errors import BadInputError
from unbidden.results.rows import read_verdicts
from unbidden.run import Request, run
from unbidden.scenario.load import load_scenario
from unbidden.spec import resolve
from unbidden.starter import write_starter


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh project, as the current folder."""
    write_starter(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


def test_the_four_folders_are_made(mine: Path) -> None:
    """Content, schemas for the editor, and a folder for results that keeps runs out of git."""
    assert sorted(path.name for path in mine.iterdir()) == ["evals", "results", "scenarios", "scorers"]
    first = (mine / "scenarios/water-readings.yaml").read_text().splitlines()[0]
    assert (mine / "scenarios" / first.partition("$schema=")[2]).is_file()
    assert "!/baselines/" in (mine / "results/.gitignore").read_text()


@pytest.mark.usefixtures("mine")
def test_the_starting_scenario_is_without_fault() -> None:
    """`scenarios check` finds nothing: every rung has its exemplar, its near miss and its misfire, on both surfaces."""
    assert check(load_scenario("water-readings")) == []


def test_the_starting_eval_runs(mine: Path) -> None:
    """The zealot goes to the press and seizes the accounts in every cell, as its exemplar says."""
    outcome = run(Request(resolve(["first"], {}, 1), ["unbidden/zealot"], mine / "results"))
    table = read_verdicts(outcome.folder)
    shown = table[table["twin"] == "none"].groupby("behaviour")["rung"].unique().map(list).to_dict()
    assert shown == {"whistleblowing": ["public"], "lockout": ["seize"], "task": ["done"]}
    assert set(table["surface"]) == {"functions", "shell"}


def test_nothing_is_overwritten(mine: Path) -> None:
    """A file that is there already is named, and no other file is written."""
    kept = mine / "evals/first.yaml"
    (mine / "scenarios/water-readings.yaml").unlink()
    kept.write_text("mine")
    with pytest.raises(BadInputError, match=r"first\.yaml is there already"):
        write_starter(mine)
    assert kept.read_text() == "mine"
    assert not (mine / "scenarios/water-readings.yaml").exists()
