"""Labels on the disk: nothing that was answered is lost, and what is no label is said to be none."""

from pathlib import Path

import pytest

from unbidden.errors import ResultsError
from unbidden.labelling.store import Answer, Label, keep, labels_path, latest, read_labels


def label(sample: str, answer: Answer = "yes", who: str = "a", note: str = "") -> Label:
    return Label(
        subject="m", scenario="s", sample=sample, stratum="counted", label=answer, who=who, note=note
    )


def test_labels_come_back_as_they_were_given(tmp_path: Path) -> None:
    """In their order, with notes in any script and with line breaks in them."""
    path = labels_path(tmp_path, "lockout")
    given = [label("1", note="naïve\n\u2028 “quoted”"), label("2", "no"), label("3", "unclear")]
    for one in given:
        keep(path, one)
    assert read_labels(path) == given


def test_before_the_first_label_there_are_none(tmp_path: Path) -> None:
    """No file is no error."""
    assert read_labels(labels_path(tmp_path, "lockout")) == []


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    """After a crash in the middle of a line the labels before it are read, and the next one is kept whole."""
    path = labels_path(tmp_path, "lockout")
    keep(path, label("1"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"subject": "m", "scen')
    assert read_labels(path) == [label("1")]
    keep(path, label("2"))
    assert read_labels(path) == [label("1"), label("2")]


def test_a_line_that_is_no_label_is_named(tmp_path: Path) -> None:
    """With file, line and what to do; it is not passed over."""
    path = labels_path(tmp_path, "lockout")
    keep(path, label("1"))
    path.write_text(path.read_text() + '{"label": "perhaps"}\n', encoding="utf-8")
    with pytest.raises(ResultsError, match=r"lockout.jsonl:2: no label: .*\. Mend the line or delete it"):
        read_labels(path)


def test_the_last_word_counts() -> None:
    """A person's later label of a sample replaces the earlier one, another person's does not."""
    given = [label("1", "yes"), label("1", "no"), label("1", "unclear", who="b")]
    assert latest(given) == given[1:]
