"""The reason of a failure: it can stand in the failure's place, and says nothing that was sent or answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.log import EvalError

from unbidden.results.failure import bare, is_own, reason

BEGINNINGS = [
    "",
    "\n",
    "Error code: 400",
    "ModelGenerateError('\\nRequest:\\n{}\\n\\nError code: ",
    "RetryError(<Future at 0x7f state=finished raised APITimeoutError>)",
    "JSONDecodeError('",
    "CancelledError(",
    "judge: ",
    "x" * 155,
]
TRACEBACKS = ["", "inspect_ai/model/_providers/openai.py", "unbidden/scoring/judge.py"]


@given(st.lists(st.sampled_from(BEGINNINGS), max_size=3), st.text(max_size=20), st.sampled_from(TRACEBACKS))
def test_the_reason_of_a_reason_is_itself(beginnings: list[str], text: str, traceback: str) -> None:
    """Whatever an error is, what a copy keeps of it gives the same words, and so does a copy of that."""
    error = EvalError(message="".join(beginnings) + text, traceback=traceback, traceback_ansi="")
    once = bare(error)
    assert reason(once) == reason(error)
    assert bare(once) == once


@pytest.mark.parametrize(
    ("message", "traceback", "own"),
    [
        ("Error code: 400 - {'message': 'what was sent'}", "", True),
        ("Error code: 400 - {'message': 'what was sent'}", "unbidden/scoring/judge.py", True),
        ("ModelGenerateError('\\nRequest:\\n{what was sent}\\n\\nClientError(400)')", "", True),
        ("RetryError(<Future at 0x7f state=finished raised APITimeoutError>)", "", True),
        ("JSONDecodeError('what was sent')", "inspect_ai/model/_providers/openai.py", True),
        ("CancelledError()", "", True),
        ("", "", True),
        ("ValueError('what was sent')", "", False),
        ("provider 400: what was sent", "", False),
    ],
)
def test_words_of_ours_hold_nothing_of_what_was_sent(message: str, traceback: str, *, own: bool) -> None:
    """A provider's failure is told by its kind alone; an exception's own words are known to be that."""
    told = reason(EvalError(message=message, traceback=traceback, traceback_ansi=""))
    assert is_own(told) == own
    assert ("what was sent" in told) != own
