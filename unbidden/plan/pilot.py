"""What a sample took in a run that is there already."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.event import ModelEvent
from inspect_ai.log import EvalLog, EvalSample, read_eval_log, read_eval_log_samples

from unbidden.errors import ResultsError
from unbidden.results.archive import reading
from unbidden.results.manifest import read_manifest
from unbidden.results.samples import HeadedLog, newest_logs
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
    measured = [one for log in newest_logs(folder) for one in _measured(log)]
    if not measured:
        raise ResultsError(
            "there is no finished sample to plan by", where=str(folder), fix="Give a run that has some"
        )
    return Pilot(measured)


def _measured(log: HeadedLog) -> list[Measured]:
    with reading(log.path):
        graders = _graders(read_eval_log(str(log.path), header_only=True))
        samples = read_eval_log_samples(str(log.path), all_samples_required=False)  # one after another
        return [one for sample in samples if sample.error is None for one in _used(sample, log, graders)]


def _used(sample: EvalSample, log: HeadedLog, graders: Sequence[str]) -> list[Measured]:
    used: dict[tuple[str, Part], Use] = {(log.model, "subject"): Use()}
    used |= {(grader, "judge"): Use() for grader in graders}  # a judge that was not asked took nothing
    for event in sample.events:
        if isinstance(event, ModelEvent) and event.error is None and event.cache != "read":
            key = (event.model, part_of(event.role))
            used[key] = used.get(key, Use()).plus(Use.of(event.output.usage))
    return [Measured(log.scenario, model, part, use) for (model, part), use in used.items()]


def _graders(header: EvalLog) -> list[str]:
    """The judges of a log, whether they were asked or not."""
    found: list[str] = []
    for role, given in (header.eval.model_roles or {}).items():
        if part_of(role) == "judge":
            found += [one.model for one in (given if isinstance(given, list) else [given])]
    return found
