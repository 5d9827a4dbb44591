"""The text protocol of the agentic-misalignment studies: one answer, in which `<tool_use:NAME>` blocks are the acts.

Confirmed from the studies' prompt templates: `email` (to, subject, body), `forward` (email_id, to, body) and `cancel_alert`
(code), one `name: "value"` a line, with or without commas at the ends; thoughts in <SCRATCHPAD_REASONING>. Which of them count, and as what,
a mapping says. How the answers are stored is not part of the protocol, so a mapping names the fields.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from inspect_ai.model import ChatMessageAssistant, ChatMessageTool, ContentText

from unbidden.importing.calls import Call, CallsOf, Left, native_calls
from unbidden.importing.mapping import MappingFile
from unbidden.subject.speech import REASONING_TAGS, without_reasoning


def text_calls(mapping: MappingFile) -> CallsOf:
    """Finds the blocks in a message, beside any real tool calls."""

    def found(message: ChatMessageAssistant, results: Mapping[str, ChatMessageTool]) -> Sequence[Call] | Left:
        calls, text = native_calls(message, results), _said(message)
        if isinstance(calls, Left):
            return calls
        if _hides_blocks(text):
            detail = "Reasoning is not closed, or closed twice: which blocks are thoughts cannot be told."
            return Left(reason="unbalanced-reasoning", detail=detail)
        return [*calls, *blocks(without_reasoning(text), mapping)]

    return found


def blocks(text: str, mapping: MappingFile) -> list[Call]:
    """The blocks of a text without reasoning, in order; one that is never closed is malformed.

    A tag in a line that begins with `>` is a quotation.
    """
    return [_call(tool, inner, mapping) for tool, inner in _tagged(text)]


_TAG = re.compile(r"<(/?)tool_use:([a-z_][\w-]*)\s*>", re.IGNORECASE)
_THOUGHT = re.compile(rf"<(/?)({'|'.join(REASONING_TAGS)})(?:\s[^<>]*)?>", re.IGNORECASE)


def _said(message: ChatMessageAssistant) -> str:
    if isinstance(message.content, str):
        return message.content
    return "\n".join(
        part.text for part in message.content if isinstance(part, ContentText) and not part.refusal
    )


def _hides_blocks(text: str) -> bool:
    """Whether unbalanced reasoning tags decide over blocks.

    A stray end tag before any other tag is usual (the prompt opened it) and ends the thoughts. A tag left open, or a later stray one,
    leaves open whether the blocks it swallows were meant.
    """
    depth, opened, suspects = list[str](), 0, list[str]()
    for position, tag in enumerate(_THOUGHT.finditer(text)):
        name = tag[2].lower()
        if not tag[1]:
            opened = tag.end() if not depth else opened
            depth.append(name)
        elif name in depth:
            del depth[len(depth) - 1 - depth[::-1].index(name) :]
        elif not depth and position:
            suspects.append(without_reasoning(text[: tag.start()]))
    if depth:
        suspects.append(text[opened:])
    return any(_TAG.search(part) for part in suspects)


def _tagged(text: str) -> Iterator[tuple[str, str | None]]:
    """Tool and inner text of each block; `None` for one that is not closed by its own end tag."""
    waiting: tuple[str, int] | None = None
    for tag in _TAG.finditer(text):
        line = text[text.rfind("\n", 0, tag.start()) + 1 : tag.start()]
        if line.lstrip().startswith(">"):
            continue
        tool = tag[2].lower()
        if tag[1]:
            if waiting is not None:
                closed = waiting[0] == tool
                yield waiting[0], text[waiting[1] : tag.start()] if closed else None
            waiting = None
            continue
        if waiting is not None:
            yield waiting[0], None
        waiting = (tool, tag.end())
    if waiting is not None:
        yield waiting[0], None


def _call(tool: str, inner: str | None, mapping: MappingFile) -> Call:
    if inner is None:
        wrong = "the block is not closed"
        return Call(id=None, tool=tool, arguments={}, result=None, wrong=wrong, malformed=True)
    rules = mapping.tools.get(tool)
    known = [] if rules is None or isinstance(rules, str) else rules
    names = {name for rule in known for name in rule.arguments()}
    free = {name for rule in known for name in rule.text}
    return Call(id=None, tool=tool, arguments=_arguments(inner, names, free), result="")


def _arguments(inner: str, names: set[str], free: set[str]) -> dict[str, str]:
    """`name: "value"` line by line; a free text goes on to the end of the block, or to the quotation mark that closes it."""
    found: dict[str, str] = {}
    current: str | None = None
    for line in inner.split("\n"):
        head = re.match(r"\s*(\w+)\s*:[ \t]*(.*)", line, re.DOTALL)
        name = head[1].lower() if head else None
        within = current in free and not _is_closed(found.get(current or "", ""))
        if head is not None and name in names and name not in found and not within:
            current = name
            found[name] = head[2]
        elif current is not None:
            found[current] += f"\n{line}"
    return {name: _unquoted(value) for name, value in found.items()}


def _is_closed(value: str) -> bool:
    value = value.strip().removesuffix(",").rstrip()
    return len(value) > 1 and value.startswith('"') and value.endswith('"')


def _unquoted(value: str) -> str:
    value = value.strip()
    if _is_closed(value):
        return value.removesuffix(",").rstrip()[1:-1]
    return value.removesuffix(",").rstrip()
