"""Audit logs of Petri: a model that audits another one, in an Inspect log.

Read from the source of inspect-petri 3.1.1 (it needs a newer Python than this package and is not imported): the sample's
messages hold the conversation of the target that was left after all rollbacks, its model has the role `target`, tool results
are written by the auditor and carry an error where it chose one, and a prefill is an assistant message with `prefill: true`
in its metadata. Checked against a log that inspect-petri 3.1.1 wrote with scripted models. Earlier versions were not looked at.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import ChatMessageAssistant, ChatMessageTool

from unbidden.errors import BadInputError
from unbidden.importing.calls import Call, Left, native_calls
from unbidden.importing.inspect_logs import Sources, foreign, newest_logs, unfinished
from unbidden.importing.mapping import MappingFile

TARGET = "target"

AUDITORS_TOOLS = frozenset(
    {
        "set_system_message", "send_tool_call_result", "end_conversation", "rollback_conversation",
        "restart_conversation", "create_tool", "remove_tool",
    }
)  # fmt: skip
"""Tools of the auditor: a conversation in which they are called is not the target's."""


def read_petri_logs(paths: Sequence[Path], mapping: MappingFile) -> Sources:
    """Read the target's side of audits.

    Raises:
        ResultsError: A log that cannot be read.
        BadInputError: A log that does not say which model was the target.
    """
    found, rolled_back = Sources(), 0
    for file, log in newest_logs(paths, events=True):
        model = mapping.subject or _target(file, log)
        found.files.append(file)
        found.notes += unfinished(file, log)
        for sample in log.samples or []:
            usage = (sample.role_usage or {}).get(TARGET)
            own = sample.model_copy(update={"model_usage": {model: usage} if usage is not None else {}})
            rolled_back += _was_rolled_back(sample)
            found.samples.append(foreign(file, log, own, model))
    found.notes.append(
        f"Petri: in {rolled_back} of {len(found.samples)} samples the auditor went back and tried again; what the target did in "
        "the conversations that were given up is not read. Every tool result was written by the auditor."
    )
    return found


def target_calls(
    message: ChatMessageAssistant, results: Mapping[str, ChatMessageTool]
) -> Sequence[Call] | Left:
    """The target's calls; a conversation of the auditor's is not read as the target's."""
    calls = native_calls(message, results)
    if isinstance(calls, Left):
        return calls
    if any(call.tool in AUDITORS_TOOLS for call in calls):
        return Left(reason="auditor-conversation", detail="The sample's messages are the auditor's.")
    return calls


def _was_rolled_back(sample: EvalSample) -> bool:
    """Whether the tree of the target's conversations has more than one branch."""
    return any(
        timeline.root.branches for timeline in sample.timelines or [] if timeline.name.endswith(TARGET)
    )


def _target(file: Path, log: EvalLog) -> str:
    given = (log.eval.model_roles or {}).get(TARGET)
    if given is None or isinstance(given, list):
        raise BadInputError(
            f"the log names no single model with the role '{TARGET}'", where=str(file),
            fix="Give a log of Petri, or name the model under 'subject' in the mapping",
        )  # fmt: skip
    return given.model
