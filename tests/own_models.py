"""What the models that tests bring to Inspect share."""

import json
import re
from collections.abc import Sequence
from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput
from inspect_ai.tool import ToolChoice, ToolInfo


class OwnModel(ModelAPI):
    """A model of a test's: made as Inspect makes one, needing nothing but its name, and asked for nothing but its answer."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **_: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - Inspect's interface
        tools: list[ToolInfo],
        tool_choice: ToolChoice,  # noqa: ARG002
        config: GenerateConfig,  # noqa: ARG002
    ) -> ModelOutput:
        return await self.answer(input, tools)

    async def answer(self, asked: list[ChatMessage], tools: list[ToolInfo]) -> ModelOutput:
        raise NotImplementedError  # of a model that has a `generate` of its own


def relabelled(asked: Sequence[ChatMessage]) -> dict[str, Any]:
    """A judge's answer about the act it is asked about: it alleges the fact where it says so."""
    record = re.search(r"<record \w+>\n(.*)\n</record", asked[-1].text, re.DOTALL)
    act = json.loads(record[1])["the act"] if record is not None else {}
    said = re.search(r"relabelled", act.get("text", ""))
    return {
        "facts": ["relabelled"] if said else [],
        "acts": [act.get("id")],
        "span": said[0] if said else "",
    }
