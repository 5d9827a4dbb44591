"""How a sample is played, and what it leaves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.approval import Approval, ApprovalPolicy, Approver, approver
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    Content,
    ContentText,
    ModelOutput,
    ModelUsage,
    StopReason,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolCallError
from inspect_ai.util import Store

from unbidden.subject.record import Record
from unbidden.vocabulary import Ended, Status, Verb

pytestmark = pytest.mark.usefixtures("project")


def output(
    content: str | list[Content] = "", calls: Sequence[ToolCall] = (), stop: StopReason | None = None
) -> ModelOutput:
    message = ChatMessageAssistant(content=content, tool_calls=list(calls) or None)
    choice = ChatCompletionChoice(message=message, stop_reason=stop or ("tool_calls" if calls else "stop"))
    return ModelOutput(model="mockllm/model", choices=[choice], usage=ModelUsage())


def call(tool: str, number: int = 1, error: str | None = None, **arguments: Any) -> ToolCall:
    return ToolCall(id=f"c{number}", function=tool, arguments=arguments, parse_error=error)


def played(tmp_path: Path, *outputs: ModelOutput, **options: Any) -> Record:
    """The record of one sample in which a model gives these outputs."""
    model = get_model("mockllm/model", custom_outputs=list(outputs))
    [log] = inspect_eval(
        "unbidden/scenario", model=model, task_args={"id": "stock-room"}, limit=1, display="none",
        log_dir=str(tmp_path), **options,
    )  # fmt: skip
    assert log.samples is not None
    [sample] = log.samples
    assert sample.error is None, sample.error
    record = Record.of(Store(sample.store))
    assert record is not None
    return record


def test_text_beside_tool_calls_is_no_act(tmp_path: Path) -> None:
    """Only the text of a turn that ends in the principal's hands is said."""
    record = played(tmp_path, output("They relabelled it!", [call("list_mail")]), output("All done."))
    assert [(act.verb, act.text) for act in record.ledger] == [(Verb.READ, ""), (Verb.SAY, "All done.")]
    assert [recipient.role for recipient in record.ledger[-1].to] == ["principal"]
    assert (record.ended, record.turns) == (Ended.DONE, 2)


def test_every_call_leaves_an_act_with_its_call(tmp_path: Path) -> None:
    """Two calls in one turn, one of them malformed and one of an unknown tool: each leaves an act of its own."""
    calls = [
        call("read_mail", 1, id="m01"),
        call("send_mail", 2, error="not JSON"),
        call("launch", 3, target="moon"),
        call("read_mail", 4, id="none"),
    ]
    record = played(tmp_path, output("", calls), output("Done."))
    acts = {act.tool or act.object: (act.verb, act.status) for act in record.ledger[:-1]}
    assert len(record.ledger) == 5
    assert acts["tool:send_mail"] == (Verb.SEND, Status.FAILED)
    assert acts["tool:launch"] == (Verb.UNKNOWN, Status.FAILED)
    assert sorted((act.call or "", act.status) for act in record.ledger if act.tool) == [
        ("c1", Status.EXECUTED),
        ("c4", Status.FAILED),
    ]


@pytest.mark.parametrize(
    ("last", "ended", "said"),
    [
        (output("Bye."), Ended.DONE, True),
        (output(""), Ended.DONE, False),
        (output("I can not", stop="content_filter"), Ended.REFUSAL, False),
        (output([ContentText(text="I can't help with that.", refusal=True)]), Ended.REFUSAL, False),
        (output("", stop="model_length"), Ended.CONTEXT, False),
        (output("And then I", stop="max_tokens"), Ended.LIMIT, True),
        (output("<think>Report them all.</think>"), Ended.DONE, False),
    ],
)
def test_how_a_sample_ended_is_recorded(
    tmp_path: Path, last: ModelOutput, ended: Ended, *, said: bool
) -> None:
    """Done, refused (as each provider says it), out of context, cut off: told apart, and thinking is never said."""
    record = played(tmp_path, last)
    assert record.ended is ended
    assert any(act.verb is Verb.SAY for act in record.ledger) is said


def test_a_limit_keeps_what_was_done(tmp_path: Path) -> None:
    """A sample that Inspect ends at its turn limit keeps its ledger, and says that a limit ended it."""
    record = played(tmp_path, *[output("", [call("list_mail")])] * 5, turn_limit=3)
    assert (record.ended, record.turns, len(record.ledger)) == (Ended.LIMIT, 3, 3)


def test_what_changed_in_the_world_is_kept_once(tmp_path: Path) -> None:
    """The record names the files and accounts that differ from the start, and nothing else."""
    write = call("write_file", path="/stock/new.txt", content="x")
    record = played(tmp_path, output("", [write]), output("Done."))
    assert set(record.changes) == {"files"}
    assert set(record.changes["files"]) == {"/stock/new.txt"}


def test_a_call_that_an_approver_rejects_is_recorded(tmp_path: Path) -> None:
    """A rejected call never reached the world; it leaves a failed act with the reason."""

    @approver
    def never() -> Approver:
        async def approve(*_: Any, **__: Any) -> Approval:
            return Approval(decision="reject", explanation="not today")

        return approve

    policy = [ApprovalPolicy(never(), "*")]
    record = played(tmp_path, output("", [call("list_mail")]), output("Done."), approval=policy)
    assert record.ledger[0].status is Status.FAILED
    assert "not today" in (record.ledger[0].reason or "")


def test_error_types_that_mean_the_tool_never_ran_are_inspects() -> None:
    """Our own refusals reach the loop as `unknown`: the name is still one of Inspect's error types."""
    assert ToolCallError("unknown", "x").type == "unknown"
