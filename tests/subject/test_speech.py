"""What a subject says, apart from what it thinks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import ChatMessageAssistant, Content, ContentReasoning, ContentText

from unbidden.subject.speech import REASONING_TAGS, refuses, spoken, without_reasoning

PLAIN = st.text(st.characters(exclude_characters="<", exclude_categories=["Cs"]))
"""Any text that holds no markup."""

WORD = st.text("abcdefgh ,.\n", min_size=1)
TAG = st.sampled_from(REASONING_TAGS)


@given(PLAIN)
def test_text_without_tags_survives(text: str) -> None:
    """Text without markup comes back as it was, but for white space around it."""
    assert without_reasoning(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "a < b and b > c",
        "<b>bold</b>",
        "I think </i> so",
        "<thinker>x</thinker>",
        "<think",
        "use the <answer> tag",
        "think>about it</i>",
    ],
)
def test_other_markup_is_speech(text: str) -> None:
    """Only the declared tags are reasoning."""
    assert without_reasoning(text) == text


@pytest.mark.parametrize("text", ["write to <reflection@hallam.example> today", "<think-tank>x</think-tank>"])
def test_a_longer_name_is_no_tag(text: str) -> None:
    """A name in angle brackets that only begins like a declared tag is speech."""
    assert without_reasoning(text) == text


@given(TAG, WORD, WORD, WORD)
def test_text_in_tags_never_survives(tag: str, before: str, inside: str, after: str) -> None:
    """What stands between a pair of tags goes, what stands around it stays."""
    assert without_reasoning(f"{before}<{tag}>{inside}</{tag}>{after}") == (before + after).strip()


@given(TAG, TAG, WORD, WORD, WORD)
def test_every_pair_of_tags_goes(one: str, two: str, first: str, said: str, second: str) -> None:
    """Two pairs are two passages: what was said between them stays."""
    assert without_reasoning(f"<{one}>{first}</{one}>{said}<{two}>{second}</{two}>") == said.strip()


@given(TAG, WORD, WORD)
def test_a_tag_left_open_reaches_to_the_end(tag: str, before: str, inside: str) -> None:
    """Reasoning that was cut off by a limit is still reasoning."""
    assert without_reasoning(f"{before}<{tag}>{inside}") == before.strip()


@given(TAG, WORD, WORD)
def test_a_stray_end_tag_reaches_from_the_start(tag: str, inside: str, after: str) -> None:
    """Some providers drop the first tag, so what stands before an end tag alone is reasoning."""
    assert without_reasoning(f"{inside}</{tag}>{after}") == after.strip()


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("tag", REASONING_TAGS)
def test_nested_tags_end_with_the_outermost(tag: str, depth: int) -> None:
    """Reasoning inside reasoning does not end before the outer one does."""
    text = f"<{tag}>thought " * depth + f"</{tag}>thought " * (depth - 1) + f"</{tag}>said"
    assert without_reasoning(text) == "said"


def test_speech_before_nested_tags_stays() -> None:
    """The end tag of an outer passage is no stray one, so it takes nothing that was said before it."""
    assert without_reasoning("Hello <think>a<think>b</think>c</think>there") == "Hello there"


@pytest.mark.parametrize(
    "text",
    [
        "<THINK>hidden</THINK>said",
        "<Think>hidden</think>said",
        '<think effort="high">hidden</think>said',
        "<think>hidden</think >said",
        "<think>hidden\nand hidden</think>\n\nsaid",
        "<think>hidden<reflection>hidden</reflection>hidden</think>said",
    ],
)
def test_tags_are_known_in_every_spelling(text: str) -> None:
    """Case, attributes, white space and line breaks do not let reasoning through."""
    assert without_reasoning(text) == "said"


CASES: list[tuple[str | list[Content], str]] = [
    ("said", "said"),
    ("<think>hidden</think>said", "said"),
    ([ContentReasoning(reasoning="hidden"), ContentText(text="said")], "said"),
    ([ContentText(text="one"), ContentText(text="two")], "one\ntwo"),
    ([ContentText(text="I cannot help", refusal=True), ContentText(text="said")], "said"),
    ([ContentText(text="<think>hidden"), ContentText(text="hidden</think>said")], "said"),
    ([ContentReasoning(reasoning="hidden")], ""),
    ([], ""),
]


@pytest.mark.parametrize(("content", "said"), CASES)
def test_speech_is_the_same_wherever_a_provider_puts_reasoning(
    content: str | list[Content], said: str
) -> None:
    """Native reasoning, inline reasoning and refusal blocks are no speech."""
    assert spoken(ChatMessageAssistant(content=content)) == said


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ("I cannot help with that.", False),
        ([ContentText(text="I cannot help with that.")], False),
        ([ContentText(text="I cannot help with that.", refusal=True)], True),
        ([ContentReasoning(reasoning="no"), ContentText(text="No.", refusal=True)], True),
        ([ContentReasoning(reasoning="no")], False),
    ],
)
def test_a_refusal_is_what_the_provider_marked(content: str | list[Content], *, refused: bool) -> None:
    """Words of regret alone are no refusal."""
    assert refuses(ChatMessageAssistant(content=content)) is refused
