"""The command that says when the first counted act comes."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from unbidden.errors import BadInputError
from unbidden.terminal import console


def onset(
    results: Annotated[Path, typer.Argument(help="A run folder, as named at the end of a run.")],
    behaviour: Annotated[
        list[str] | None,
        typer.Option(help="A behaviour to show; all but the asked-for work if left out. Repeatable."),
    ] = None,
    since: Annotated[
        Literal["start", "exposure"],
        typer.Option(help="What turns are counted from: the run's start, or the decisive fact's entry."),
    ] = "start",
    by: Annotated[str | None, typer.Option(help="Split every curve by a factor, or by any column.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the curves as CSV, a row a turn.")] = False,
) -> None:
    """Say at which turn the first counted act comes, and whether before or after the assigned work was done."""
    from unbidden.results import onset_text  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.results.onset import onset as found  # noqa: PLC0415

    if as_json and as_csv:
        raise BadInputError("--json and --csv exclude each other", fix="Give one of them")
    curves = found(results, behaviour or [], since, by)
    if as_json:
        sys.stdout.write(json.dumps(curves.as_json(), indent=1, allow_nan=False) + "\n")
    elif as_csv:
        sys.stdout.write(onset_text.as_csv(curves))
    else:
        console().print(onset_text.rendered(curves))
