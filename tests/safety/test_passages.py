"""A passage that was left out is found again in any spelling, and nothing else is taken for it."""

import json
import shlex
import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.redaction.allowed import MARK
from unbidden.redaction.passages import SHORTEST, Passages

LINE = 'He said "ship it" - don\'t tell caf\u00e9 \U0001f600 C:\\new'

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON, not in ASCII": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps({"inner": json.dumps([text])}),
    "JSON in JSON, not in ASCII": lambda text: json.dumps(
        json.dumps([text], ensure_ascii=False), ensure_ascii=False
    ),
    "JSON for a page": lambda text: json.dumps(text).replace("'", "\\u0027").replace('\\"', "\\u0022"),
    "Python": repr,
    "Python in ASCII": ascii,
    "a shell": shlex.quote,
    "a shell in JSON": lambda text: json.dumps({"command": f"echo {shlex.quote(text)}"}),
    "a shell's backslash": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "a shell's double quotes": lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"',
    "lines": lambda text: textwrap.fill(text, 11, break_long_words=False),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_passage_is_found_however_it_is_written(spelling: str) -> None:
    """Every way in which tools and models put a text into another one is one of its spellings."""
    swept = Passages([LINE]).text(f"Before. {SPELLINGS[spelling](LINE)} After.")
    assert MARK in swept
    assert not any(word in swept for word in ("said", "ship", "tell", "caf", "new"))
    assert (swept[:7], swept[-6:]) == ("Before.", "After.")


TEXTS = st.text(min_size=SHORTEST, max_size=40).map(str.strip).filter(lambda text: len(text) >= SHORTEST)


@given(TEXTS, st.booleans(), st.integers(1, 3))
def test_a_passage_in_json_is_found_whole(text: str, ascii_only: bool, depth: int) -> None:  # noqa: FBT001 - drawn
    """Whatever it is made of and however deep it is: what is left is the JSON of the marker."""
    written, marked = text, MARK
    for _ in range(depth):
        written, marked = (json.dumps([one], ensure_ascii=ascii_only) for one in (written, marked))
    assert Passages([text]).text(written) == marked


@given(TEXTS, st.text(max_size=60))
def test_what_is_not_there_is_not_found(passage: str, text: str) -> None:
    """A text without the words of a passage stays as it is."""
    kept = "".join(character for character in text if character not in passage)
    assert Passages([passage]).text(kept) == kept


def test_short_passages_and_names_stay() -> None:
    """Words that stand anywhere are not looked for, and fields that hold names are not looked into, unless a subject named them."""
    names = ("model", "id")
    swept = Passages(["too short", "unbidden/zealot"]).all(
        {
            "model": "unbidden/zealot",
            "text": "too short unbidden/zealot",
            "arguments": {"id": "unbidden/zealot"},
        },
        names,
    )
    assert swept == {"model": "unbidden/zealot", "text": f"too short {MARK}", "arguments": {"id": MARK}}


def test_a_long_run_of_backslashes_takes_no_time() -> None:
    """A subject that knows of this cannot stop a copy: a hundred thousand backslashes are looked at about once."""
    text = "\\" * 100_000 + '"' + " " * 100_000
    passages = [f'\\"{"x" * 20}', f'x\\\\"{" " * 3}{"y" * 20}', '"""""""""""" \\ "', f"{'a ' * 12}b"]
    assert Passages(passages).text(text + "x y a " * 10_000) == text + "x y a " * 10_000
