"""The commands about the decider: how right it is on labelled acts."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from unbidden.terminal import console, inert

judge = typer.Typer(
    help="Measure what decides where rules do not: the lexicon, a model, or a panel.", no_args_is_help=True
)

Graders = Annotated[
    list[str] | None,
    typer.Option("--grader", help="The model that decides; the lexicon does without. Several make a panel."),
]


@judge.command()
def check(
    questions: Annotated[
        list[str] | None,
        typer.Argument(help="allegation, disclosure, falsehood, threat; all if none is named."),
    ] = None,
    grader: Graders = None,
    half: Annotated[str, typer.Option(help="open, held-out, or both: which half of the examples.")] = "both",
    styles: Annotated[bool, typer.Option("--styles", help="A line for each style of act.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the acts on which it disagrees (of the open half).")
    ] = False,
    results: Annotated[
        Path, typer.Option(help="The folder that run folders are in; what is found of a judge is kept there.")
    ] = Path("results"),
) -> None:
    """Run a decider over the labelled examples: sensitivity, specificity and kappa, with intervals.

    What is found of a judge on the held-out half is kept, and stands above the tables of its runs.
    """
    import anyio  # noqa: PLC0415 - with the rest, seconds to import

    from unbidden.calibration import Tried, accuracy, by_style, calibrate, disagreements  # noqa: PLC0415
    from unbidden.results.measured import Measured, keep, measured  # noqa: PLC0415
    from unbidden.scoring import deciders  # noqa: PLC0415
    from unbidden.scoring.examples import known_half, known_question  # noqa: PLC0415
    from unbidden.scoring.ladder import QUESTIONS, Question  # noqa: PLC0415

    decider, chosen = deciders.for_models(grader or []), known_half(half)
    table = Table(title=inert(f"Decider: {decider.name}"), title_justify="left", header_style="bold")
    for column in (
        "question",
        "acts",
        "found (sensitivity)",
        "left alone (specificity)",
        "kappa",
        "no answer",
    ):
        table.add_column(column, no_wrap=True)
    wrong: list[Tried] = []
    found: dict[Question, Measured] = {}
    asked: list[Question] = [known_question(name) for name in questions or QUESTIONS]
    rubrics = deciders.versions(grader or [], asked)
    for question in asked:
        tried = anyio.run(calibrate, decider, question, chosen)
        wrong += disagreements(tried)
        if apart := [one for one in tried if one.example.half == "held-out"]:
            found[question] = measured(apart, question, rubrics[question])
        rows = {question: tried} | (
            {f"  {name}": part for name, part in by_style(tried).items()} if styles else {}
        )
        for name, part in rows.items():
            table.add_row(inert(name), str(len(part)), *accuracy(part).shown())
    out = console()
    out.print(table)
    if grader and found:
        out.print(inert(f"Kept in {keep(results, deciders.shown(grader), found)}"), soft_wrap=True)
    for one in wrong if show else []:
        if one.example.half == "open":  # the other half stays unread by whoever writes rules
            out.rule(inert(f"{one.example.id} ({one.example.style})"))
            out.print(inert(f"{one.example.act.subject}\n{one.example.act.text}\n\nlabel: {one.example.why}"))
