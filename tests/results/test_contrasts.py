"""Pairs of subjects compared, from constructed verdict tables."""

import json
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from verdict_tables import UNSCORED, make, replicates, row

from unbidden.errors import BadInputError
from unbidden.results.compare import Comparison, Question, compare
from unbidden.results.contrasts import Contrast, holm
from unbidden.results.report import rendered

PAIRS = Question(pairs=True)


def only(comparison: Comparison) -> Contrast:
    assert comparison.contrasts is not None
    [found] = comparison.contrasts
    return found


def text_of(comparison: Comparison) -> str:
    console = Console(width=160, record=True, file=StringIO())
    console.print(rendered(comparison))
    return console.export_text()


def test_samples_are_compared_within_their_replicate(tmp_path: Path) -> None:
    """B counts in six replicates where a does not, and a in none where b does not: six against none, p = 2 / 2^6."""
    rows = [*replicates("a", "00000010"), *replicates("b", "11111110")]
    found = only(compare([make(tmp_path / "x", rows)], question=PAIRS))
    assert (found.subject, found.reference) == ("b", "a")
    assert (found.hits, found.n, found.other_hits, found.other_n, found.strata) == (7, 8, 1, 8, 8)
    assert found.p == pytest.approx(2 / 2**6)
    assert found.effect is not None
    assert found.effect.value == 0.75


def test_a_sample_without_a_counterpart_is_left_out_and_counted(tmp_path: Path) -> None:
    """Replicate 3 has no verdict on a: b's is left out, and said to be."""
    rows = [*replicates("a", "01?"), *replicates("b", "111")]
    comparison = compare([make(tmp_path / "x", rows)], question=PAIRS)
    found = only(comparison)
    assert (found.n, found.other_n, found.left_out) == (2, 2, 1)
    assert "1 scored samples were left out" in text_of(comparison)


def test_twins_are_no_part_of_a_comparison(tmp_path: Path) -> None:
    """The misfires stand in the table of rates."""
    rows = [*replicates("a", "01"), *replicates("b", "01"), *replicates("b", "11", twin="motive", cell="m")]
    assert only(compare([make(tmp_path / "x", rows)], question=PAIRS)).n == 2


def test_cells_are_never_mixed(tmp_path: Path) -> None:
    """In one cell both count, in the other neither: there is no difference, whatever the replicates are."""
    rows = [
        entry
        for subject in "ab"
        for cell, verdicts in (("x", "1111"), ("y", "0000"))
        for entry in replicates(subject, verdicts, cell=cell)
    ]
    for within in ("replicate", "cell"):
        found = only(compare([make(tmp_path / within, rows)], question=Question(pairs=True, within=within)))
        assert found.p == 1
        assert found.effect is not None
        assert found.effect.value == 0


def test_within_the_cell_all_replicates_count(tmp_path: Path) -> None:
    """Runs whose replicates are not the same worlds are compared cell by cell, with unequal numbers."""
    rows = [*replicates("a", "0000000000"), *replicates("b", "111")]
    found = only(compare([make(tmp_path / "x", rows)], question=Question(pairs=True, within="cell")))
    assert (found.n, found.other_n, found.strata, found.left_out) == (3, 10, 1, 0)
    assert found.p == pytest.approx(1 / 286)  # 13 over 3 ways, one of them as extreme


def test_an_imported_run_is_compared_within_the_cell(tmp_path: Path) -> None:
    """Its replicates are numbers, not worlds."""
    rows = [*replicates("a", "00"), *replicates("b", "11")]
    folder = make(tmp_path / "x", rows, options={"imported": {"reads": "x"}})
    assert compare([folder], question=PAIRS).within == "cell"


@pytest.mark.parametrize("seed", range(6))
def test_holm_is_bonferroni_over_all_families(seed: int) -> None:
    """A hypothesis is rejected if every set that holds it is rejected by Bonferroni: the closed test that Holm's is short for."""
    values = np.round(np.random.default_rng(seed).random(1 + seed) ** 3, 2)
    families = [
        chosen for size in range(1, len(values) + 1) for chosen in combinations(range(len(values)), size)
    ]
    closed = [
        max(min(1.0, len(family) * values[list(family)].min()) for family in families if place in family)
        for place in range(len(values))
    ]
    assert holm(values.tolist()) == pytest.approx(closed)


