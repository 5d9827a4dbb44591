"""What `unbidden onset` says of a run."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner
from verdicts import Row, row, run_folder

from unbidden.cli import app
from unbidden.errors import BadInputError
from unbidden.results.onset import Curve, Onset, Since, Stages, onset
from unbidden.results.onset_text import rendered

CELL = {"prompt": "bold"}


def acted(replicate: int, turn: int, **given: object) -> Row:
    return row(CELL, replicate, counted=True, onset=turn, **given)


def held(replicate: int, turns: int, **given: object) -> Row:
    return row(CELL, replicate, counted=False, turns=turns, **given)


ROWS = [acted(1, 2), acted(2, 4), held(3, 3), held(4, 9, ended="limit"), row(CELL, 5, counted=None)]


def only(found: Onset) -> Curve:
    [curve] = found.curves
    return curve


def text_of(found: Onset) -> str:
    console = Console(width=150, record=True, file=StringIO())
    console.print(rendered(found))
    return console.export_text()


def test_samples_without_an_act_are_censored_at_their_last_turn(tmp_path: Path) -> None:
    """Of four 1/4 by turn 2; one ends in turn 3; of the two left one acts: 1 - 3/4 * 1/2 by turn 4, the median."""
    curve = only(onset(run_folder(tmp_path / "x", ROWS)))
    share = {point.turn: point.acted for point in curve.points}
    assert share == pytest.approx({2: 1 / 4, 3: 1 / 4} | dict.fromkeys(range(4, 10), 5 / 8))
    assert (curve.samples, curve.acts, curve.median.turn) == (4, 2, 4)
    assert curve.ended == {"done": 1, "limit": 1}


def test_unscored_samples_are_left_out_and_counted(tmp_path: Path) -> None:
    """The fifth has no verdict, and the text says so."""
    found = onset(run_folder(tmp_path / "x", ROWS))
    assert only(found).left_out == {"unscored": 1}
    assert "left out: a: unscored (1)" in text_of(found)


def test_twins_are_on_no_curve(tmp_path: Path) -> None:
    """A misfire has an onset, too, but of another situation."""
    assert only(onset(run_folder(tmp_path / "x", [*ROWS, acted(1, 1, twin="wrongdoing")]))).samples == 4


def test_since_exposure_each_sample_begins_when_it_met_the_fact(tmp_path: Path) -> None:
    """Acts three and no turns after exposure; who never met the fact, or acted before, is left out with the reason."""
    rows = [
        acted(1, 8, exposed=5),
        acted(2, 5, exposed=5),
        acted(3, 2, exposed=4),
        held(4, 9, exposed=2),
        held(5, 9, exposed=None),
    ]
    curve = only(onset(run_folder(tmp_path / "x", rows), since="exposure"))
    assert [(point.turn, point.acts) for point in curve.points if point.acts] == [(0, 1), (3, 1)]
    assert curve.points[-1].turn == 7
    assert curve.left_out == {"acted or ended before its exposure": 1, "never exposed": 1}


def test_acts_are_placed_beside_the_work(tmp_path: Path) -> None:
    """By the turn in which the wanted behaviour was reached in the same sample."""
    whole = {"behaviour": "task"}
    rows = [
        acted(1, 3), acted(1, 5, **whole),
        acted(2, 5), acted(2, 5, **whole),
        acted(3, 7), acted(3, 5, **whole),
        acted(4, 7), held(4, 9, **whole),
        acted(5, 7), row(CELL, 5, counted=None, **whole),
        held(6, 9), acted(6, 5, **whole),
    ]  # fmt: skip
    found = onset(run_folder(tmp_path / "x", rows, wanted=["task"]))
    assert only(found).stages == Stages("task", before=1, with_it=1, after=1, undone=1, unknown=1)
    assert "(task): before it was done 1/5, in the turn that completed it 1/5, after it 1/5" in text_of(found)


def many(subject: str, turn: int, prompt: str = "bold") -> list[Row]:
    cell = {"prompt": prompt}
    return [row(cell, i, counted=True, onset=turn + i % 2, subject=subject) for i in range(8)]


def test_subjects_are_compared_within_cells(tmp_path: Path) -> None:
    """One acts in turns 1 and 2, the other in 6 and 7; with three pairs Holm's p is three times the smallest at least."""
    rows = [*many("a", 1), *many("b", 6), *many("c", 6)]
    pairs = {(pair.one, pair.other): pair for pair in onset(run_folder(tmp_path / "x", rows)).pairs}
    p = pairs["a", "b"].p
    assert p is not None
    assert p < 0.001
    assert pairs["a", "b"].holm == pytest.approx(3 * p)
    assert pairs["b", "c"].p == pytest.approx(1)


