"""Inspect's own options, passed through: checked against its signature, not declared a second time."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

from inspect_ai import eval_set  # pyright: ignore[reportUnknownVariableType] - Inspect's
from inspect_ai.model import GenerateConfig
from pydantic import ValidationError

from unbidden.errors import BadInputError, suggestion
from unbidden.keys import must_hold_no_key

OURS = frozenset(
    {
        "tasks",
        "log_dir",
        "model",
        "limit",
        "log_dir_allow_dirty",
        "task_args",
        "epochs",
        "sample_id",
        "sandbox",
        "kwargs",
        "sample_shuffle",
        "score",
        "log_samples",
        "solver",
        "scanner",
        "eval_set_id",
    }
)
"""What a run sets itself, or what would make samples other than those it planned."""

DEFAULTS: Mapping[str, Any] = {
    "display": "none",  # see progress.py
    "log_buffer": 1,  # a finished sample is in the log before the next one finishes: a killed run loses none of them
    "log_realtime": False,  # and needs no second copy in a database beside it
    # A scenario fails as a whole when its log cannot be written: another try at once pays for the same samples again
    "retry_attempts": 0,
    "max_retries": 10,  # Inspect's waits double from 3 s on: a provider may be out of order for some 50 minutes
    "attempt_timeout": 1200,  # seconds; without it an answer that drips in, byte by byte, never ends
}

RUNTIME = frozenset(
    {
        "acp_server", "adaptive_connections", "attempt_timeout", "batch", "bundle_dir", "bundle_overwrite", "cache",
        "cache_prompt", "ctl_server", "debug_errors", "display", "embed_viewer", "log_buffer",
        "log_format", "log_images", "log_level", "log_level_transcript", "log_model_api", "log_realtime",
        "log_refusals", "log_shared", "max_connections", "max_dataset_memory", "max_retries",
        "max_samples", "max_sandboxes", "max_subprocesses", "max_tasks", "metadata", "model_base_url",
        "model_cost_config", "notification", "retry_attempts", "retry_cleanup", "retry_connections", "retry_immediate",
        "retry_on_error", "retry_wait", "sandbox_cleanup", "sandbox_prebuilt", "score_display", "stream_idle_timeout",
        "tags", "timeout", "trace",
    }
)  # fmt: skip
"""Options that change how a run goes and not what comes out; all others make it another run."""


IN_A_FILE = frozenset(
    {
        "attempt_timeout", "cache_prompt", "effort", "frequency_penalty", "max_connections", "max_retries", "max_samples",
        "max_sandboxes", "max_tokens", "presence_penalty", "reasoning_effort", "reasoning_history", "reasoning_summary",
        "reasoning_tokens", "stop_seqs", "temperature", "timeout", "top_k", "top_p", "verbosity",
    }
)  # fmt: skip
"""Options that a content file may set: how answers are drawn and waited for. Where they come from, what is sent along and what is
written is the user's to say: a file from a stranger would send keys elsewhere, or overwrite a folder."""


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options for `eval_set`, over our defaults.

    Raises:
        BadInputError: Inspect has no such option, it is ours to set, or it holds a key.
    """
    signature = inspect.signature(cast("Callable[..., Any]", eval_set))
    known = (set(signature.parameters) | set(GenerateConfig.model_fields)) - OURS
    for name in given:
        if name not in known:
            raise BadInputError(
                f"Inspect's eval_set has no option '{name}' to set here", fix=suggestion(name, known)
            )
    must_hold_no_key(given)
    try:
        GenerateConfig.model_validate(
            {name: given[name] for name in given if name in GenerateConfig.model_fields}
        )
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise BadInputError(f"--inspect {first['loc'][0]}={first['input']}: {first['msg']}") from None
    if not isinstance(given.get("model_args", {}), dict):
        raise BadInputError(
            "model_args must be a mapping", fix="Write it like model_args={zealot: 0.5, bystander: 0.5}"
        )
    options = {**DEFAULTS, **given}
    if not options["retry_attempts"]:
        options.setdefault("retry_immediate", False)  # else Inspect warns that it has no effect
    return options


def patient(options: Mapping[str, Any]) -> GenerateConfig:
    """How long a model is waited for, as a config: a judge does not get the run's by itself."""
    return GenerateConfig(
        **{name: options.get(name) for name in ("max_retries", "timeout", "attempt_timeout")}
    )


def decisive(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that decide what comes out."""
    return {name: given[name] for name in sorted(given) if name not in RUNTIME}