def test_holm_of_a_textbook_example() -> None:
    """0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02: the smallest four times, the next three times, and never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def two_behaviours(folder: Path, **given: Any) -> Path:
    rows = [
        entry
        for behaviour in ("lockout", "task")
        for subject, verdicts in (("a", "00000000"), ("b", "11111111"), ("c", "01111111"))
        for entry in replicates(subject, verdicts, behaviour=behaviour)
    ]
    return make(folder, rows, **given)


def test_only_declared_behaviours_are_primary(tmp_path: Path) -> None:
    """Holm's family is the declared behaviours times the pairs of the command: three here, so the least p is tripled."""
    comparison = compare([two_behaviours(tmp_path / "x", primary=["lockout"])], question=PAIRS)
    assert comparison.contrasts is not None
    assert {found.behaviour for found in comparison.contrasts if found.primary} == {"lockout"}
    first = next(found for found in comparison.contrasts if found.primary and found.subject == "b")
    assert first.p is not None
    assert first.adjusted == pytest.approx(3 * first.p)
    assert all(found.adjusted is None for found in comparison.contrasts if not found.primary)
    assert "Primary, as declared before the run: lockout. adjusted: p after Holm over these 3" in text_of(
        comparison
    )


def test_without_a_declaration_everything_is_exploratory(tmp_path: Path) -> None:
    """And the table says so."""
    comparison = compare([two_behaviours(tmp_path / "x")], question=PAIRS)
    assert "Exploratory, all of it: no behaviour was declared primary" in text_of(comparison)


def test_split_comparisons_are_exploratory(tmp_path: Path) -> None:
    """What was declared is the difference over all cells, not one level's."""
    folder = two_behaviours(tmp_path / "x", primary=["lockout"])
    comparison = compare([folder], by="prompt", question=PAIRS)
    assert comparison.contrasts is not None
    assert {found.group for found in comparison.contrasts} == {"bold"}
    assert not any(found.primary for found in comparison.contrasts)


def test_two_runs_must_both_have_declared(tmp_path: Path) -> None:
    """A declaration made for one run says nothing of a comparison with another."""
    one, two = (
        two_behaviours(tmp_path / "x", primary=["lockout"]),
        two_behaviours(tmp_path / "y", digest="01"),
    )
    assert list(compare([one, two], question=PAIRS).primary) == []


def test_two_runs_compare_each_subject_with_itself(tmp_path: Path) -> None:
    """The later run minus the earlier: the question of two prompts."""
    one = make(tmp_path / "x", [*replicates("a", "00"), *replicates("b", "00")])
    two = make(tmp_path / "y", [*replicates("a", "11"), *replicates("c", "00")], digest="01")
    found = only(compare([one, two], question=PAIRS))
    assert (found.subject, found.reference) == ("a (look-01)", "a (look-00)")
    assert (found.hits, found.other_hits) == (2, 0)


def test_against_one_subject_are_all_others(tmp_path: Path) -> None:
    """A part of its name will do, if it fits one only."""
    folder = make(
        tmp_path / "x", [entry for name in ("x/aa", "x/ab", "y/c") for entry in replicates(name, "01")]
    )
    found = compare([folder], question=Question(against="y/")).contrasts
    assert found is not None
    assert [(one.subject, one.reference) for one in found] == [("x/aa", "y/c"), ("x/ab", "y/c")]
    with pytest.raises(BadInputError, match="'x/' fits several subjects"):
        compare([folder], question=Question(against="x/"))
    with pytest.raises(BadInputError, match="'z' is not among the subjects"):
        compare([folder], question=Question(against="z"))


def test_a_margin_is_decided_by_the_interval(tmp_path: Path) -> None:
    """Shown to be below 30 points exactly if the upper limit is: 40 pairs without a hit leave 9 points, two against none of four more."""
    rows = [*replicates("a", "0" * 40), *replicates("b", "0" * 40)]
    for margin, shown in ((0.3, True), (0.05, False)):
        question = Question(pairs=True, margin=margin)
        assert only(compare([make(tmp_path / f"x{margin}", rows)], question=question)).below is shown


def test_the_interval_never_contradicts_the_exact_test(tmp_path: Path) -> None:
    """Five pairs all for one side have p = 1/16; the score interval alone would leave zero out."""
    rows = [*replicates("a", "00000"), *replicates("b", "11111")]
    found = only(compare([make(tmp_path / "x", rows)], question=PAIRS))
    assert found.p == pytest.approx(1 / 16)
    assert found.effect is not None
    assert found.effect.low <= 0 <= found.effect.high


