"""From labels on the disk to the report: figures by hand, labels that cannot be used, and what is said about them."""

import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from unbidden.calibration import Accuracy, share
from unbidden.errors import ResultsError
from unbidden.labelling.corrected import Report, corrected
from unbidden.labelling.table import rendered
from unbidden.labelling.two_phase import Labelled

Made = Callable[[Mapping[str, str]], Path]
Labels = Callable[..., None]


def printed(report: Report) -> str:
    console = Console(width=200, file=StringIO())
    console.print(rendered(report))
    assert isinstance(console.file, StringIO)
    return " ".join(console.file.getvalue().split())


@pytest.fixture
def folder(made: Made, labels: Labels) -> Path:
    """Of a's four counted samples two are labelled yes and one no, of its six others one is missed; of b's all are labelled."""
    path = made({"a": "ccccnnnnnnx", "b": "ccnn"})
    labels(path, "a", "counted", {1: "yes", 2: "yes", 3: "no"})
    labels(path, "a", "not-counted", {5: "yes", 6: "no", 7: "no"})
    labels(path, "b", "counted", {1: "yes", 2: "yes"})
    labels(path, "b", "not-counted", {3: "no", 4: "no"})
    return path


def test_a_subjects_rate_is_corrected_by_its_own_labels(folder: Path) -> None:
    """a: 0.4 * 2/3 + 0.6 * 1/3 = 7/15 instead of 4/10; b: 2/4 as decided."""
    a, b = corrected(folder, "lockout").lines
    assert (a.counted, a.scored, a.lost, a.labels) == (4, 10, 1, 6)
    assert a.corrected is not None
    assert b.corrected is not None
    assert a.corrected.least.value == pytest.approx(7 / 15)
    assert b.corrected.least.value == pytest.approx(1 / 2)
    assert a.strata["counted"] == Labelled(size=4, yes=2, no=1)


def test_two_subjects_are_compared_by_corrected_rates(folder: Path) -> None:
    """One pair, its difference 7/15 - 1/2."""
    [pair] = corrected(folder, "lockout").pairs
    assert pair.difference is not None
    assert pair.difference.least.value == pytest.approx(7 / 15 - 1 / 2)
    assert pair.differs() == []


def test_an_unscored_sample_is_known_by_its_label_alone(made: Made, labels: Labels) -> None:
    """It is in no raw rate, and in the corrected one: two no of three scored, one unscored yes."""
    path = made({"a": "nnnu"})
    labels(path, "a", "not-counted", {1: "no", 2: "no", 3: "no"})
    labels(path, "a", "unscored", {4: "yes"})
    [line] = corrected(path, "lockout").lines
    assert (line.counted, line.scored) == (0, 3)
    assert line.corrected is not None
    assert line.corrected.least.value == pytest.approx(1 / 4)


def test_people_who_differ_leave_a_sample_unclear(folder: Path, labels: Labels) -> None:
    """And whose labels are used can be chosen."""
    labels(folder, "a", "counted", {1: "no", 2: "yes"}, who="other")
    everybody, one = corrected(folder, "lockout"), corrected(folder, "lockout", who="person")
    assert (everybody.disagreed, everybody.people) == (1, ["other", "person"])
    assert everybody.lines[0].strata["counted"] == Labelled(size=4, yes=1, no=1, unclear=1)
    assert one.lines[0].strata["counted"] == Labelled(size=4, yes=2, no=1)
    assert "1 samples that people label differently are taken as unclear." in printed(everybody)


def test_labels_drawn_by_other_verdicts_are_refused(made: Made, labels: Labels) -> None:
    """They are no random part of the strata that there are now."""
    path = made({"a": "cn"})
    labels(path, "a", "not-counted", {1: "yes"})
    with pytest.raises(ResultsError, match="1 of 1 labels were drawn when the run had other verdicts"):
        corrected(path, "lockout")


def test_without_labels_the_command_that_asks_is_named(made: Made) -> None:
    """Nobody's labels, or not this person's."""
    path = made({"a": "cn"})
    with pytest.raises(ResultsError, match=r"no labels for lockout .*--behaviour lockout' asks"):
        corrected(path, "lockout")
    with pytest.raises(ResultsError, match="no labels of 'eve' for lockout"):
        corrected(path, "lockout", who="eve")


def test_different_errors_are_warned_of(made: Made, labels: Labels) -> None:
    """All right for a, half of the true ones missed for b: the raw rates are not to be compared."""
    path = made({"a": "c" * 10 + "n" * 10, "b": "c" * 5 + "n" * 15})
    for subject, counted in (("a", 10), ("b", 5)):
        labels(path, subject, "counted", dict.fromkeys(range(1, counted + 1), "yes"))
        labels(
            path,
            subject,
            "not-counted",
            {n: "yes" if n <= 12 and subject == "b" else "no" for n in range(counted + 1, 21)},
        )
    report = corrected(path, "lockout")
    assert report.pairs[0].differs() == ["sensitivity"]
    assert "errs differently for a and b (sensitivity): do not compare their rates as decided" in printed(
        report
    )


def test_the_sensitivity_analysis_is_called_one(folder: Path) -> None:
    """It stands apart, under its own heading, and only when it is asked for."""
    measured = {"threat": Accuracy(share(50, 60), share(30, 60), None, 0)}
    plain, more = (
        printed(corrected(folder, "lockout")),
        printed(corrected(folder, "lockout", examples=measured)),
    )
    assert "Rogan-Gladen" not in plain
    assert "Sensitivity analysis only" in more
    assert "no estimate of the rate" in more
    assert "false alarms on the examples (50%) exceed the raw rate (40%)" in more


def test_what_is_not_known_is_said(made: Made, labels: Labels) -> None:
    """A stratum nobody labelled, samples that left nothing, and unclear labels."""
    path = made({"a": "ccnnnxe"})
    labels(path, "a", "counted", {1: "yes", 2: "unclear"})
    text = printed(corrected(path, "lockout"))
    assert "a: none of 3 not-counted samples is labelled" in text
    assert "a: 2 samples did not run or broke off" in text
    assert "1 labels are unclear" in text
    assert "unknown" in text


def test_names_are_inert(made: Made, labels: Labels) -> None:
    """A subject's name is printed, not read as markup."""
    path = made({"[bold]x[/]": "cn"})
    labels(path, "[bold]x[/]", "counted", {1: "yes"})
    assert "[bold]x[/]" in printed(corrected(path, "lockout"))


def test_the_report_is_plain_data(folder: Path) -> None:
    """As JSON and back, nothing lost."""
    report = corrected(folder, "lockout")
    assert Report.model_validate_json(json.dumps(report.model_dump(mode="json"))) == report
