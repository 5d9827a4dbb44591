"""The head of a log, made anew of what a reader of the copy needs: what was run, when, and what came out."""

from collections.abc import Mapping
from typing import Any, cast

from inspect_ai.log import (
    EvalError,
    EvalLog,
    EvalMetric,
    EvalPlan,
    EvalPlanStep,
    EvalResults,
    EvalScore,
    EvalSpec,
    EvalStats,
)
from inspect_ai.model import GenerateConfig

from unbidden.redaction.allowed import MARK, Wanted, mapping, only, settings
from unbidden.results.failure import bare, is_own


def redacted_header(log: EvalLog, wanted: Wanted) -> EvalLog:
    """A log without samples, and without arguments, paths, addresses, tags and whatever else a user may have written into its head."""
    return EvalLog(
        version=log.version,
        status=log.status,
        eval=_spec(log.eval, wanted),
        plan=EvalPlan(
            name=log.plan.name,
            steps=[EvalPlanStep(solver=step.solver) for step in log.plan.steps],
            config=_config(log.plan.config, wanted),
        ),
        results=_results(log.results) if log.results is not None else None,
        stats=EvalStats(
            started_at=log.stats.started_at,
            completed_at=log.stats.completed_at,
            model_usage=log.stats.model_usage,
            role_usage=log.stats.role_usage,
        ),
        error=_error(log.error) if log.error is not None else None,
    )


def _spec(spec: EvalSpec, wanted: Wanted) -> EvalSpec:
    data = spec.model_dump(exclude_none=True)
    kept = only(data, _SPEC)
    kept["dataset"] = only(data["dataset"], ("name", "samples", "sample_ids", "shuffled"))
    kept["config"] = only(data["config"], _CONFIG)
    kept["model_generate_config"] = _config(spec.model_generate_config, wanted)
    kept["metadata"] = only(mapping(data.get("metadata")), ("scenario", "title", "imported"))
    kept["scorers"] = [
        {"name": scorer.name, "options": _decider(scorer.options), "metrics": _names(scorer.metrics)}
        for scorer in spec.scorers or []
    ]
    return EvalSpec.model_validate(kept)


_SPEC = (
    "eval_set_id", "eval_id", "run_id", "created", "task", "task_id", "task_version", "task_display_name", "task_registry_name",
    "model", "packages",
)  # fmt: skip
_CONFIG = (
    "limit", "epochs", "fail_on_error", "continue_on_fail", "retry_on_error", "score_on_error", "message_limit", "token_limit",
    "token_limit_type", "turn_limit", "time_limit", "working_limit", "cost_limit", "max_samples", "max_tasks", "max_subprocesses",
    "max_sandboxes", "sandbox_cleanup", "sandbox_prebuilt", "log_samples", "log_realtime", "log_images", "log_buffer", "score_display",
)  # fmt: skip


def _config(config: GenerateConfig, wanted: Wanted) -> GenerateConfig:
    return GenerateConfig(**settings(config.model_dump(exclude_none=True), hidden=wanted.hidden))


def _decider(options: Mapping[str, Any] | None) -> dict[str, Any]:
    return only(options or {}, ("decider",))


def _names(metrics: Any) -> Any:
    """Definitions of metrics by their names, in whatever lists and mappings they stand."""
    if isinstance(metrics, list):
        return [_names(one) for one in cast("list[Any]", metrics)]
    if isinstance(metrics, dict):
        return {name: _names(one) for name, one in cast("dict[str, Any]", metrics).items()}
    return {"name": metrics.name} if metrics is not None else None


def _results(results: EvalResults) -> EvalResults:
    return EvalResults(
        total_samples=results.total_samples,
        completed_samples=results.completed_samples,
        logged_samples=results.logged_samples,
        scores=[_score(score) for score in results.scores],
    )


def _score(score: EvalScore) -> EvalScore:
    return EvalScore(
        name=score.name,
        scorer=score.scorer,
        reducer=score.reducer,
        scored_samples=score.scored_samples,
        unscored_samples=score.unscored_samples,
        params=_decider(score.params),
        metrics={
            key: EvalMetric(name=metric.name, group=metric.group, value=metric.value)
            for key, metric in score.metrics.items()
        },
    )


def _error(error: EvalError) -> EvalError:
    """No table shows it: what is not in our own words is the name of an exception, at most."""
    message = bare(error).message
    kind = message.partition("(")[0]
    shown = message if is_own(message) else kind if kind.isidentifier() else MARK
    return EvalError(message=shown, traceback=MARK, traceback_ansi=MARK)
