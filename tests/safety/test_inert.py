"""What subjects and strangers write is text wherever it is shown: no markup, no escapes, no hidden direction, no formula."""

import unicodedata
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from unbidden.results.scores import label_of, must_be_usable
from unbidden.terminal import inert, one_line, spreadsheet_safe, visible

TEXTS = st.text() | st.lists(
    st.sampled_from(["[bold]", "[/]", "[link=https://x]", "\\", "[", "]", "\x1b[31m", "\x1b]8;;https://x\x1b\\", "\u202e", "\u2066", "\x9b1m", "\x07", "\r", "=1", "a"])
).map("".join)  # fmt: skip


@given(TEXTS)
def test_nothing_that_is_shown_steers_a_terminal(text: str) -> None:
    """Only printable characters, line breaks and tabs are left; bidirectional controls and escapes are spelled out."""
    shown = visible(text)
    assert all(
        char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in shown
    )
    assert visible(shown) == shown


@given(TEXTS)
def test_one_line_is_one(text: str) -> None:
    """Not even line breaks and tabs are left, and nothing else changes."""
    assert len(one_line(text).splitlines()) <= 1
    assert "\t" not in one_line(text)
    assert one_line(text) == visible(text).replace("\n", "\\n").replace("\t", "\\t")


@given(TEXTS)
def test_markup_is_shown_and_not_obeyed(text: str) -> None:
    """Rich reads it back as the text it was, without a style or a link."""
    read = Text.from_markup(inert(text), emoji=False)
    assert read.plain.rstrip("\\") == visible(text).rstrip("\\")  # rich shows a backslash at the end twice
    assert read.spans == []


@pytest.mark.parametrize(
    "text",
    ["\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "[link=https://evil.example]click[/link]"],
)
def test_no_link_reaches_the_terminal(text: str) -> None:
    """Neither an escape sequence of the subject's nor one of rich's is printed, on a terminal with colours."""
    screen = StringIO()
    Console(file=screen, force_terminal=True, color_system="truecolor", highlight=False).print(inert(text))
    assert "\x1b" not in screen.getvalue()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "  =1", "\uff1d1", "=cmd|' /C calc'!A0", '=HYPERLINK("https://x")'],
)  # fmt: skip
def test_a_formula_is_a_text_in_a_spreadsheet(text: str) -> None:
    """A cell that would begin a formula begins with an apostrophe."""
    assert spreadsheet_safe(text).startswith("'")


@given(TEXTS)
def test_a_cell_is_safe_and_nothing_but_formulas_changes(text: str) -> None:
    """What begins otherwise is shown as it is; nothing is made safe twice."""
    safe = spreadsheet_safe(text)
    assert not safe.lstrip(" \t\r\n").startswith(("=", "+", "-", "@"))
    assert safe in {visible(text), f"'{visible(text)}"}
    assert spreadsheet_safe(safe) == safe


@given(TEXTS.filter(str.strip), st.none() | TEXTS)
def test_a_file_named_after_a_model_stays_in_its_folder(decider: str, view: str | None) -> None:
    """Whatever a decider is called, its scores are a plain file name, or there is none."""
    label = label_of(decider, view)
    assert not set(label) & set("/\\\0\n\x1b")
    assert not label.startswith((".", "-"))
    if label and label != "as-run":
        must_be_usable(label)
