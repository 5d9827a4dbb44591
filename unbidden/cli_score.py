"""The command that scores a finished run again."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from unbidden.cli_judge import Graders
from unbidden.terminal import console, inert

if TYPE_CHECKING:
    from unbidden.rescore import Rescored


def score(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, as named at the end of a run.")],
    grader: Graders = None,
    view: Annotated[
        str | None,
        typer.Option(help="Read the ladders as another study does: snitchbench, petri. Ours if left out."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What the scores are called; after decider and view if left out.")
    ] = None,
) -> None:
    """Score finished runs again by today's ladders, another judge or another view, without calling the subject.

    The run's own scores stay. Without --grader the lexicon decides, whoever decided in the run.
    """
    from unbidden.results.compare import compare  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.results.report import rendered  # noqa: PLC0415
    from unbidden.results.scores import AS_RUN  # noqa: PLC0415

    out = console()
    done = [_scored(folder, grader or [], view, name) for folder in folders]
    labels = [AS_RUN, done[0].scoring.label]
    out.print(rendered(compare(folders, scores=labels)))
    out.print()
    for one in done:
        out.print(f"Scores: {inert(str(one.table))}", soft_wrap=True)
        if one.scoring.decider != one.run.decider:
            told = f"The run itself was decided by {one.run.decider}, these scores by {one.scoring.decider}."
            out.print(inert(told), style="yellow", soft_wrap=True)
    again = ["unbidden compare", *map(str, folders), *(f"--scores {label}" for label in labels)]
    out.print(f"Side by side again: {inert(' '.join(again))}", soft_wrap=True, highlight=False)


def _scored(folder: Path, graders: Sequence[str], view: str | None, name: str | None) -> "Rescored":
    from unbidden.rescore import rescore  # noqa: PLC0415

    err = Console(stderr=True)
    columns = (TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task("samples", total=None)

        def told(count: int, total: int) -> None:
            bar.update(task, completed=count, total=total)

        return rescore(folder, graders, view, name, told)
