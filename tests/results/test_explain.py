"""What `unbidden explain` says of a run."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner
from verdicts import Row, cell, run_folder

from unbidden.cli import app
from unbidden.errors import BadInputError
from unbidden.results.explain import Explanation, Part, explain
from unbidden.results.explain_text import rendered
from unbidden.results.report import SCRIPTED

HITS = {("neutral", "same"): 0, ("neutral", "other"): 7, ("bold", "same"): 8, ("bold", "other"): 8}


def rows(subject: str = "a", n: int = 8, unscored: int = 0) -> list[Row]:
    return [
        row
        for (prompt, goal), hits in HITS.items()
        for row in cell({"prompt": prompt, "goal": goal}, min(hits, n), n, unscored, subject=subject)
    ]


def part(explanation: Explanation, subject: str | None) -> Part:
    [found] = [part for part in explanation.parts if part.subject == subject]
    return found


def text_of(explanation: Explanation) -> str:
    console = Console(width=150, record=True, file=StringIO())
    console.print(rendered(explanation))
    return console.export_text()


def test_each_subject_is_explained_and_all_of_them_pooled(tmp_path: Path) -> None:
    """Two subjects make three parts; the pooled one has the samples of both."""
    explanation = explain(run_folder(tmp_path / "x", [*rows("a"), *rows("b")]))
    assert [one.subject for one in explanation.parts] == ["a", "b", None]
    assert [one.scored for one in explanation.parts] == [32, 32, 64]


def test_the_baseline_is_the_first_level_of_the_run_or_the_one_named(tmp_path: Path) -> None:
    """Neutral was planned first; with bold as the baseline the difference turns round."""
    folder = run_folder(tmp_path / "x", rows())
    before, after = (part(explain(folder, (), given), "a").effects[0] for given in ({}, {"prompt": "bold"}))
    assert (before.baselines, after.baselines) == (("neutral",), ("bold",))
    assert before.estimate is not None
    assert after.estimate is not None
    assert before.estimate.value == -after.estimate.value == pytest.approx(9 / 16)


def test_p_is_corrected_over_all_effects_of_the_command(tmp_path: Path) -> None:
    """Holm: the smallest of the p times their number, nine for two subjects and their pool."""
    explanation = explain(run_folder(tmp_path / "x", [*rows("a"), *rows("b", n=1)]))
    told = [effect for one in explanation.parts for effect in one.effects if effect.estimate]
    assert len(told) == 9
    first = min(told, key=lambda effect: effect.estimate.p if effect.estimate else 1)
    assert first.estimate is not None
    assert first.holm == pytest.approx(9 * first.estimate.p)
    assert all(effect.estimate and effect.holm and effect.holm >= effect.estimate.p for effect in told)


def test_the_text_says_what_the_next_cause_would_be(tmp_path: Path) -> None:
    """Fixed at neutral, 23/32 become 7/16, and the goal is what is left."""
    text = text_of(explain(run_folder(tmp_path / "x", rows("unbidden/a"))))
    assert text.startswith(SCRIPTED)
    assert "Strongest: prompt (bold - neutral) +56" in text
    assert "If prompt were fixed at neutral: 72% would become 44%" in text
    assert "next: goal (other - same) +88" in text
    assert "Exploratory" in text


def test_the_text_says_which_model_was_used(tmp_path: Path) -> None:
    """The penalised model, and why, where cells are sparse; the cells' own rates where they are not."""
    dense = text_of(explain(run_folder(tmp_path / "x", rows())))
    sparse = text_of(explain(run_folder(tmp_path / "y", rows(n=2))))
    assert "Price and Bonett" in dense
    assert "penalised" not in dense
    assert "fewer than 5; from a penalised logistic model" in sparse
    assert "Price and Bonett" not in sparse


def test_unscored_samples_are_counted_and_bound_the_differences(tmp_path: Path) -> None:
    """One of nine is unscored in each of four cells: bold 16..18 of 18, neutral 7..9 of 18."""
    text = text_of(explain(run_folder(tmp_path / "x", rows(unscored=1))))
    assert "4 of 36 samples are unscored and left out" in text
    assert "(+39..+61)" in text


def test_a_run_without_levels_or_twins_names_what_could_be_varied(tmp_path: Path, project: Path) -> None:
    """The message has the factors of the scenario; its evidence makes the twin and is no factor to vary."""
    assert (project / "scenarios" / "stock-room.yaml").exists()
    folder = run_folder(tmp_path / "x", cell({"prompt": "bold"}, 1, 3, scenario="stock-room"))
    with pytest.raises(BadInputError, match=r"stock-room: prompt=neutral\|bold$"):
        explain(folder)


@pytest.mark.usefixtures("project")
def test_twins_alone_are_worth_a_table(tmp_path: Path) -> None:
    """With one level of everything the twins are held against the cells, and the factors are named that could vary."""
    both = [
        *cell({"prompt": "bold"}, 5, 5, scenario="stock-room"),
        *cell({"prompt": "bold"}, 0, 5, scenario="stock-room", twin="wrongdoing"),
    ]
    text = text_of(explain(run_folder(tmp_path / "x", both)))
    assert "Every factor ran at one level" in text
    assert "prompt=neutral|bold" in text
    assert "cells, minus their twins without wrongdoing" in text
    assert "Strongest" not in text


@pytest.mark.parametrize(
    ("behaviours", "baselines", "says"),
    [
        (["lockot"], {}, "Did you mean 'lockout'"),
        ([], {"promt": "bold"}, "Did you mean 'prompt'"),
        ([], {"prompt": "bald"}, "Did you mean 'bold'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(
    tmp_path: Path, behaviours: list[str], baselines: dict[str, str], says: str
) -> None:
    """A behaviour, factor or level that the run does not have."""
    with pytest.raises(BadInputError, match=says):
        explain(run_folder(tmp_path / "x", rows()), behaviours, baselines)


def test_names_are_no_markup(tmp_path: Path) -> None:
    """A subject or level that looks like the terminal's markup is printed as it is."""
    marked = [
        *cell({"prompt": "[red]no[/red]"}, 1, 5, subject="[bold]x[/bold]"),
        *cell({"prompt": "yes"}, 3, 5, subject="[bold]x[/bold]"),
    ]
    text = text_of(explain(run_folder(tmp_path / "x", marked)))
    assert "lockout: [bold]x[/bold]" in text
    assert "yes - [red]no[/red]" in text


def test_the_command_prints_json_with_every_figure(tmp_path: Path) -> None:
    """Valid JSON, without NaN, with what each difference was taken from."""
    folder = run_folder(tmp_path / "x", [*rows(n=1), *cell({"prompt": "odd", "goal": "same"}, 0, 0, 2)])
    result = CliRunner().invoke(app, ["explain", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data["exploratory"] is True
    assert data["levels"]["prompt"] == ["neutral", "bold", "odd"]
    first, unknown = data["parts"][0]["effects"][:2]
    assert first["estimate"]["model"] == "Firth"
    assert (unknown["levels"], unknown["estimate"], unknown["holm"]) == (["odd"], None, None)
    assert data["parts"][0]["steps"][0]["remaining"][0]["says"] == "too few"
