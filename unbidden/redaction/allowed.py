"""What may stay in a copy to share: fields by name, settings that are numbers or one of a provider's words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

MARK = "[redacted]"
"""What stands where something was left out."""


@dataclass(frozen=True)
class Wanted:
    """What is to be left out beside reasoning."""

    prompts: bool
    texts: bool

    @property
    def hidden(self) -> bool:
        """Whether the prompts go, alone or with all other texts."""
        return self.prompts or self.texts


def only(given: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The fields of these names, as far as there are any."""
    return {name: given[name] for name in names if name in given}


def mapping(value: Any) -> dict[str, Any]:
    """A mapping, or an empty one in place of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def entries(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list, or none in place of anything else."""
    found = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in found if isinstance(item, dict)]


def settings(config: Mapping[str, Any], *, hidden: bool) -> dict[str, Any]:
    """How a model was called, without headers, bodies and schemas; a system message is a prompt.

    Args:
        config: A `GenerateConfig` as plain data.
        hidden: Whether prompts are to be left out.
    """
    kept = only(config, _SETTINGS)
    if config.get("system_message") is not None:
        kept["system_message"] = MARK if hidden else config["system_message"]
    return kept if hidden else kept | only(config, ("stop_seqs",))


def options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a run whose prompts are left out: numbers, known words, and what an import says of its sources."""
    return {name: item if _is_plain(name, item) else MARK for name, item in given.items()}


def _is_plain(name: str, item: Any) -> bool:
    if isinstance(item, str):
        return name in _SETTINGS
    return item is None or isinstance(item, bool | int | float) or name == "imported"


_SETTINGS = (
    "max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections", "max_tokens", "top_p",
    "temperature", "best_of", "frequency_penalty", "presence_penalty", "seed", "top_k", "num_choices", "logprobs",
    "top_logprobs", "parallel_tool_calls", "internal_tools", "max_tool_output", "cache_prompt", "fail_on_refusal", "verbosity",
    "effort", "reasoning_effort", "reasoning_mode", "reasoning_tokens", "reasoning_summary", "reasoning_history",
)  # fmt: skip
