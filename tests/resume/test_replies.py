"""Replies that a killed run had got: given again once, to the same question of the same sample, and to no other."""

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from inspect_ai.model import (
    ChatMessage,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolInfo
from own_models import OwnModel

from unbidden.replies import REPLIES, Replies, kept


@modelapi(name="counting")
class Counting(OwnModel):
    """A model that answers with the number of the call."""

    calls = 0

    async def answer(self, asked: list[ChatMessage], tools: list[ToolInfo]) -> ModelOutput:  # noqa: ARG002
        self.calls += 1
        output = ModelOutput.from_content("counting", f"reply {self.calls}")
        output.usage = ModelUsage(input_tokens=3, output_tokens=2, total_tokens=5)
        return output


Process = Callable[..., list[str]]


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """Asks what it is given, one by one, as a process of its own would; the model counts over all processes."""
    model = get_model("counting/one", memoize=False)

    def run(*asked: tuple[str, int | None]) -> list[str]:
        async def ask() -> list[str]:
            with kept(tmp_path, [model]):
                return [
                    (
                        await model.generate(
                            [ChatMessageUser(content=text)], config=GenerateConfig(seed=seed)
                        )
                    ).completion
                    for text, seed in asked
                ]

        return anyio.run(ask)

    return run


def test_a_later_process_is_given_what_an_earlier_one_got(process: Process) -> None:
    """And asks on where that ends."""
    assert process(("a", 1), ("b", 1)) == ["reply 1", "reply 2"]
    assert process(("a", 1), ("b", 1), ("c", 1)) == ["reply 1", "reply 2", "reply 3"]


def test_a_reply_belongs_to_one_sample(process: Process) -> None:
    """The same words with another seed are another sample's: replicates are never given each other's replies."""
    assert process(("a", 1)) == ["reply 1"]
    assert process(("a", 2), ("a", 1)) == ["reply 2", "reply 1"]


def test_what_has_no_seed_is_always_asked(process: Process) -> None:
    """A judge's calls, or an agent's in a container, cannot be told apart by sample."""
    assert process(("a", None)) == ["reply 1"]
    assert process(("a", None)) == ["reply 2"]


def test_one_process_never_answers_for_the_model(process: Process) -> None:
    """Asked the same twice, the model is called twice; a later process is given the last reply, once."""
    assert process(("a", 1), ("a", 1)) == ["reply 1", "reply 2"]
    assert process(("a", 1), ("a", 1)) == ["reply 2", "reply 3"]


def test_a_reply_is_whole(tmp_path: Path) -> None:
    """Its usage comes along: a limit on tokens holds as if the run had not been killed."""
    output = ModelOutput.from_content("m", "text")
    output.usage = ModelUsage(input_tokens=3, output_tokens=2, total_tokens=5, total_cost=0.1)
    Replies(tmp_path / REPLIES).keep("0a", output)
    assert Replies(tmp_path / REPLIES).take("0a") == output


def test_a_torn_file_gives_a_reply_or_none(tmp_path: Path) -> None:
    """Cut at any byte, what is whole is given and the rest is asked for again; what is added later is found."""
    path, outputs = (
        tmp_path / REPLIES,
        [ModelOutput.from_content("m", text) for text in ("one", "two\nlines")],
    )
    for asked, output in zip(("0a", "0b"), outputs, strict=True):
        Replies(path).keep(asked, output)
    text = path.read_bytes()
    first = text.index(b"\n0b")
    for end in range(len(text)):
        path.write_bytes(text[:end])
        replies = Replies(path)
        assert replies.take("0a") == (outputs[0] if end >= first else None)
        assert replies.take("0b") is None
        replies.keep("0c", outputs[1])
        assert Replies(path).take("0c") == outputs[1]


def test_a_reply_that_cannot_be_kept_costs_no_sample(tmp_path: Path) -> None:
    """Where there is no room for it, the run goes on without."""
    (tmp_path / REPLIES).mkdir()
    Replies(tmp_path / REPLIES).keep("0a", ModelOutput.from_content("m", "text"))
    assert Replies(tmp_path / REPLIES).take("0a") is None


def test_the_model_is_left_as_it_was(tmp_path: Path) -> None:
    """Inspect hands the same object out again, to others too."""
    model = get_model("counting/one", memoize=False)
    with kept(tmp_path, [model]):
        assert "generate" in vars(model.api)
    assert "generate" not in vars(model.api)
