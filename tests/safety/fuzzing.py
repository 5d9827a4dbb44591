"""What the fuzzers share: documents that are nearly right, and how many of them are tried."""

import os
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

FACTOR = int(os.environ.get("UNBIDDEN_FUZZ", "1"))
"""How many times as many examples are tried; with more than one of them they are drawn anew each time."""


def examples(count: int) -> Callable[[Any], Any]:
    """So many examples, times the factor."""
    return settings(max_examples=count * FACTOR, derandomize=FACTOR == 1, deadline=None, database=None)


WORDS = st.text(max_size=30) | st.sampled_from(
    ["", "..", "/etc/passwd", "{{ x }}", "{% if x %}", "{{", "\x00", "\x1b[31m", "\u202e", "none", "all", "*", "(", "-1", "1e400", "!!x", "&a"]
)  # fmt: skip
SCALARS = WORDS | st.integers() | st.floats(allow_nan=True) | st.booleans() | st.none()
JSON = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS, below, max_size=4),
    max_leaves=12,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a document but the whole."""
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return []
    return [place for key, item in items for place in ((*at, key), *places(item, (*at, key)))]


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:  # noqa: C901 - one case a kind of change
    """A document of which one to three values are dropped, replaced, doubled, renamed or joined by others."""
    data = deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        found = places(data)
        if not found:
            return data
        *way, last = draw(st.sampled_from(found))
        above = data
        for key in way:
            above = above[key]
        match draw(st.sampled_from(["drop", "replace", "insert", "swap", "repeat"])):
            case "drop":
                del above[last]
            case "replace":
                above[last] = draw(JSON)
            case "insert" if isinstance(above, dict):
                above[draw(WORDS)] = draw(JSON)
            case "swap":
                *other, key = draw(st.sampled_from(found))
                taken: Any = data
                try:
                    for step in (*other, key):
                        taken = taken[step]
                except (KeyError, IndexError, TypeError):
                    continue
                above[last] = deepcopy(taken)
            case _:
                if isinstance(above, list):
                    above.insert(last, deepcopy(above[last]))
                elif isinstance(above[last], str):
                    above[last] = above[last] + draw(WORDS)
    return data
