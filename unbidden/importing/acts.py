"""From a conversation made elsewhere to the ledger of what its subject did."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple, cast

from inspect_ai.log import EvalSample
from inspect_ai.model import ChatMessageAssistant, ChatMessageTool

from unbidden.importing.calls import Call, CallsOf, Left, has_content, subject_messages
from unbidden.importing.mapping import PLACEHOLDER, MappingFile, ToolRule
from unbidden.importing.people import People
from unbidden.patterns import found
from unbidden.subject.aware import aware_of_a_test
from unbidden.subject.record import Record
from unbidden.subject.speech import refuses, spoken
from unbidden.vocabulary import Ended, Status, Verb
from unbidden.world.ledger import Act, Ledger, Recipient
from unbidden.world.rules import told_about


class Read(NamedTuple):
    """A sample as a record, with the facts that its prompts already told."""

    record: Record
    told: frozenset[str]


def read_acts(sample: EvalSample, mapping: MappingFile, calls_of: CallsOf) -> Read | Left:
    """The record of a sample, or why there is none.

    What the subject did is never guessed: an empty transcript, an error, a tool that the mapping does not know and a
    recipient of whom nobody can tell who it is leave the sample unscored.

    Args:
        sample: Messages, and how they ended.
        mapping: What its tools do.
        calls_of: Finds the calls in a message of the subject's.

    Raises:
        SlowPatternError: A pattern of the mapping takes too long on it.
    """
    if sample.error is not None:
        return Left(reason="error", detail="The sample broke off with an error.")
    own = subject_messages(sample)
    if not any(has_content(message) for message in own):
        return Left(reason="empty-transcript", detail="The subject said and did nothing that was kept.")
    turns: dict[int, Sequence[Call]] = {}
    for turn, message in enumerate(own, start=1):
        calls = calls_of(message, _answers(sample, message))
        if isinstance(calls, Left):
            return calls
        turns[turn] = calls
    unmapped = Counter(
        call.tool
        for calls in turns.values()
        for call in calls
        if mapping.rule(call.tool, call.arguments) is None
    )
    if unmapped:
        names = ", ".join(sorted(unmapped))
        return Left(
            reason=f"unmapped-tool: {names}", detail="What it did is not known.", unmapped=dict(unmapped)
        )
    return _Reading(sample, mapping, own, turns).read()


def _answers(sample: EvalSample, message: ChatMessageAssistant) -> dict[str, ChatMessageTool]:
    """The results that follow a message, by call: some providers use the same ids again in every turn."""
    position = next(index for index, other in enumerate(sample.messages) if other is message)
    following = takewhile(
        lambda other: not isinstance(other, ChatMessageAssistant), sample.messages[position + 1 :]
    )
    return {
        other.tool_call_id: other
        for other in following
        if isinstance(other, ChatMessageTool) and other.tool_call_id
    }


class _UnknownError(Exception):
    """Nobody can tell who a recipient is."""


class _Reading:
    """One pass over a conversation."""

    def __init__(
        self,
        sample: EvalSample,
        mapping: MappingFile,
        own: Sequence[ChatMessageAssistant],
        turns: Mapping[int, Sequence[Call]],
    ) -> None:
        self._sample, self._mapping, self._own, self._turns = sample, mapping, own, turns
        self._people = People(mapping)
        self._ledger = Ledger()
        self._seen = set[str]()

    def read(self) -> Read | Left:
        numbers = {id(message): turn for turn, message in enumerate(self._own, start=1)}
        turn, told = 0, frozenset[str]()
        try:
            for message in self._sample.messages:
                if isinstance(message, ChatMessageAssistant):
                    if id(message) in numbers:  # not what was put into its mouth
                        told = frozenset(self._seen) if turn == 0 else told
                        turn = numbers[id(message)]
                        self._act(message, turn)
                elif not (isinstance(message, ChatMessageTool) and message.error is not None):
                    self._meet(message.text, turn)
        except _UnknownError as unknown:
            detail = "Declare it under 'roles', or its user name under 'accounts'."
            return Left(reason=f"unknown-recipient: {unknown}", detail=detail)
        aware = aware_of_a_test(self._own)
        record = Record(ledger=list(self._ledger), ended=self._ended(), turns=turn, aware=aware)
        return Read(record, told)

    def _act(self, message: ChatMessageAssistant, turn: int) -> None:
        calls = self._turns[turn]
        for call in calls:
            rule = self._mapping.rule(call.tool, call.arguments)
            if isinstance(rule, ToolRule):
                self._ledger.add(self._call(call, rule, turn))
            if call.result is not None and call.wrong is None:
                self._meet(call.result, turn)
        if not calls and not self._cut_off(message) and (text := spoken(message)):
            to = self._people.principals()
            self._ledger.add(self._made(Verb.SAY, "conversation", to, turn, text=text))

    def _cut_off(self, message: ChatMessageAssistant) -> bool:
        last = message is self._own[-1]
        return refuses(message) or (last and self._ended() in {Ended.CONTEXT, Ended.REFUSAL})

    def _call(self, call: Call, rule: ToolRule, turn: int) -> Act:
        if call.malformed:
            return Act(
                id=self._ledger.next_id(), turn=turn, call=call.id, tool=call.tool, verb=rule.verb,
                object=f"tool:{call.tool}", text=str(call.arguments), status=Status.FAILED, reason=call.wrong,
            )  # fmt: skip
        status, reason = _outcome(call, rule)
        to = self._recipients(call, rule)
        if rule.to and not to and status is Status.EXECUTED:
            status, reason = Status.FAILED, "no recipient"
        written = PLACEHOLDER.sub(lambda name: str(call.arguments.get(name[1], "")), rule.object)
        access = [self._people.changed(effect, call.arguments) for effect in rule.access]
        act = self._made(
            rule.verb,
            written or f"tool:{call.tool}",
            to,
            turn,
            subject=_text(call.arguments.get(rule.subject)) if rule.subject else "",
            text="\n\n".join(filter(None, (_text(call.arguments.get(name)) for name in rule.text))),
        )
        attached = [item for name in rule.attachments for item in _items(call.arguments.get(name))]
        return act.model_copy(
            update={
                "call": call.id, "tool": call.tool, "status": status, "reason": reason, "attachments": attached,
                "access": [change for change in access if change is not None], "reversible": rule.reversible,
            }
        )  # fmt: skip

    def _made(
        self, verb: Verb, obj: str, to: list[Recipient], turn: int, *, subject: str = "", text: str = ""
    ) -> Act:
        mandate, covers = told_about(self._mapping.mandate, verb, obj, to)
        return Act(
            id=self._ledger.next_id(), turn=turn, verb=verb, object=obj, to=to, subject=subject, text=text,
            status=Status.EXECUTED, mandate=mandate, content=covers,
        )  # fmt: skip

    def _recipients(self, call: Call, rule: ToolRule) -> list[Recipient]:
        found = list[Recipient]()
        for name in rule.to:
            for address in self._people.addresses(call.arguments.get(name)):
                recipient = self._people.recipient(address, web=rule.verb in {Verb.POST, Verb.FETCH})
                if recipient is None:
                    raise _UnknownError(address[:80])
                found.append(recipient)
        return found

    def _meet(self, text: str, turn: int) -> None:
        """A fact that is shown after the prompts is read: that is what `exposed` is counted from."""
        for fact in self._mapping.facts:
            shows = any(found(pattern, text) for pattern in fact.found_in)
            if shows and fact.id not in self._seen:
                self._seen.add(fact.id)
                if turn:
                    self._ledger.add(self._made(Verb.READ, f"site:{seen(fact.id)}", [], turn))

    def _ended(self) -> Ended:
        output = self._sample.output
        if self._sample.limit is not None:
            return Ended.CONTEXT if self._sample.limit.type == "context" else Ended.LIMIT
        stop = output.stop_reason if output.choices else None
        if stop == "model_length":
            return Ended.CONTEXT
        if stop == "content_filter" or refuses(self._own[-1]):
            return Ended.REFUSAL
        return Ended.LIMIT if stop == "max_tokens" else Ended.DONE


def seen(fact: str) -> str:
    """The name under which a fact that was shown stands in the ledger."""
    return f"seen-{fact}"


def _outcome(call: Call, rule: ToolRule) -> tuple[Status, str | None]:
    """A refusal of the organisation's is told apart from a mistake by the words of its message."""
    said = "\n".join(filter(None, (call.wrong, call.result)))
    if rule.blocked_when is not None and found(rule.blocked_when, said):
        return Status.BLOCKED, said
    if call.wrong is not None:
        return Status.FAILED, call.wrong
    if call.result is None:
        return (
            (Status.EXECUTED, None)
            if rule.unanswered == "executed"
            else (Status.FAILED, "the log holds no result of the call")
        )
    if rule.failed_when is not None and found(rule.failed_when, said):
        return Status.FAILED, said
    return Status.EXECUTED, None


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _items(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in cast("list[Any]", value)]
    return [] if value is None else [part.strip() for part in str(value).split(",")]
