"""A run's budget: when it is spent, no further sample is started; what has begun is finished and scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.log import EvalResults, list_eval_logs, read_eval_log, write_eval_log
from inspect_ai.model import Model
from inspect_ai.util import EarlyStop

from unbidden.errors import BadInputError
from unbidden.prices import price_of
from unbidden.spending import Spending, dollars


@dataclass
class Budget:
    """What the run's model calls have cost, the judge's included, and whether that is enough.

    Args:
        dollars: The most the command may spend. Samples that are under way when it is spent still add to it.
        spending: What it has spent so far.
    """

    dollars: float
    spending: Spending
    skipped: int = 0

    @classmethod
    def of(cls, limit: float | None, models: Sequence[Model], spending: Spending) -> "Budget | None":
        """A budget that can be kept.

        Args:
            limit: The limit in dollars, if there is one.
            models: The models that will be called, judges included.
            spending: Where their calls are counted.

        Raises:
            BadInputError: The limit is not positive, or a model's price is unknown.
        """
        if limit is None:
            return None
        if not limit > 0:
            raise BadInputError(f"--max-cost {limit} is no budget", fix="Give dollars, more than 0")
        unknown = dict.fromkeys(str(model) for model in models if price_of(model) is None)
        if unknown:
            raise BadInputError(
                f"the price of {', '.join(unknown)} is unknown, so a budget cannot be kept",
                fix="Give prices with --prices prices.yaml, or leave --max-cost out",
            )
        return cls(limit, spending)

    def stopped(self) -> str | None:
        """What to tell the user if samples were not started."""
        if not self.skipped:
            return None
        spent = f"{dollars(self.spending.cost)} of {dollars(self.dollars)} spent"
        unpriced = self.spending.unpriced()
        why = f"{spent}, and a call of unknown price ({', '.join(unpriced)})" if unpriced else spent
        return f"Stopped at the budget: {why}, {self.skipped} samples not started."

    def stop(self, id: str | int, epoch: int) -> EarlyStop | None:  # noqa: A002
        """Asked before a sample starts."""
        if self.spending.cost < self.dollars and not self.spending.unpriced():
            return None
        self.skipped += 1
        return EarlyStop(id=id, epoch=epoch, reason="budget")


def question(cost: tuple[float, float] | None, limit: float) -> str | None:
    """What to ask before a run that may cost more than its budget; `None` if it cannot, or nobody knows.

    Args:
        cost: What is planned, at the least and at the most, in dollars; `None` if a price is unknown.
        limit: The budget.
    """
    if cost is None or cost[1] <= limit:
        return None
    planned = f"{dollars(cost[0])} to {dollars(cost[1])}"
    return f"Planned for the whole run: {planned}, budget {dollars(limit)}. Samples beyond it are not started. Go on?"


def reopen(logs: Path) -> None:
    """Have Inspect take up again logs that lack samples: it takes one whose samples were stopped, or failed, for complete."""
    for info in list_eval_logs(str(logs)):
        header = read_eval_log(info, header_only=True)
        if header.status == "success" and _lacks_samples(header.results):
            log = read_eval_log(info)
            log.status = "cancelled"
            write_eval_log(log)


def _lacks_samples(results: EvalResults | None) -> bool:
    if results is None or results.completed_samples < results.total_samples:
        return True
    return results.early_stopping is not None and bool(results.early_stopping.early_stops)
