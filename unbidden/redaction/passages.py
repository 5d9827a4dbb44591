"""Finds what was left out where it stands a second time, however it is escaped or broken into lines there."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from unbidden.redaction.allowed import MARK, entries, mapping
from unbidden.subject.speech import REASONING_TAGS, without_reasoning

SHORTEST = 12
"""Characters of a passage that is looked for in other text: shorter ones stand anywhere by chance."""


class Passages:
    """Puts the marker wherever one of some passages stands, the longest first.

    A passage is found as it is, between JSON's or a shell's escapes to any depth, and with other white space.
    """

    def __init__(self, passages: Iterable[str]) -> None:
        wanted = {passage.strip() for passage in passages}
        long_enough = [passage for passage in wanted if len(passage) >= SHORTEST]
        longest_first = sorted(long_enough, key=lambda passage: (-len(passage), passage))
        self._sought = [(_words(passage), passage) for passage in longest_first]
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._swept: dict[str, str] = {}

    def text(self, text: str) -> str:
        """A text with the marker in place of each passage."""
        if text not in self._swept:  # a conversation is repeated in each of its model calls
            self._swept[text] = self._sweep(text)
        return self._swept[text]

    def all(self, value: Any, names: Collection[str]) -> Any:
        """Plain data, swept; the values of the fields in `names` stay, except inside of what a subject or a world named itself."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.all(item, names) for item in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        return {
            key if names else self.text(key): item
            if key in names
            else self.all(item, () if key in _FREELY_NAMED else names)
            for key, item in cast("dict[str, Any]", value).items()
        }

    def _sweep(self, text: str) -> str:
        for words, passage in self._sought:
            if all(word in text for word in words):
                text = self._pattern(passage).sub(MARK, text)
        return text

    def _pattern(self, passage: str) -> re.Pattern[str]:
        if passage not in self._patterns:
            self._patterns[passage] = re.compile(_spelt(passage))
        return self._patterns[passage]


_FREELY_NAMED = {"arguments", "changes"}

_WORD = re.compile(r"[A-Za-z0-9]+")


def _words(passage: str) -> list[str]:
    """The longest words of a passage, which no escaping changes: where one of them is not, the passage is not either."""
    return sorted(set(_WORD.findall(passage)), key=lambda word: (-len(word), word))[:12]


def _spelt(passage: str) -> str:
    """A pattern for a passage in any spelling. Runs of backslashes are bounded, or are not begun in their middle: they would take their length squared."""
    pieces = re.findall(r"\s+|\\+|.", passage, re.DOTALL)
    return r"(?<!\\)" * passage.startswith("\\") + "".join(map(_piece, pieces))


def _piece(piece: str) -> str:
    if piece.isspace():
        return r"(?:\s|\\{1,16}(?:[nrtfv]|(?i:u[\da-f]{4}|x[\da-f]{2})))+"
    if piece[0] == "\\":  # each escaping doubles them
        return "|".join(rf"\\{{{len(piece) << depth}}}" for depth in range(4, -1, -1)).join(("(?:", ")"))
    if piece.isascii() and piece.isalnum():
        return piece
    shown = [rf"\\{{0,16}}{re.escape(piece)}", rf"\\{{1,16}}(?i:{_escaped(piece)})"]
    if piece == "'":  # within single quotes a shell has no escape for it
        shown.insert(0, r"""'\\{0,16}"'\\{0,16}"'|'\\{1,16}''""")
    return f"(?:{'|'.join(shown)})"


def _escaped(character: str) -> str:
    """How a character is written after a backslash: in JSON by its UTF-16 units, in Python by its code point, too."""
    code, units = ord(character), character.encode("utf-16-be", "surrogatepass")
    pairs = [f"u{units[place : place + 2].hex()}" for place in range(0, len(units), 2)]
    short = [f"x{code:02x}", *("b" * (character == "\b"))] if code < _BYTE else []
    return "|".join([r"\\{1,16}".join(pairs), *short, f"U{code:08x}"])


_BYTE = 0x100


def thoughts(value: Any) -> Iterator[str]:
    """Every piece of reasoning anywhere in a sample."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from thoughts(item)
    elif isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if given.get("type") == "reasoning":
            yield from (str(given[name]) for name in ("reasoning", "summary", "signature") if given.get(name))
        elif given.get("role") == "assistant" and isinstance(given.get("content"), str):
            yield from _inline(given["content"])
        elif given.get("type") == "text":
            yield from _inline(str(given.get("text")))
        for item in given.values():
            yield from thoughts(item)


TAG = re.compile(rf"<(/?)({'|'.join(REASONING_TAGS)})(?:\s[^<>]*)?>", re.IGNORECASE)


def _inline(text: str) -> Iterator[str]:
    if TAG.search(text):
        said = without_reasoning(text)
        pieces = (piece.strip() for piece in re.split(r"<[^<>]*>", text))
        yield from (piece for piece in pieces if piece not in said)


PROMPTED = {"system", "user"}
"""The roles in which a subject is told what to do."""


def prompts(data: Mapping[str, Any]) -> Iterator[str]:
    """The prompts of a sample, and each line of them: a subject may have repeated one."""
    events = entries(data.get("events"))
    if isinstance(data.get("input"), str):
        yield from _with_lines([data["input"]])
    for messages in (data.get("input"), data.get("messages"), *(event.get("input") for event in events)):
        told = (message for message in entries(messages) if message.get("role") in PROMPTED)
        yield from _with_lines(text for message in told for text in _content(message))
    configured = (mapping(event.get("config")).get("system_message") for event in events)
    yield from _with_lines(str(text) for text in configured if text)


def said(data: Mapping[str, Any]) -> Iterator[str]:
    """Everything that stands in the messages of a sample, and each line of it."""
    for message in entries(data.get("messages")):
        yield from _with_lines(_content(message))
        calls = entries(message.get("tool_calls"))
        yield from _with_lines(_strings([call.get("arguments") for call in calls]))


def _content(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    parts = [{"text": content}] if isinstance(content, str) else entries(content)
    yield from (str(part["text"]) for part in parts if "text" in part)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    items = cast("list[Any]", value) if isinstance(value, list) else list(mapping(value).values())
    for item in items:
        yield from _strings(item)


def _with_lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (text, *text.splitlines())
