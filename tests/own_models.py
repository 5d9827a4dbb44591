"""What the models that tests bring to Inspect share."""

import json
import re
from collections.abc import Sequence
from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI


class OwnModel(ModelAPI):
    """A model of a test's: made as Inspect makes one, and needing nothing but its name."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **_: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())


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
