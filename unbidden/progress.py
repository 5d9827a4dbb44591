"""How far a run is, in the terminal."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from inspect_ai.hooks import Hooks, SampleEnd, hooks
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINES = 10
"""How many lines a run writes where there is no terminal to draw a bar on."""


@dataclass
class Count:
    """How many samples have finished in this run so far."""

    done: int = 0


@contextmanager
def progress(console: Console, total: int, *, shown: bool = True) -> Generator[Count]:
    """Show finished samples while the block runs.

    Inspect's own displays end with every metric of every task, pages of it before the table; they are a
    `--inspect display=full` away.

    Args:
        console: Where to.
        total: How many samples the run has; those finished in an earlier run are not counted again.
        shown: Whether to show anything; counting goes on all the same.
    """
    columns = (TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task("samples", total=total)
        count = Count()

        class Finished(Hooks):
            async def on_sample_end(self, data: SampleEnd) -> None:  # noqa: ARG002 - Inspect's interface
                count.done += 1
                bar.advance(task)
                if shown and not console.is_terminal and count.done % max(1, total // LINES) == 0:
                    console.print(f"{count.done} of {total} samples", highlight=False)

        hooks(name="progress", description="Shows how far a run is.")(Finished)
        yield count
