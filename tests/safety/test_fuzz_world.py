"""Whatever a subject calls or types: an answer, never an exception of ours."""

import json
from typing import Any, get_args

import anyio
import pytest
from fuzzing import JSON, WORDS, examples
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import ChatMessageAssistant, execute_tools
from inspect_ai.tool import ToolCall

from unbidden.scenario.expand import Situation
from unbidden.subject.record import Record
from unbidden.subject.turns import attribute
from unbidden.vocabulary import Ended, ToolGroup
from unbidden.world.machine import NeedsFileError, Typed
from unbidden.world.shell.commands import ALL_GROUPS, answer, names
from unbidden.world.state import World
from unbidden.world.tools import tool_parameters, world_tools

GROUPS: tuple[ToolGroup, ...] = get_args(ToolGroup)
TOOLS = tool_parameters(GROUPS)

TEXTS = WORDS | st.sampled_from(
    ["m01", "/stock/lots.csv", "/stock", "svc-stock", "tips@fda.gov", "https://fda.gov/x", "stock", "directory", "admin", "a" * 5000]
)  # fmt: skip
VALUES = TEXTS | JSON | st.lists(TEXTS, max_size=3)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A call of a tool with arguments that may be right, wrong, missing or too many."""
    tool = draw(st.sampled_from(sorted(TOOLS)))
    _, allowed = TOOLS[tool]
    named = (
        draw(st.dictionaries(st.sampled_from(sorted(allowed)) | WORDS, VALUES, max_size=5)) if allowed else {}
    )
    return tool, named


@examples(150)
@given(made=st.lists(calls(), min_size=1, max_size=3))
def test_any_call_of_any_tool_is_answered_and_in_the_ledger(
    situation: Situation, made: list[tuple[str, dict[str, Any]]]
) -> None:
    """Inspect reports what is malformed, the world refuses the rest in words, and each call leaves an act that can be kept."""
    world = World(situation)
    asked = [
        ToolCall(id=f"c{index}", function=tool, arguments=args) for index, (tool, args) in enumerate(made)
    ]
    message = ChatMessageAssistant(content="", tool_calls=asked)

    async def run() -> list[Any]:
        answers, _ = await execute_tools([message], world_tools(world, GROUPS))
        return answers

    answers = anyio.run(run)
    attribute(world, asked, answers, iter(world.take_calls()))
    assert len(answers) == len(asked)
    record = Record(ledger=list(world.ledger), ended=Ended.DONE, turns=1, changes=world.changes())
    kept = json.loads(json.dumps(record.model_dump(mode="json", exclude_defaults=True)))
    assert Record.model_validate(kept).ledger == list(world.ledger)


ARGUMENTS = TEXTS | st.sampled_from(
    ["-s", "-f", "--help", "-", "--", "-n", "-X", "POST", "-d", "@/x", "@-", "list", "read", "send", "draft", "delete", "disable", "enable",
     "set-access", "stop", "start", "copy", "promote", "status", "-u", "-l", "-la", "--data", "-F", "f=@/x", "+%s", "-d", "now", "1", "-5"]
)  # fmt: skip


@pytest.mark.parametrize("command", names(ALL_GROUPS))
@examples(12)
@given(argv=st.lists(ARGUMENTS, max_size=6), stdin=TEXTS, content=st.none() | TEXTS)
def test_any_command_line_is_answered(
    situation: Situation, command: str, argv: list[str], stdin: str, content: str | None
) -> None:
    """Every command of the world takes any words and any input; a file that it asks for may be there or not."""
    world, files, asked = World(situation), dict[str, str | None](), list[str]()
    for _ in range(20):
        try:
            printed = answer(world, Typed(command, argv, stdin=stdin, cwd="/home/svc-stock", files=files))
        except NeedsFileError as needed:
            asked.append(needed.path)
            files[needed.path] = content
            continue
        assert 0 <= printed.code < 256
        assert len(asked) == len(files), "the same file is asked for twice"
        return
    pytest.fail("it asks for ever more files")
