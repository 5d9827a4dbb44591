"""When a run stops by itself: a model whose calls cannot succeed, or too many of whose samples failed, gets no more of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspect_ai.dataset import Sample
from inspect_ai.hooks import Hooks, SampleEnd, hooks
from inspect_ai.log import EvalError, EvalSpec
from inspect_ai.model import get_model
from inspect_ai.scorer import SampleScore
from inspect_ai.util import EarlyStop
from pydantic import JsonValue

from unbidden.errors import BadInputError
from unbidden.results.failure import by_judge, detail, reason, status
from unbidden.terminal import visible

SHARE = 0.2
"""The share of a model's samples that may fail, unless the user says otherwise."""

FEW = 3
"""So many failures it takes at least: in a small run one bad sample, or two, end nothing."""

HOPELESS = {401: "the key is refused", 404: "there is no such model or address"}
"""Answers that every further call would get as well."""


@dataclass
class Patience:
    """What failed samples say about a model. Those of its samples that have begun are finished and scored.

    Args:
        samples: How many samples each model has.
        share: The share of them that may fail.
        graders: The judges. Samples that fail with one of them say nothing about the model, and end the run for every model.
    """

    samples: int
    share: float = SHARE
    graders: Sequence[str] = ()
    failed: Counter[str] = field(default_factory=Counter[str])
    skipped: Counter[str] = field(default_factory=Counter[str])
    last: dict[str, EvalError] = field(default_factory=dict[str, EvalError])
    hopeless: dict[str, EvalError] = field(default_factory=dict[str, EvalError])

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise BadInputError(
                f"--max-errors {self.share} is no share", fix="Give more than 0 and at most 1"
            )

    def watch(self) -> None:
        """Have Inspect tell of each sample that ends."""
        patience = self

        class Failures(Hooks):
            async def on_sample_end(self, data: SampleEnd) -> None:
                if data.sample.error is not None:
                    patience.note(str(get_model()), data.sample.error)

        hooks(name="patience", description="Counts the samples of a run that failed.")(Failures)

    @property
    def judge(self) -> str:
        """What the judges are called here."""
        return f"the judge {' or '.join(self.graders)}"

    def note(self, model: str, error: EvalError) -> None:
        """A sample of a model ended with an error."""
        if by_judge(error):
            model = self.judge
        self.failed[model] += 1
        self.last[model] = error
        if status(error) in HOPELESS:
            self.hopeless.setdefault(model, error)

    def lost(self, model: str) -> str | None:
        """Why a model gets no more samples, if it gets none."""
        if (why := self._given_up(self.judge, "samples failed with it")) is not None:
            return f"{self.judge}: {why}"
        return self._given_up(model, f"of its {self.samples} samples failed")

    def _given_up(self, who: str, what: str) -> str | None:
        if error := self.hopeless.get(who):
            return f"{HOPELESS[status(error) or 0]} ({detail(error)})"
        if self.failed[who] >= max(FEW, self.share * self.samples):
            return f"{self.failed[who]} {what}, the last one with: {reason(self.last[who])}"
        return None

    def stop(self, id: str | int, epoch: int) -> EarlyStop | None:  # noqa: A002
        """Asked before a sample starts, in the context of its task."""
        model = str(get_model())
        if self.lost(model) is None:
            return None
        self.skipped[model] += 1
        return EarlyStop(id=id, epoch=epoch, reason="errors")

    def stopped(self) -> str | None:
        """What to tell the user about models that a run gave up on."""
        lines = [
            f"Gave up on {model}: {visible(self.lost(model) or '')}. {count} of its samples were not started."
            for model, count in sorted(self.skipped.items())
        ]
        return "\n".join(lines) or None


class Reason(Protocol):
    """Something that may stop a run."""

    def stop(self, id: str | int, epoch: int) -> EarlyStop | None: ...  # noqa: A002


@dataclass
class Stops:
    """Inspect's early-stopping interface over all that may stop a run; the first of them that says so does."""

    reasons: Sequence[Reason]

    async def start_task(self, task: EvalSpec, samples: list[Sample], epochs: int) -> str:  # noqa: ARG002
        return "unbidden"

    async def schedule_sample(self, id: str | int, epoch: int) -> EarlyStop | None:  # noqa: A002
        stops = (reason.stop(id, epoch) for reason in self.reasons)
        return next((stop for stop in stops if stop is not None), None)

    async def complete_sample(self, id: str | int, epoch: int, scores: dict[str, SampleScore]) -> None:  # noqa: A002
        """Nothing to learn from a score."""

    async def complete_task(self) -> dict[str, JsonValue]:
        return {}
