"""What a sample took in a run that is there already."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.event import ModelEvent
from inspect_ai.log import EvalLog, EvalLogInfo, list_eval_logs, read_eval_log, read_eval_log_samples

from unbidden.errors import ResultsError
from unbidden.results.manifest import read_manifest
from unbidden.spending import Part, Use, part_of


@dataclass(frozen=True)
class Measured:
    """What one model used in one sample of a scenario, as subject or as judge."""

    scenario: str
    model: str
    part: Part
    use: Use


@dataclass(frozen=True)
class Pilot:
    """A run to plan by."""

    measured: Sequence[Measured]

    def of(self, scenario: str, part: Part, model: str) -> tuple[list[Use], str] | None:
        """What samples of a scenario took, and who was measured: the model if it ran there, or all that did.

        Returns:
            The uses and the model's name, or names; `None` if no model had this part in this scenario.
        """
        there = [one for one in self.measured if (one.scenario, one.part) == (scenario, part)]
        own = [one for one in there if one.model == model] or there
        if not own:
            return None
        return [one.use for one in own], " and ".join(sorted({one.model for one in own}))


def read_pilot(folder: Path) -> Pilot:
    """Read a run folder's logs. Samples that ended with an error are left out.

    Raises:
        ResultsError: It is no run folder, or has no finished sample to measure.
    """
    read_manifest(folder)
    measured = [one for info, header in _newest(folder) for one in _measured(info, header)]
    if not measured:
        raise ResultsError(
            "there is no finished sample to plan by", where=str(folder), fix="Give a run that has some"
        )
    return Pilot(measured)


def _newest(folder: Path) -> list[tuple[EvalLogInfo, EvalLog]]:
    """The newest log of each task."""
    newest: dict[str, tuple[EvalLogInfo, EvalLog]] = {}
    for info in list_eval_logs(str(folder / "logs"), descending=False):
        try:
            header = read_eval_log(info, header_only=True)
        except (OSError, ValueError) as problem:
            raise ResultsError(f"a log cannot be read ({problem})", where=info.name) from None
        newest[header.eval.task_id] = (info, header)
    return list(newest.values())


def _measured(info: EvalLogInfo, header: EvalLog) -> list[Measured]:
    scenario, graders = str((header.eval.metadata or {}).get("scenario")), _graders(header)
    measured: list[Measured] = []
    for sample in read_eval_log_samples(info, all_samples_required=False):
        if sample.error is not None:
            continue
        used: dict[tuple[str, Part], Use] = {(header.eval.model, "subject"): Use()}
        used |= {(grader, "judge"): Use() for grader in graders}  # a judge that was not asked took nothing
        for event in sample.events:
            if isinstance(event, ModelEvent) and event.error is None and event.cache != "read":
                key = (event.model, part_of(event.role))
                used[key] = used.get(key, Use()).plus(Use.of(event.output.usage))
        measured += [Measured(scenario, model, part, use) for (model, part), use in used.items()]
    return measured


def _graders(header: EvalLog) -> list[str]:
    """The judges of a log, whether they were asked or not."""
    found: list[str] = []
    for role, given in (header.eval.model_roles or {}).items():
        if part_of(role) == "judge":
            found += [one.model for one in (given if isinstance(given, list) else [given])]
    return found
