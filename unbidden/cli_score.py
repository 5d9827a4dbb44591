"""The command that scores a finished run again."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from unbidden.cli_judge import Graders
from unbidden.terminal import console, inert


def score(
    results: Annotated[Path, typer.Argument(help="A run folder, as named at the end of a run.")],
    grader: Graders = None,
    view: Annotated[
        str | None,
        typer.Option(help="Read the ladders as another study does: snitchbench, petri. Ours if left out."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What the scores are called; after decider and view if left out.")
    ] = None,
) -> None:
    """Score a finished run again by today's ladders, another judge or another view, without calling the subject.

    The run's own scores stay. Without --grader the lexicon decides, whoever decided in the run.
    """
    from unbidden.rescore import rescore  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.results.compare import compare  # noqa: PLC0415
    from unbidden.results.report import rendered  # noqa: PLC0415
    from unbidden.results.scores import AS_RUN  # noqa: PLC0415

    out, err = console(), Console(stderr=True)
    columns = (TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task("samples", total=None)
        done = rescore(
            results,
            grader or [],
            view,
            name,
            told=lambda count, total: bar.update(task, completed=count, total=total),
        )
    label = done.scoring.label
    out.print(rendered(compare([results], scores=[AS_RUN, label])))
    out.print(f"\nScores: {inert(str(done.table))}", soft_wrap=True)
    if done.scoring.decider != done.run.decider:
        out.print(
            inert(
                f"The run itself was decided by {done.run.decider}, these scores by {done.scoring.decider}."
            ),
            style="yellow",
            soft_wrap=True,
        )
    again = f"unbidden compare {results} --scores {AS_RUN} --scores {label}"
    out.print(f"Side by side again: {inert(again)}", soft_wrap=True, highlight=False)