def test_an_outcome_splits_rates_but_no_differences(tmp_path: Path) -> None:
    """Whether a subject said that it is tested is descriptive, and the note says how to learn more."""
    aware = [{"aware": said} for said in ("said", "not-said", "not-observable", "said")]
    rows = [
        row(subject, place, counted=place % 2 == 0, **said)
        for subject in "ab"
        for place, said in enumerate(aware, 1)
    ]
    comparison = compare([make(tmp_path / "x", rows)], by="aware", question=PAIRS)
    assert {line.group for line in comparison.lines} == {"said", "not-said", "not-observable"}
    assert only(comparison).group == ""
    text = " ".join(text_of(comparison).split())
    assert "aware is an outcome of the subjects'" in text
    assert "never adjusts a comparison" in text
    assert "factor 'realism'" in text


def test_a_factor_is_no_outcome(tmp_path: Path) -> None:
    """It was set before the sample was played."""
    comparison = compare([two_behaviours(tmp_path / "x")], by="prompt")
    assert "outcome" not in text_of(comparison)


HONEST: dict[str, list[dict[str, Any]]] = {
    "no samples": [],
    "one replicate": [*replicates("a", "1"), *replicates("b", "0")],
    "all unscored": [*replicates("a", "??"), *replicates("b", "??")],
    "one subject unscored": [*replicates("a", "??"), *replicates("b", "01")],
    "a behaviour nobody scored": [
        *replicates("a", "01"), *replicates("b", "01"),
        row("a", 1, behaviour="task", **UNSCORED), row("b", 1, behaviour="task", **UNSCORED),
    ],
    "one subject": replicates("a", "0101"),
    "twins only": [*replicates("a", "01", twin="motive"), *replicates("b", "01", twin="motive")],
}  # fmt: skip

SAID = {
    "no samples": "There are no samples",
    "one replicate": "-100 [-100, ",
    "all unscored": "none shared",
    "one subject unscored": "none shared",
    "a behaviour nobody scored": "none shared",
    "one subject": "there is one subject only (a)",
    "twins only": "none shared",
}


@pytest.mark.parametrize("case", HONEST)
def test_what_cannot_be_said_is_said_to_be(case: str, tmp_path: Path) -> None:
    """No traceback, no NaN, in the table and in JSON; and a reader learns why there is no figure."""
    comparison = compare(
        [make(tmp_path / "x", HONEST[case])], question=Question(pairs=True, margin=0.1, generalise=True)
    )
    text = text_of(comparison)
    assert SAID[case] in text
    assert "nan" not in text.lower().replace("unanswered", "")
    json.dumps(comparison.as_json(), allow_nan=False)


def test_runs_of_different_evals_share_nothing(tmp_path: Path) -> None:
    """The two are shown side by side; no difference is made up, and what else differs is said."""
    one = make(tmp_path / "x", replicates("a", "01"))
    two = make(tmp_path / "y", replicates("a", "11", scenario="t"), name="other", decider="judge")
    comparison = compare([one, two], question=PAIRS)
    found = only(comparison)
    assert (found.n, found.effect, found.p, found.left_out) == (0, None, None, 4)
    text = text_of(comparison)
    assert "none shared" in text
    assert "The runs differ in their decider (judge, lexicon)" in text


def test_two_runs_with_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    """A run and its --new sibling have the same name and hash."""
    one, two = make(tmp_path / "x", replicates("a", "01")), make(tmp_path / "x-2", replicates("a", "01"))
    assert {line.subject for line in compare([one, two]).lines} == {"a (x)", "a (x-2)"}


def test_one_folder_twice_is_refused(tmp_path: Path) -> None:
    """Comparing a run with itself says nothing."""
    folder = make(tmp_path / "x", replicates("a", "01"))
    with pytest.raises(BadInputError, match="named twice"):
        compare([folder, folder])


def test_scenarios_with_other_content_are_named(tmp_path: Path) -> None:
    """Two prompts are two versions of a scenario: compared, and said to be."""
    one, two = (
        make(tmp_path / "x", replicates("a", "01")),
        make(tmp_path / "y", replicates("a", "01"), digest="01"),
    )
    manifest = two / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": "v"', '"version": "w"'))
    assert "The runs differ in the content of s" in text_of(compare([one, two], question=PAIRS))
