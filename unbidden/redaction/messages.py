"""Messages, calls and outputs of models as a copy keeps them: known fields, each cleaned by what it is."""

from collections.abc import Collection, Mapping
from typing import Any, cast

from unbidden.redaction.allowed import MARK, Wanted, entries, mapping, only
from unbidden.redaction.passages import PROMPTED, TAG
from unbidden.subject.speech import without_reasoning


class Cleaning:
    """Takes out of messages, and of what holds messages, what is not wanted.

    Args:
        wanted: What is to be left out.
        tools: The tools there were: without texts, any other name of a tool is what a subject wrote.
    """

    def __init__(self, wanted: Wanted, tools: Collection[str] = ()) -> None:
        self._wanted = wanted
        self._tools = tools

    def messages(self, given: Any) -> list[dict[str, Any]]:
        return [self.message(message) for message in entries(given)]

    def message(self, given: Mapping[str, Any]) -> dict[str, Any]:
        role = str(given["role"])
        kept = only(given, ("id", "role", "source", "model", "tool_call_id"))
        kept["content"] = self._content(given.get("content"), role)
        if "tool_calls" in given:
            kept["tool_calls"] = [self.call(call) for call in entries(given["tool_calls"])]
        return kept | self._outcome(given)

    def output(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A model's output; it also holds its text as a whole."""
        kept = only(given, ("model", "usage", "time", "input_context_tokens"))
        kept["choices"] = [
            {"message": self.message(choice["message"]), **only(choice, ("stop_reason",))}
            for choice in entries(given.get("choices"))
        ]
        if given.get("completion"):
            kept["completion"] = self.text(str(given["completion"]), "assistant")
        return kept

    def call(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A tool call of a message, or what a tool event shares with one."""
        kept = only(given, ("id", "type")) | self._outcome(given)
        arguments = mapping(given.get("arguments"))
        if self._wanted.texts:
            kept["arguments"] = {MARK: MARK} if arguments else {}
        else:
            kept["arguments"] = arguments
        if given.get("parse_error"):
            kept["parse_error"] = MARK if self._wanted.texts else given["parse_error"]
        if "result" in given:
            kept["result"] = self._content(given["result"], "tool")
        return kept

    def text(self, text: str, role: str) -> str:
        if self._hides(role):
            return MARK
        if role != "assistant" or not TAG.search(text):
            return text
        return f"{MARK}\n{without_reasoning(text)}"

    def tool(self, name: str) -> str:
        """The name of a tool, or a marker in place of one that there was not."""
        return name if not self._wanted.texts or name in self._tools else MARK

    def _outcome(self, given: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        if "function" in given:
            kept["function"] = self.tool(str(given["function"]))
        if error := mapping(given.get("error")):
            kept["error"] = only(error, ("type",)) | {
                "message": MARK if self._wanted.texts else error.get("message", "")
            }
        return kept

    def _content(self, content: Any, role: str) -> Any:
        if self._hides(role):
            return MARK
        if isinstance(content, str):
            return self.text(content, role)
        if isinstance(content, dict):
            return self._part(cast("dict[str, Any]", content), role)
        if isinstance(content, list):
            return [self._part(part, role) for part in entries(cast("Any", content))]
        return content

    def _part(self, part: dict[str, Any], role: str) -> dict[str, Any]:
        kind = str(part.get("type"))
        if kind == "reasoning":
            return {"type": kind, "reasoning": MARK}
        if kind == "text":
            return only(part, ("type", "refusal")) | {"text": self.text(str(part["text"]), role)}
        return only(part, ("type", *_PARTS[kind])) if kind in _PARTS else {"type": "text", "text": MARK}

    def _hides(self, role: str) -> bool:
        return self._wanted.texts or (self._wanted.prompts and role in PROMPTED)


_PARTS = {
    "image": ("image", "detail"),
    "audio": ("audio", "format"),
    "video": ("video", "format"),
    "document": ("document", "filename", "mime_type"),
    "tool_use": ("tool_type", "id", "name", "arguments", "result", "error"),
}
"""Parts of a message other than text, and what is kept of each; what providers keep for themselves is in none of them."""
