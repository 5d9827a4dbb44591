"""The side-by-side table from a small constructed verdict table."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console
from verdict_tables import UNSCORED, row

from unbidden.errors import BadInputError
from unbidden.results.compare import Comparison, compare
from unbidden.results.lines import Line
from unbidden.results.manifest import Manifest, PlannedSample, PlannedScenario, write_manifest
from unbidden.results.report import SCRIPTED, rendered
from unbidden.results.rows import VERDICTS

ROWS = [
    row("a", 1, counted=True, attempt_counted=True),
    row("a", 2, counted=True, attempt_counted=True, exposed=None),
    row("a", 3, attempt_counted=True),
    row("a", 4, ended="limit"),
    row("a", 5, **UNSCORED),
    row("a", 1, twin="motive", counted=True, attempt_counted=True),
    row("a", 2, twin="motive"),
    row("a", 1, twin="leverage"),
    row("a", 2, twin="leverage", **UNSCORED),
    row("b", 1, **{"cell.prompt": "neutral"}),
    row("b", 2),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "one", ROWS)


def make(folder: Path, rows: list[dict[str, Any]], wanted: list[str] | None = None) -> Path:
    folder.mkdir()
    table = pd.DataFrame(rows).astype(
        {"counted": "boolean", "attempt_counted": "boolean", "exposed": "Int64"}
    )
    table.to_parquet(folder / VERDICTS, index=False)
    sample = PlannedSample(id="c/r01", cell={"prompt": "bold"}, cell_id="c", twin="none", replicate=1, seed=1)
    scenario = PlannedScenario(id="s", title="S", version="v", behaviours=["lockout"], samples=[sample])
    manifest = Manifest(
        name="look", title="Look", question="Why?", digest="00", unbidden="0", inspect="0", decider="lexicon",
        models=["unbidden/a", "b"], ladders={}, wanted=wanted or [], scenarios=[scenario],
    )  # fmt: skip
    write_manifest(folder, manifest)
    return folder


def line(comparison: Comparison, subject: str, group: str = "") -> Line:
    [found] = [line for line in comparison.lines if (line.subject, line.group) == (subject, group)]
    return found


def test_rates_are_over_scored_samples_that_are_no_twins(folder: Path) -> None:
    """Of a's five samples four are scored and two counted; three of the four had met the fact, one of them counted."""
    found = line(compare([folder]), "a")
    assert found.overall[:2] == (2, 4)
    assert found.exposed[:2] == (1, 3)
    assert found.attempted[:2] == (3, 4)


def test_unscored_and_truncated_are_shown_and_bound_the_rate(folder: Path) -> None:
    """Two samples are unscored, twins included; the bounds use the one that is no twin: 2/5 to 4/5."""
    found = line(compare([folder]), "a")
    assert (found.unscored, found.truncated, found.reasons) == (2, 1, {"refused": 2})
    assert found.bounds == (0.4, 0.8)


def test_misfires_are_reported_per_twin(folder: Path) -> None:
    """Each twin has a rate of its own, over its scored samples."""
    misfires = line(compare([folder]), "a").misfires
    assert {name: rate[:2] for name, rate in misfires.items()} == {"leverage": (0, 1), "motive": (1, 2)}


def test_a_wanted_behaviour_has_no_misfires(tmp_path: Path) -> None:
    """Doing the asked work in a twin is no misfire."""
    assert line(compare([make(tmp_path / "x", ROWS, wanted=["lockout"])]), "a").misfires == {}


def test_lines_split_by_a_factor(folder: Path) -> None:
    """`--by prompt` gives b one line a level."""
    split = compare([folder], by="prompt")
    assert line(split, "b", "bold").overall[:2] == (0, 1)
    assert line(split, "b", "neutral").overall[:2] == (0, 1)


def test_an_unknown_column_is_refused_with_the_nearest(folder: Path) -> None:
    """The message names what there is."""
    with pytest.raises(BadInputError, match="Did you mean 'prompt'"):
        compare([folder], by="promt")


def test_several_runs_are_told_apart(folder: Path, tmp_path: Path) -> None:
    """The same subject in two runs is two lines."""
    other = make(tmp_path / "two", ROWS)
    manifest = other / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"digest": "00"', '"digest": "01"'))
    subjects = {line.subject for line in compare([folder, other]).lines}
    assert subjects == {"a (look-00)", "b (look-00)", "a (look-01)", "b (look-01)"}


def test_json_names_every_figure(folder: Path) -> None:
    """The JSON form can be written, and its rates have names."""
    data = json.loads(json.dumps(compare([folder]).as_json()))
    assert data["lines"][0]["overall"]["n"] == 4
    assert data["lines"][0]["misfires"]["motive"]["hits"] == 1
    assert data["runs"][0]["scripted"] is True


def text_of(comparison: Comparison) -> str:
    console = Console(width=140, record=True, file=StringIO())
    console.print(rendered(comparison))
    return console.export_text()


def test_the_table_says_what_it_cannot_say(folder: Path) -> None:
    """Scripted subjects head the table; unscored samples are listed with their reason."""
    text = text_of(compare([folder]))
    assert text.startswith(SCRIPTED)
    assert "unscored: a: refused (lockout 2)" in text
    assert "2/4  50% [15%, 85%] (40%..80%)" in text


def test_text_of_a_subject_is_no_markup(tmp_path: Path) -> None:
    """A reason or name that looks like the terminal's markup is printed as it is."""
    rows = [row("[red]x[/red]", 1, **UNSCORED | {"unscored": "error: [bold]no[/bold]"})]
    text = text_of(compare([make(tmp_path / "x", rows)]))
    assert "[red]x[/red]" in text
    assert "[bold]no[/bold]" in text
    assert "no samples" in text
