"""What model calls use: calls, tokens and money, by model and by what the model does in a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from inspect_ai.event import ModelEvent
from inspect_ai.model import ModelUsage
from rich.box import SIMPLE_HEAD
from rich.table import Table

from unbidden.prices import is_script
from unbidden.terminal import inert

Part = Literal["subject", "judge"]
"""What a model does in a run."""


GIVEN_AGAIN = "unbidden_given_again"
"""What marks an answer, in its metadata, that an earlier command has paid for."""


class Use(NamedTuple):
    """Some calls and the tokens they took. `cached` tokens were read from the provider's cache, `written` ones put there.

    `fresh`, `cached` and `written` add up to what the model read; the three have prices of their own.
    """

    calls: float = 0
    fresh: float = 0
    cached: float = 0
    written: float = 0
    output: float = 0

    @classmethod
    def of(cls, usage: ModelUsage | None) -> "Use":
        """One call."""
        if usage is None:
            return cls(1)
        cached, written = usage.input_tokens_cache_read or 0, usage.input_tokens_cache_write or 0
        return cls(1, usage.input_tokens, cached, written, usage.output_tokens)

    @property
    def input(self) -> float:
        """All tokens that the model read."""
        return self.fresh + self.cached + self.written

    def plus(self, other: "Use") -> "Use":
        return Use(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def times(self, factor: float) -> "Use":
        return Use(*(mine * factor for mine in self))


@dataclass
class Account:
    """What one model has used as subject or as judge.

    Args:
        use: Calls to the provider.
        cost: What those of known price cost, in dollars.
        unpriced: How many calls have no known price.
        repeated: Answers that had been paid for before, out of Inspect's cache or of a run that was cut off: no call, no cost.
    """

    use: Use = field(default_factory=Use)
    cost: float = 0.0
    unpriced: int = 0
    repeated: int = 0

    def money(self) -> str:
        """The cost, as far as it is known."""
        return dollars(None if self.unpriced else self.cost)

    def shown(self) -> str:
        """In a few words."""
        tokens = f"{self.use.input:,.0f} tokens in, {self.use.output:,.0f} out"
        calls = "1 call" if self.use.calls == 1 else f"{self.use.calls:,.0f} calls"
        return f"{calls}, {tokens}, {self.money()}"


@dataclass
class Spending:
    """What a command's model calls have used so far. What earlier commands spent on the same run is not in it."""

    accounts: dict[tuple[str, Part], Account] = field(default_factory=dict[tuple[str, Part], Account])
    _noted: set[str] = field(default_factory=set[str])

    def note(self, event: ModelEvent) -> None:
        """Add a model call that has ended; one that failed has used nothing that is known.

        Inspect tells of an event again whenever it changes; a call is added once.
        """
        if event.error is not None or str(event.uuid) in self._noted:
            return
        self._noted.add(str(event.uuid))
        account = self.accounts.setdefault((event.model, part_of(event.role)), Account())
        if event.cache == "read" or (event.output.metadata or {}).get(GIVEN_AGAIN):
            account.repeated += 1
            return
        usage = event.output.usage
        account.use = account.use.plus(Use.of(usage))
        cost = usage.total_cost if usage is not None else _cost_of_refusal(event)
        if cost is not None:
            account.cost += cost
        elif not is_script(event.model):
            account.unpriced += 1

    @property
    def cost(self) -> float:
        """Dollars, over the calls of known price."""
        return sum(account.cost for account in self.accounts.values())

    def unpriced(self) -> list[str]:
        """The models with calls of unknown price."""
        return sorted({model for (model, _), account in self.accounts.items() if account.unpriced})

    def lines(self) -> list[str]:
        """A line for each model, in a few words."""
        return [f"{_who(model, part)}: {account.shown()}" for (model, part), account in self._sorted()]

    def table(self) -> Table:
        """A row for each model and part; `cached` is a part of `tokens in`."""
        table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
        table.add_column("model", overflow="fold")
        table.add_column("as", no_wrap=True)
        for name in ("calls", "tokens in", "cached", "tokens out", "cost"):
            table.add_column(name, justify="right", no_wrap=True)
        for (model, part), account in self._sorted():
            use = account.use
            figures = [f"{figure:,.0f}" for figure in (use.calls, use.input, use.cached, use.output)]
            table.add_row(inert(model), part, *figures, account.money())
        return table

    def notes(self) -> list[str]:
        """What must be known to read the table."""
        unpriced, repeated = self.unpriced(), sum(account.repeated for account in self.accounts.values())
        notes: list[str] = []
        if unpriced:
            notes.append(f"The price of {', '.join(unpriced)} is unknown: give it with --prices.")
        if repeated:
            notes.append(f"{repeated} answers had been paid for before, and are in no figure above.")
        return notes

    def _sorted(self) -> Sequence[tuple[tuple[str, Part], Account]]:
        return sorted(self.accounts.items(), key=lambda item: (item[0][1] != "subject", item[0]))


def part_of(role: str | None) -> Part:
    """What a model does that is called in one of Inspect's model roles; judges are `grader`, `grader-2`, ..."""
    return "judge" if role is not None and role.startswith("grader") else "subject"


def dollars(cost: float | None) -> str:
    """An amount: in cents, in more digits where it is less than ten, in none where it is large."""
    if cost is None:
        return "price unknown"
    if cost == 0 or 0.1 <= cost < 100:  # noqa: PLR2004 - two digits count
        return f"${cost:.2f}"
    return f"${cost:,.0f}" if cost > 1 else f"${cost:.2g}"


def _cost_of_refusal(event: ModelEvent) -> float | None:
    """Inspect makes an answer without usage of a request that a provider refuses for its length or content: it was not charged."""
    return 0.0 if event.output.stop_reason in {"model_length", "content_filter"} else None


def _who(model: str, part: Part) -> str:
    return model if part == "subject" else f"{model} ({part})"
