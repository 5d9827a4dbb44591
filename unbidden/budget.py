"""A run's budget: when it is spent, no further sample is started; what has begun is finished and scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.hooks import Hooks, ModelUsageData, hooks
from inspect_ai.log import list_eval_logs, read_eval_log, write_eval_log
from inspect_ai.model import Model, get_model_info
from inspect_ai.util import EarlyStop

from unbidden.errors import BadInputError


@dataclass
class Budget:
    """What the run's model calls have cost, and whether that is enough.

    Args:
        dollars: The most the run may cost. Calls that are under way when it is spent still add to it.
    """

    dollars: float
    spent: float = 0.0
    skipped: int = 0

    @classmethod
    def of(cls, dollars: float | None, models: Sequence[Model], *, priced: bool) -> "Budget | None":
        """A budget that can be kept.

        Args:
            dollars: The limit, if there is one.
            models: The models that will be called.
            priced: The user gives the prices.

        Raises:
            BadInputError: The limit is not positive, or a model's price is unknown.
        """
        if dollars is None:
            return None
        if dollars <= 0:
            raise BadInputError(f"--max-cost {dollars} is no budget", fix="Give dollars, more than 0")
        unknown = [str(model) for model in models if not priced and not _is_priced(model)]
        if unknown:
            raise BadInputError(
                f"the price of {', '.join(unknown)} is unknown, so a budget cannot be kept",
                fix="Give prices with --inspect model_cost_config=prices.yaml, or leave --max-cost out",
            )
        return cls(dollars)

    def watch(self) -> None:
        """Have Inspect tell this budget what each model call costs."""
        budget = self

        class Spending(Hooks):
            async def on_model_usage(self, data: ModelUsageData) -> None:
                budget.spent += data.usage.total_cost or 0.0

        hooks(name="budget", description="Adds up what a run's model calls cost.")(Spending)

    def stopped(self) -> str | None:
        """What to tell the user if samples were not started."""
        if not self.skipped:
            return None
        return f"Stopped at the budget: {self.spent:.2f} of {self.dollars:.2f} dollars spent, {self.skipped} samples not started."

    def stop(self, id: str | int, epoch: int) -> EarlyStop | None:  # noqa: A002
        """Asked before a sample starts."""
        if self.spent < self.dollars:
            return None
        self.skipped += 1
        return EarlyStop(id=id, epoch=epoch, reason="budget")


def reopen(logs: Path) -> None:
    """Have Inspect take up again the logs of runs that stopped by themselves: it takes a log whose samples were stopped for complete."""
    for info in list_eval_logs(str(logs)):
        header = read_eval_log(info, header_only=True)
        stopped = header.results.early_stopping if header.results is not None else None
        if header.status == "success" and stopped is not None and stopped.early_stops:
            log = read_eval_log(info)
            log.status = "cancelled"
            write_eval_log(log)


def _is_priced(model: Model) -> bool:
    if str(model).startswith("unbidden/"):
        return True  # scripts cost nothing
    info = get_model_info(model)
    return info is not None and info.cost is not None
