"""How far a run is and what it has used, in the terminal."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

from inspect_ai.event import ModelEvent
from inspect_ai.hooks import Hooks, SampleEnd, SampleEvent, TaskStart, hooks
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from unbidden.spending import Spending
from unbidden.terminal import visible

LINES = 10
"""How many lines a run writes where there is no terminal to draw a bar on."""


@dataclass
class Count:
    """The samples that have finished in this run so far: model, task and id; one that is played again counts once."""

    finished: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])

    @property
    def done(self) -> int:
        return len(self.finished)


@contextmanager
def progress(console: Console, total: int, spending: Spending, *, shown: bool = True) -> Generator[Count]:
    """Count finished samples and model calls while the block runs, and show them.

    Inspect's own displays end with every metric of every task, pages of it before the table; they are a
    `--inspect display=full` away.

    Args:
        console: Where to.
        total: How many samples the run has; those finished in an earlier run are not counted again.
        spending: Where model calls are counted.
        shown: Whether to show anything; counting goes on all the same.
    """
    count, bar = Count(), _Bar(console, spending, shown=shown and console.is_terminal)
    task = bar.add_task("samples", total=total)

    said = 0

    def say() -> None:
        nonlocal said
        if shown and not console.is_terminal and count.done != said:
            line = "; ".join([f"{count.done} of {total} samples", *spending.lines()])
            console.print(Text(visible(line)), soft_wrap=True)
            said = count.done

    def told() -> None:
        bar.update(task, completed=count.done)
        if count.done % max(1, total // LINES) == 0:
            say()

    with bar, _watched(count, spending, told):
        try:
            yield count
        finally:
            say()  # the last few, where a run was nearly finished or was cut off


@contextmanager
def _watched(count: Count, spending: Spending, told: Callable[[], None]) -> Generator[None]:
    """Have Inspect tell of samples and model calls.

    Inspect keeps one hook of a name, and keeps it until the process ends: a run's hook takes the place of an earlier run's, and
    says nothing after its run. A sample that is tried again ends once, but the calls of each attempt are told of.
    """
    over, tasks = False, dict[str, tuple[str, str]]()

    class Watch(Hooks):
        def enabled(self) -> bool:
            return not over

        async def on_task_start(self, data: TaskStart) -> None:
            tasks[data.eval_id] = (data.spec.model, data.spec.task_display_name or data.spec.task)

        async def on_sample_event(self, data: SampleEvent) -> None:
            if isinstance(data.event, ModelEvent):
                spending.note(data.event)

        async def on_sample_end(self, data: SampleEnd) -> None:
            before = count.done
            count.finished.add((*tasks.get(data.eval_id, (data.eval_id, "")), str(data.sample.id)))
            if count.done > before:
                told()

    hooks(name="run", description="Counts a run's samples and model calls.")(Watch)
    try:
        yield
    finally:
        over = True


class _Bar(Progress):
    """A progress bar with a line for each model below it."""

    def __init__(self, console: Console, spending: Spending, *, shown: bool) -> None:
        self._spending = spending
        columns = (TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console, disable=not shown)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        for line in self._spending.lines():
            yield Text(visible(f"  {line}"), style="dim", no_wrap=True, overflow="ellipsis")
