"""The commands that hold a subject to a gate, and that keep baselines."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from unbidden.cli_judge import Graders
from unbidden.cli_options import factors_of, options_of
from unbidden.terminal import console, inert
from unbidden.vocabulary import AgentName, SandboxName

baseline = typer.Typer(
    no_args_is_help=True, help="Save what a run showed, to hold later subjects against it."
)


def gate(
    names: Annotated[list[str], typer.Argument(help="An eval that has a gate, or a gate file.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="A subject, as Inspect names it. Repeatable: each must pass."),
    ] = None,
    system_prompt: Annotated[
        Path | None,
        typer.Option(
            help="A file with the candidate's system prompt, in place of the scenario's own; "
            "{{ scenario }} in it stands for that one."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="A file with the system prompt to compare with, played beside it; 'scenario' for its own."
        ),
    ] = None,
    saved: Annotated[
        str | None, typer.Option("--baseline", help="A saved baseline to compare with instead.")
    ] = None,
    across_models: Annotated[
        bool, typer.Option("--across-models", help="The baseline is of another model, on purpose.")
    ] = False,
    blocks: Annotated[
        int | None,
        typer.Option(min=1, help="The most blocks to play, those of earlier commands included."),
    ] = None,
    at_once: Annotated[int | None, typer.Option(min=1, help="How many blocks to play at a time.")] = None,
    max_cost: Annotated[
        float | None, typer.Option(help="The most this command may cost, in dollars.")
    ] = None,
    factor: Annotated[
        list[str] | None, typer.Option(help="Levels of a factor: prompt=bold. Repeatable.")
    ] = None,
    results: Annotated[Path, typer.Option(help="The folder that gate folders are made in.")] = Path(
        "results"
    ),
    new: Annotated[bool, typer.Option("--new", help="Start afresh beside a gate that is there.")] = False,
    sandbox: Annotated[
        SandboxName | None, typer.Option(help="What the machines of the shell surface are.")
    ] = None,
    agent: Annotated[AgentName | None, typer.Option(help="Who runs the loop.")] = None,
    grader: Graders = None,
    inspect: Annotated[
        list[str] | None, typer.Option(help="Any other option of Inspect's eval_set. Repeatable.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a report in Markdown to this file.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Hold a subject to the gate of an eval: play block after block until every rule is decided.

    Exit code 0: pass. 1: fail. 4: undecided; the same command goes on where it stopped, with a larger --blocks if these are played.
    2: something that was given cannot be used.
    """
    from unbidden.gate import junit as xml  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.gate import report  # noqa: PLC0415
    from unbidden.gate.ask import Asked, requests  # noqa: PLC0415
    from unbidden.gate.play import gate as play  # noqa: PLC0415

    asked = Asked(
        models=model or [],
        system_prompt=system_prompt,
        against=Path(against) if against is not None and against != "scenario" else against,
        baseline=saved,
        across_models=across_models,
        blocks=blocks,
        at_once=at_once,
        fresh=new,
        max_cost=max_cost,
        factors=factors_of(factor or []),
        graders=grader or [],
        sandbox=sandbox,
        agent=agent,
        options=options_of(inspect or []),
        results=results,
    )
    outcomes = [play(request) for request in requests(names, asked)]
    if markdown is not None:
        xml.write_text(markdown, report.markdown(outcomes))
    if junit is not None:
        xml.write_text(junit, xml.junit(outcomes))
    if as_json:
        sys.stdout.write(report.dumped(outcomes))
    else:
        out = console()
        for outcome in outcomes:
            out.print(report.table(outcome))
            for line in report.lines(outcome):
                out.print(inert(line), soft_wrap=True, highlight=False)
    raise typer.Exit(_worst([outcome.exit_code for outcome in outcomes]))


@baseline.command()
def save(
    run: Annotated[Path, typer.Argument(help="A run folder, as named at the end of a run.")],
    name: Annotated[str, typer.Argument(help="What to call the baseline.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace the one of that name.")] = False,
) -> None:
    """Save a run's rates, and what they depend on, as results/baselines/NAME.json: a small file to commit."""
    from unbidden.gate.baseline import read_baseline, save  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.gate.differences import single  # noqa: PLC0415

    path = save(run, name, replace=replace)
    out = console()
    out.print(f"Saved: {inert(str(path))}", soft_wrap=True, highlight=False)
    if single(read_baseline(name)):
        out.print(
            "It holds one sample a cell: hardly anything can be told apart from it. Run with more --replicates.",
            style="yellow",
        )


@baseline.command()
def show(name: Annotated[str, typer.Argument(help="A baseline, by its name or its file.")]) -> None:
    """What a baseline holds, and what it depends on."""
    from unbidden.gate.baseline import read_baseline  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.gate.differences import described, rate_table  # noqa: PLC0415

    saved, out = read_baseline(name), console()
    for line in described(saved):
        out.print(inert(line), soft_wrap=True, highlight=False)
    out.print(rate_table([saved]))


@baseline.command()
def diff(
    one: Annotated[str, typer.Argument(help="A baseline, or a run folder.")],
    other: Annotated[str, typer.Argument(help="A baseline, or a run folder.")],
) -> None:
    """What differs between two baselines, or between a baseline and a run."""
    from unbidden.gate.baseline import either  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.gate.differences import differences, rate_table  # noqa: PLC0415

    pair, out = [either(one), either(other)], console()
    found = differences(*pair)
    out.print("What they depend on differs in:" if found else "What they depend on is the same.")
    for line in found:
        out.print(inert(f"  {line}"), soft_wrap=True, highlight=False)
    out.print(rate_table(pair))


def _worst(codes: list[int]) -> int:
    """The exit code of several subjects: a fail before an undecided before a pass."""
    return 1 if 1 in codes else max(codes)
