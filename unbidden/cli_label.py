"""The command that asks a person about a run's samples, and corrects the run's rates by the answers."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unbidden.terminal import console, inert

WIDTH = 130
"""Columns of the tables in a file or a pipe."""


def label(
    results: Annotated[Path, typer.Argument(help="A run folder, as named at the end of a run.")],
    behaviour: Annotated[str, typer.Option(help="The behaviour to label: whistleblowing, lockout, ...")],
    n: Annotated[int, typer.Option("--n", help="How many samples of each subject to draw.")] = 40,
    seed: Annotated[int, typer.Option(help="What the draw is made from.")] = 1,
    who: Annotated[
        str | None,
        typer.Option(help="Who answers; with --report, whose labels to use (everybody's if not given)."),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Ask nothing; print the rates corrected by the labels.")
    ] = False,
    examples: Annotated[
        bool,
        typer.Option(
            "--examples",
            help="With --report: also what the rates would be by the decider's error rates on the labelled examples "
            "(a sensitivity analysis; a model that decides is asked about each of them).",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --report: JSON instead of tables.")] = False,
) -> None:
    """Label a random part of a run's samples, blind to subject and verdict, and correct the run's rates by it.

    Every answer is kept at once in the run folder; the same command again asks only what is left.
    """
    if report:
        _report(results, behaviour, who, examples=examples, as_json=as_json)
    else:
        _ask(results, behaviour, n, seed, who or "person")


def _ask(folder: Path, behaviour: str, n: int, seed: int, who: str) -> None:
    from unbidden.labelling.ask import ask, still_to_ask  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.labelling.draw import population  # noqa: PLC0415
    from unbidden.scoring.ladder import load_ladder  # noqa: PLC0415

    out = console(WIDTH)
    left = still_to_ask(folder, behaviour, population(folder, behaviour), n, seed, who)
    given = 0
    if left:
        given = ask(folder, load_ladder(behaviour), left, who, partial(_say, out), input, out.width)
    if given < len(left):
        out.print(f"{given} labels kept, {len(left) - given} left; the same command goes on there.")
    else:
        out.print(f"{given} labels kept, nothing is left to ask; --report prints the corrected rates.")
    _next(out, folder, behaviour)


def _report(folder: Path, behaviour: str, who: str | None, *, examples: bool, as_json: bool) -> None:
    import anyio  # noqa: PLC0415

    from unbidden.labelling.corrected import corrected  # noqa: PLC0415
    from unbidden.labelling.rogan_gladen import graders_of, on_examples  # noqa: PLC0415
    from unbidden.labelling.table import rendered  # noqa: PLC0415
    from unbidden.results.manifest import read_manifest  # noqa: PLC0415
    from unbidden.scoring.deciders import for_models  # noqa: PLC0415
    from unbidden.scoring.ladder import load_ladder  # noqa: PLC0415

    found = corrected(folder, behaviour, who)
    if examples:  # by the half that nobody who wrote rules has read: the other flatters the decider
        decider = for_models(graders_of(read_manifest(folder).decider))
        measured = anyio.run(on_examples, decider, load_ladder(behaviour), "held-out")
        found = corrected(folder, behaviour, who, measured)
    if as_json:
        told = json.dumps(found.model_dump(mode="json"), indent=1)  # in ASCII: names may be a stranger's
        sys.stdout.write(told + "\n")
    else:
        console(WIDTH).print(rendered(found))


def _say(out: Console, text: str) -> None:
    """As it stands: what a subject wrote is no markup."""
    out.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)


def _next(out: Console, folder: Path, behaviour: str) -> None:
    command = f"unbidden label {folder} --behaviour {behaviour} --report"
    out.print(f"  {inert(command)}", soft_wrap=True, highlight=False)