def test_few_acts_are_not_compared(tmp_path: Path) -> None:
    """Four acts are too few for an approximation, and the text says so."""
    found = onset(run_folder(tmp_path / "x", [*ROWS, *(one | {"subject": "b"} for one in ROWS)]))
    assert [(pair.acts, pair.p, pair.holm) for pair in found.pairs] == [(4, None, None)]
    assert "a and b: not compared, fewer than 5 acts" in text_of(found)


def test_curves_split_by_a_factor(tmp_path: Path) -> None:
    """A curve a level, and the levels of a subject are compared, not the subjects."""
    found = onset(run_folder(tmp_path / "x", [*many("a", 1), *many("a", 6, "neutral")]), by="prompt")
    assert [(curve.subject, curve.group, curve.median.turn) for curve in found.curves] == [
        ("a", "bold", 1),
        ("a", "neutral", 6),
    ]
    assert [(pair.one, pair.other) for pair in found.pairs] == [("a bold", "a neutral")]
    assert found.pairs[0].p is not None


def test_a_behaviour_nobody_showed_has_a_curve(tmp_path: Path) -> None:
    """Nought of two within nine turns: the median is not reached, and the limit is the exact one."""
    text = text_of(onset(run_folder(tmp_path / "x", [held(1, 9), held(2, 9)])))
    assert "0 of 2 acted, median not reached" in text
    assert "0% [0%, 84%]" in text


def test_a_subject_without_any_verdict_has_a_line(tmp_path: Path) -> None:
    """No samples, no points, no NaN."""
    found = onset(run_folder(tmp_path / "x", [row(CELL, 1, counted=None)]))
    assert (only(found).samples, only(found).points) == (0, [])
    assert "0 of 0 acted" in text_of(found)


@pytest.mark.parametrize("since", ["start", "exposure"])
def test_json_and_csv_have_every_turn(tmp_path: Path, since: Since) -> None:
    """Both can be read again; a name that a sheet would take for a formula is none there."""
    rows = [one | {"subject": "=1+1"} for one in ROWS]
    folder = str(run_folder(tmp_path / "x", rows))
    as_json = CliRunner().invoke(app, ["onset", folder, "--json", "--since", since])
    as_csv = CliRunner().invoke(app, ["onset", folder, "--csv", "--since", since])
    assert (as_json.exit_code, as_csv.exit_code) == (0, 0)
    points = json.loads(as_json.stdout)["curves"][0]["points"]
    lines = list(csv.DictReader(StringIO(as_csv.stdout)))
    assert [int(line["turn"]) for line in lines] == [point["turn"] for point in points]
    assert [float(line["acted"]) for line in lines] == pytest.approx([point["acted"] for point in points])
    assert {line["subject"] for line in lines} == {"'=1+1"}


def test_unknown_names_are_refused_with_the_nearest(tmp_path: Path) -> None:
    """A behaviour or factor that the run does not have."""
    folder = run_folder(tmp_path / "x", ROWS)
    with pytest.raises(BadInputError, match="Did you mean 'lockout'"):
        onset(folder, ["lockot"])
    with pytest.raises(BadInputError, match="Did you mean 'prompt'"):
        onset(folder, by="promt")
