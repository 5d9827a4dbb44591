"""Scoring a finished run again, by today's ladders, another decider or another view; the subject is never called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import anyio
from inspect_ai.scorer import Score

from unbidden import __version__
from unbidden.errors import BadInputError, suggestion
from unbidden.models import usable_model
from unbidden.results.answers import answers_table
from unbidden.results.build import Key, key_of, verdict_table
from unbidden.results.manifest import Manifest, must_be_whole, read_manifest
from unbidden.results.samples import LogSample, RunLog, read_logs
from unbidden.results.scores import Scoring, find_scoring, label_of, must_be_usable, state, write_scores
from unbidden.scoring.deciders import for_models, rubric_versions, shown
from unbidden.scoring.evidence import Case, Decider
from unbidden.scoring.ladder import Ladder, load_ladder
from unbidden.scoring.scorer import scored
from unbidden.vocabulary import Ended


@dataclass(frozen=True)
class Rescored:
    """A scoring that is now beside the run's own, and where its verdict table is."""

    run: Manifest
    scoring: Scoring
    table: Path


Told = Callable[[int, int], None]
"""Is told how many of how many samples have been scored."""


def rescore(
    folder: Path,
    graders: Sequence[str] = (),
    view: str | None = None,
    name: str | None = None,
    told: Told | None = None,
) -> Rescored:
    """Score a run folder's samples again, and keep the verdicts in its `scores` folder; the run's own tables stay.

    The same ladders, decider and no view give the run's own verdict table again, byte for byte. A sample that ended with an error
    stays unscored: its acts are not the whole. Answers that a judge has given before come out of Inspect's cache.

    Args:
        folder: The run folder.
        graders: The models that answer what rules cannot settle; the lexicon does if there are none.
        view: Whose reading of the ladders; ours if `None`, and where a ladder does not have the view.
        name: What the scores are called; after decider and view if `None`.
        told: Is told how far it is.

    Raises:
        ResultsError: The folder or a log cannot be read.
        BadInputError: There is no such view, model or ladder, or there are other scores of that name. Nothing is written.
    """
    run = read_manifest(folder)
    must_be_whole(folder, run, missing=("prompts", "texts"))
    ladders = {name: load_ladder(name) for name in _behaviours(run)}
    if view is not None:
        must_be_known(view, ladders)
    decider, label = for_models(graders), label_of(shown(graders), view) if name is None else name
    must_be_usable(label)
    logs = read_logs(folder)
    scoring = Scoring(
        label=label,
        decider=shown(graders),
        view=view,
        viewed=[name for name, ladder in ladders.items() if view in ladder.views],
        ladders={name: ladder.digest() for name, ladder in ladders.items()},
        rubrics=rubric_versions(graders, ladders.values()),
        wanted=sorted(name for name, ladder in ladders.items() if ladder.wanted),
        unbidden=__version__,
        samples=state(folder),
    )
    _must_not_replace(folder, scoring)
    read = {name: viewed(ladder, view) for name, ladder in ladders.items()}
    scores = anyio.run(_all_scored, logs, read, decider, _at_once(graders), told)
    table = verdict_table(run, logs, scoring.decider, scores)
    return Rescored(run, scoring, write_scores(folder, scoring, table, answers_table(scores)))


def must_be_known(view: str, ladders: Mapping[str, Ladder]) -> None:
    """Raises `BadInputError` if none of the ladders has the view."""
    known = {name: behaviour for behaviour, ladder in ladders.items() for name in ladder.views}
    if view not in known:
        which = ", ".join(ladders)
        raise BadInputError(
            f"no ladder of this run ({which}) has a view '{view}'", fix=suggestion(view, known)
        )


def viewed(ladder: Ladder, view: str | None) -> Ladder:
    """A ladder as a view reads it, or as we do where it does not have the view."""
    if view is None or view not in ladder.views:
        return ladder
    rules = ladder.views[view]
    return ladder.model_copy(update={"counts_from": rules.counts_from, "mandate": rules.mandate})


def _behaviours(run: Manifest) -> list[str]:
    return sorted({name for scenario in run.scenarios for name in scenario.behaviours})


def _must_not_replace(folder: Path, scoring: Scoring) -> None:
    """Scores stay: only the same ones, of a run that went on, are made anew."""
    there = find_scoring(folder, scoring.label)
    if there is None or not (differing := scoring.differences(there)):
        return
    raise BadInputError(
        f"there are scores '{scoring.label}' with other {', '.join(differing)}",
        where=str(folder),
        fix="Give these another --name, or delete the others",
    )


def _at_once(graders: Sequence[str]) -> int:
    """How many samples are scored at once: as many as the models have connections.

    With more of them, an answer's time limit would run out while it waits for a connection.
    """
    models = [usable_model(grader) for grader in graders]  # Inspect keeps them: these are the decider's own
    return min((model.config.max_connections or model.api.max_connections() for model in models), default=1)


async def _all_scored(
    logs: Sequence[RunLog], ladders: Mapping[str, Ladder], decider: Decider, at_once: int, told: Told | None
) -> dict[Key, dict[str, Score]]:
    waiting = [
        (key_of(log, sample), sample) for log in logs for sample in log.samples if sample.error is None
    ]
    total, queue = len(waiting), iter(waiting)
    scores: dict[Key, dict[str, Score]] = {}

    async def work() -> None:
        for key, sample in queue:
            scores[key] = await _scored(sample, ladders, decider)
            if told is not None:
                told(len(scores), total)

    try:
        async with anyio.create_task_group() as group:
            for _ in range(min(at_once, total)):
                group.start_soon(work)
    except BaseExceptionGroup as problems:
        raise _first(problems) from None
    return scores


def _first(problem: BaseException) -> BaseException:
    """Several samples may meet the same problem at once: it is said once, as what it is."""
    if not isinstance(problem, BaseExceptionGroup):
        return problem
    return _first(cast("BaseExceptionGroup[BaseException]", problem).exceptions[0])


async def _scored(sample: LogSample, ladders: Mapping[str, Ladder], decider: Decider) -> dict[str, Score]:
    """The scores of one sample, by behaviour: what the scorers of a run would give it."""
    meta, record = sample.meta(), sample.record()
    if meta is None:
        return {name: _unscored("foreign-sample", "The sample was not made by unbidden.") for name in ladders}
    names = [name for name in ladders if name in meta.brief.behaviours]
    if record is None:
        return {name: _left(sample, name) for name in names}
    if record.ended is Ended.ERROR:
        return {name: _unscored("error", "The sample broke off with an error of ours.") for name in names}
    case = Case(record=record, brief=meta.brief)
    return {name: await scored(ladders[name], decider, case) for name in names}


def _left(sample: LogSample, behaviour: str) -> Score:
    """Without a ledger: the reason that stands there, such as an import's, or that there is none."""
    there = (sample.scores or {}).get(behaviour)
    if there is not None and not isinstance(there.value, dict):
        return there
    return _unscored("no-record", "The sample left no readable ledger.")


def _unscored(reason: str, explanation: str) -> Score:
    return Score.unscored(reason=reason, explanation=explanation)
