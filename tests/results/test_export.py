"""A comparison as Markdown, CSV and lines for a pull request."""

import csv
import io
import re
from pathlib import Path

import pytest
from verdict_tables import make, replicates

from unbidden.results.compare import Comparison, Question, compare
from unbidden.results.export import markdown, pull_request, table_csv

EVIL = '=HYPERLINK("http://x")|<img src=x>[a](http://b)`\n@team #1 *b*'


@pytest.fixture
def compared(tmp_path: Path) -> Comparison:
    rows = [*replicates("a", "000000010"), *replicates("b", "111111110")]
    return compare([make(tmp_path / "x", rows, primary=["lockout"])], question=Question(pairs=True))


def test_a_pull_request_gets_one_line_a_behaviour(compared: Comparison) -> None:
    """Arrow, points with interval, counts, p-value and its kind."""
    [line] = [line for line in pull_request(compared).splitlines() if line.startswith("- ")]
    assert line.startswith("- `lockout` ▲ +78 [")
    assert (
        "1/9 → 8/9, p 0.0078 (primary, Holm)" not in line
    )  # seven for b, one for a: 2 (1 + 8) / 2^8 = 0.070
    assert "1/9 → 8/9" in line


def test_no_arrow_where_no_difference_is_shown(tmp_path: Path) -> None:
    """Three pairs for one side are no evidence."""
    folder = make(tmp_path / "x", [*replicates("a", "000"), *replicates("b", "111")])
    assert "- `lockout` = +100 [" in pull_request(compare([folder], question=Question(pairs=True)))


def test_a_pull_request_without_pairs_gets_rates(tmp_path: Path) -> None:
    """One subject has its rate and interval."""
    folder = make(tmp_path / "x", replicates("a", "0011"))
    assert "- `lockout` a: 2/4 50% \\[15%, 85%\\]" in pull_request(compare([folder]))


def test_csv_has_numbers_and_both_intervals(tmp_path: Path) -> None:
    """The rates without pairs; Wilson's and the exact limits."""
    folder = make(tmp_path / "x", replicates("a", "0011"))
    [row] = csv.DictReader(io.StringIO(table_csv(compare([folder]))))
    assert (row["all_hits"], row["all_n"], row["all_rate"]) == ("2", "4", "0.5")
    assert float(row["all_exact_low"]) < float(row["all_low"]) < 0.5


def test_csv_of_pairs_has_the_differences(compared: Comparison) -> None:
    """Negative differences stay numbers."""
    [row] = csv.DictReader(io.StringIO(table_csv(compared)))
    assert float(row["difference"]) == pytest.approx(7 / 9)
    assert row["primary"] == "True"


def test_names_of_strangers_are_plain_text_everywhere(tmp_path: Path) -> None:
    """Formulas, HTML, links, mentions and line breaks in names do nothing in a sheet or on a page."""
    rows = [*replicates(EVIL, "01"), *replicates("b", "01")]
    comparison = compare([make(tmp_path / "x", rows, title=EVIL)], question=Question(pairs=True))
    for text in (markdown(comparison), pull_request(comparison)):
        assert not re.search(r"(?<!\\)<img|(?<!\\)\[a\]|@team|http://", text)
    table = [line for line in markdown(comparison).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {10, 9}
    cells = [cell for line in csv.reader(io.StringIO(table_csv(comparison))) for cell in line]
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "@"}]


@pytest.mark.parametrize("rows", [[], replicates("a", "??")])
def test_every_form_can_say_that_there_is_nothing(rows: list[dict[str, object]], tmp_path: Path) -> None:
    """No samples, or none scored: honest in all forms."""
    comparison = compare([make(tmp_path / "x", rows)], question=Question(pairs=True, generalise=True))
    for text in (markdown(comparison), pull_request(comparison), table_csv(comparison)):
        assert "nan" not in text.lower()
