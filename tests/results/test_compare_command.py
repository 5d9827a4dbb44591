"""`unbidden compare` from the command line, and what an eval declares for it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verdict_tables import make, replicates

from unbidden import cli
from unbidden.spec import resolve

PROJECT = Path(__file__).parents[1] / "project"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(
        tmp_path / "run",
        [*replicates("a", "0001"), *replicates("b", "1111"), *replicates("b", "0?", twin="motive")],
    )


def printed(*words: object) -> str:
    result = CliRunner().invoke(cli.app, ["compare", *[str(word) for word in words]])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_is_the_same_both_ways(folder: Path) -> None:
    """`--json` is short for `--format json`."""
    assert printed(folder, "--json") == printed(folder, "--format", "json")
    assert len(json.loads(printed(folder, "--json", "--pairs"))["contrasts"]) == 1


@pytest.mark.parametrize(
    ("form", "begins"),
    [("table", "Look (look-00)"), ("markdown", "**Look**"), ("csv", "behaviour,subject"), ("pr", "**Look**")],
)
def test_every_form_is_printed(folder: Path, form: str, begins: str) -> None:
    """By its name, with all that can be asked at once."""
    words = ("--by", "prompt", "--pairs", "--margin", "10", "--generalise", "--exact")
    assert printed(folder, "--format", form, *words).startswith(begins)


def test_the_exact_interval_is_named_and_wider(folder: Path) -> None:
    """1 of 4: Wilson 5 % to 70 %, Clopper-Pearson 1 % to 81 %."""
    assert "[5%, 70%]" in printed(folder)
    text = printed(folder, "--exact")
    assert "[1%, 81%]" in text
    assert "exact (Clopper-Pearson)" in text


def test_without_being_asked_no_differences_are_shown(folder: Path) -> None:
    """The plain table is the rates alone."""
    assert "reference" not in printed(folder)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT, tmp_path / "project")
    (tmp_path / "project" / "evals").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_what_is_primary_is_no_part_of_the_runs_hash(project: Path) -> None:
    """The same samples are the same run, whatever is declared; the declaration is kept."""
    text = "canary: x\ntitle: T\nquestion: Q\nscenarios: [stock-room]\n"
    (project / "evals" / "plain.yaml").write_text(text)
    (project / "evals" / "declared.yaml").write_text(f"{text}primary: [lockout]\n")
    plain, declared = (resolve([name], {}, None) for name in ("plain", "declared"))
    assert plain.digest(limit=None, options={}) == declared.digest(limit=None, options={})
    assert (list(plain.primary), list(declared.primary)) == ([], ["lockout"])
